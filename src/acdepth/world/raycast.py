"""The ray caster: tiles of rays against the solids whose bounds touch them, all pairs of a shape at once."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.solids import Shape, Solids, to_local


@dataclass(frozen=True)
class Bundle:
    """T tiles of L rays each; a 1 in place of T or L means the value is shared.

    ``tile_bounds`` maps corners (N, 8, 3) to inclusive tile ranges (N, 4): left, right, top, bottom, empty
    where left > right or top > bottom; it may be generous but never too tight.
    """

    origins: Tensor  # (T or 1, L or 1, 3)
    directions: Tensor  # (T or 1, L or 1, 3)
    rows: int
    columns: int
    lanes: int
    tile_bounds: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Hits:
    """What each ray met first: the ray parameter (infinity: nothing) and the row of the solid (-1: none)."""

    t: Tensor  # (T, L)
    solid: Tensor  # (T, L) int64


def _pairs(bounds: Tensor, columns: int, wanted: Tensor | None) -> tuple[Tensor, Tensor]:
    """All (tile, row of bounds) pairs of inclusive tile ranges (N, 4), less those in unwanted tiles."""
    left, right, top, bottom = bounds.unbind(1)
    width = (right - left + 1).clamp(min=0)
    count = width * (bottom - top + 1).clamp(min=0)
    owner = torch.repeat_interleave(torch.arange(len(bounds), device=bounds.device), count)
    offset = torch.arange(len(owner), device=bounds.device) - (count.cumsum(0) - count)[owner]
    across = width[owner]
    tile = (top[owner] + offset // across) * columns + left[owner] + offset % across
    if wanted is not None:
        keep = wanted[tile]
        tile, owner = tile[keep], owner[keep]
    return tile, owner


def trace(solids: Solids, bundle: Bundle, wanted_tiles: Tensor | None = None) -> Hits:
    """Find the first solid along each ray; rays not in ``wanted_tiles`` (T,) bool are left without a hit."""
    tiles, device = bundle.rows * bundle.columns, solids.centre.device
    nearest = torch.full((tiles, bundle.lanes), math.inf, device=device)
    found = torch.full((tiles, bundle.lanes), -1.0, device=device)
    bounds = bundle.tile_bounds(solids.corners())
    for shape in Shape:
        rows = torch.nonzero(solids.shape == shape)[:, 0]
        tile, owner = _pairs(bounds[rows], bundle.columns, wanted_tiles)
        if len(tile) == 0:
            continue
        solid = rows[owner]
        t = _meet_pairs(shape, solids, bundle, tile, solid)
        index = tile[:, None].expand_as(t)
        earlier = nearest.clone()
        nearest.scatter_reduce_(0, index, t, "amin")
        # The winner's row travels as a float (exact below 2^24) so that ties resolve alike on every device.
        winner = torch.where((t == nearest[tile]) & (t < earlier[tile]), solid[:, None].float(), -1.0)
        rank = torch.full_like(found, -1.0).scatter_reduce_(0, index, winner, "amax")
        found = torch.where(rank >= 0, rank, found)
    return Hits(nearest, found.to(torch.int64))


def _meet_pairs(shape: Shape, solids: Solids, bundle: Bundle, tile: Tensor, solid: Tensor) -> Tensor:
    """Ray parameters (P, L) of every ray of each pair's tile against the pair's solid."""
    turn = solids.turn[solid][:, None]
    shared_start, shared_course = len(bundle.origins) == 1, len(bundle.directions) == 1
    start = bundle.origins if shared_start else bundle.origins[tile]
    course = bundle.directions if shared_course else bundle.directions[tile]
    origin = to_local(start - solids.centre[solid][:, None], turn)
    direction = to_local(course, turn)
    half, form = solids.half[solid][:, None], solids.form[solid][:, None]
    if shape is Shape.PRISM:
        t = meet_prism(origin, direction, half, form)
    elif shape is Shape.ELLIPSOID:
        t = meet_ellipsoid(origin, direction, half, form, lump_phase(solids.seed[solid])[:, None])
    else:
        t = meet_cylinder(origin, direction, half)
    return t.expand(-1, bundle.lanes)


def meet_prism(origin: Tensor, direction: Tensor, half: Tensor, form: Tensor) -> Tensor:
    """Parameters (P, L) where rays first meet prisms centred at zero; infinite for a miss or a start inside.

    Origins and directions are (P, L or 1, 3) in the prism's frame, ``half`` (P, 1, 3) its half extents at the
    base, and ``form`` (P, 1, 2) the inward lean of the x and z sides per metre of height.
    """
    enter: Tensor | None = None
    leave: Tensor | None = None
    risen = origin[..., 1] + half[..., 1]
    for axis, lean in ((0, form[..., 0]), (1, None), (2, form[..., 1])):
        for sign in (-1.0, 1.0):
            # Half space: sign * p[axis] + lean * (height over the base) <= half[axis].
            room, speed = half[..., axis] - sign * origin[..., axis], sign * direction[..., axis]
            if lean is not None:
                room, speed = room - lean * risen, speed + lean * direction[..., 1]
            t = room / speed
            inwards = speed < 0
            near = torch.where(inwards, t, -math.inf)
            far = torch.where(inwards, math.inf, t)
            enter = near if enter is None else torch.maximum(enter, near)
            leave = far if leave is None else torch.minimum(leave, far)
    assert enter is not None and leave is not None
    return torch.where((enter < leave) & (enter > 0), enter, math.inf)


def lump(point: Tensor, phase: Tensor) -> Tensor:
    """How deep, in 0..1, the surface of a bushy ellipsoid lies at a point (..., 3) of the unit sphere."""
    x, y, z = point.unbind(-1)
    coarse = torch.sin(4.1 * x + phase) * torch.sin(3.7 * y - phase) + torch.sin(4.3 * z + 2 * phase)
    fine = torch.sin(11.0 * x - phase) * torch.sin(12.0 * y + phase) + torch.sin(10.0 * z + 7.0 * y)
    return 0.5 + 0.15 * coarse + 0.1 * fine


def meet_ellipsoid(origin: Tensor, direction: Tensor, half: Tensor, form: Tensor, phase: Tensor) -> Tensor:
    """First meeting of rays and ellipsoids centred at zero; arguments as in `meet_prism`, phase (P, 1)."""
    start, along = origin / half, direction / half
    a = (along * along).sum(-1)
    b = (start * along).sum(-1)
    c = (start * start).sum(-1)
    outer = (b * b - a * (c - 1)).clamp(min=0)
    touched = start + ((-b - outer.sqrt()) / a)[..., None] * along
    radius = 1 - form[..., 0] * lump(touched, phase)
    inner = b * b - a * (c - radius * radius)
    t = (-b - inner.clamp(min=0).sqrt()) / a
    return torch.where((inner > 0) & (t > 0), t, math.inf)


def meet_cylinder(origin: Tensor, direction: Tensor, half: Tensor) -> Tensor:
    """First meeting of rays and the mantle of upright cylinders centred at zero; thin, so without caps."""
    x, height, z = origin.unbind(-1)
    dx, rise, dz = direction.unbind(-1)
    a = dx * dx + dz * dz
    b = x * dx + z * dz
    inner = b * b - a * (x * x + z * z - half[..., 0] ** 2)
    t = (-b - inner.clamp(min=0).sqrt()) / a
    good = (inner > 0) & (t > 0) & ((height + t * rise).abs() < half[..., 1])
    return torch.where(good, t, math.inf)


def lump_phase(seed: Tensor) -> Tensor:
    """The phase [rad] of an ellipsoid's lumps."""
    return (seed % 628).to(torch.float32) / 100
