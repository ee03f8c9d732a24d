"""Whether something large has room beside a road that bends."""

import torch

from acdepth.world.road import Road


def is_clear(road: Road, x: float, z: float, radius: float) -> bool:
    """Whether a disc stays off the road all along."""
    along = torch.linspace(z - radius, z + radius, 41)
    room = torch.hypot(road.centre(along) - x, along - z).min().item()
    return room > radius + road.half_width
