"""The ray caster: tiles of rays against the solids whose bounds touch them, all pairs of a shape at once."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.intersect import meet
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
    """Find the first solid along each ray.

    Args:
        solids: the scene.
        bundle: the rays.
        wanted_tiles: (T,) bool; rays of other tiles are left without a hit.
    """
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
    return meet(
        shape, origin, direction, solids.half[solid][:, None], solids.form[solid][:, None], solids.seed[solid]
    ).expand(-1, bundle.lanes)
