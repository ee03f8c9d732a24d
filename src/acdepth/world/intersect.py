"""Where rays meet solids, in the solids' own frames."""

import math

import torch
from torch import Tensor

from acdepth.world.solids import Shape


def meet_prism(origin: Tensor, direction: Tensor, half: Tensor, form: Tensor) -> Tensor:
    """First meeting of rays and prisms centred at zero.

    Args:
        origin: (P, L or 1, 3) ray starts in the prism's frame.
        direction: (P, L or 1, 3).
        half: (P, 1, 3) half extents at the base.
        form: (P, 1, 2) inward lean of the x and z sides per metre of height.

    Returns:
        (P, L) ray parameter, infinity for a miss; rays that start inside miss.
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


def meet(shape: Shape, origin: Tensor, direction: Tensor, half: Tensor, form: Tensor, seed: Tensor) -> Tensor:
    """Dispatch to the intersection of one shape; ``seed`` (P,) sets the lumps of ellipsoids."""
    if shape is Shape.PRISM:
        return meet_prism(origin, direction, half, form)
    if shape is Shape.ELLIPSOID:
        return meet_ellipsoid(origin, direction, half, form, lump_phase(seed)[:, None])
    return meet_cylinder(origin, direction, half)


def lump_phase(seed: Tensor) -> Tensor:
    """The phase [rad] of an ellipsoid's lumps."""
    return (seed % 628).to(torch.float32) / 100
