"""Light at night: street lamps, our own headlights, and the faint sky over the town."""

from dataclasses import dataclass

import torch
from torch import Tensor

LAMP_POWER = 4.2
HEADLIGHT_HEIGHT = 0.7


@dataclass(frozen=True)
class Headlights:
    """The beam of our own headlights; dipped unless told."""

    power: float = 11.0
    cut: float = 0.012  # how far the beam climbs [rad]
    softness: float = 0.02  # of its upper edge [rad]


DIPPED = Headlights()


def lamp_light(point: Tensor, normal: Tensor, lamps: Tensor, colour: Tensor) -> Tensor:
    """Light (N, 3) of street lamps at points (N, 3) with unit normals (N, 3).

    Of the lamp heads (M, 3), ordered by z and perhaps none, the four next to a point along z are counted.
    """
    if not len(lamps):
        return torch.zeros_like(point)
    after = torch.searchsorted(lamps[:, 2].contiguous(), point[:, 2].contiguous())
    total = torch.zeros_like(point[:, 0])
    for step in (-2, -1, 0, 1):
        index = after + step
        there = (index >= 0) & (index < len(lamps))
        away = lamps[index.clamp(0, len(lamps) - 1)] - point
        squared = away.square().sum(1)
        inverse = torch.rsqrt(squared.clamp(min=0.04))
        down = (away[:, 1] * inverse).clamp(min=0)
        facing = ((away * normal).sum(1) * inverse + 0.12).clamp(min=0)
        total += there * (down.square().square() + 0.012) * facing / (squared * 0.06 + 1.0)
    return LAMP_POWER * total[:, None] * colour


def headlight(point: Tensor, normal: Tensor, camera: Tensor, axes: Tensor, lights: Headlights) -> Tensor:
    """Light (N, 3) of our headlights at points (N, 3) with unit normals (N, 3): cut off above the horizon.

    They sit below the camera (3,), whose axes are the columns of (3, 3).
    """
    source = camera * camera.new_tensor([1.0, 0.0, 1.0]) + camera.new_tensor([0.0, HEADLIGHT_HEIGHT, 0.0])
    way = point - source
    squared = way.square().sum(1)
    inverse = torch.rsqrt(squared.clamp(min=0.25))
    right, ahead = (way @ axes[:, 0]) * inverse, (way @ axes[:, 2]) * inverse
    climb = way[:, 1] * inverse
    beam = torch.exp(-((right + 0.03) / 0.3).square()) * torch.sigmoid((lights.cut - climb) / lights.softness)
    spill = 0.05 * torch.exp(-(right / 0.6).square())
    facing = (-(way * normal).sum(1) * inverse + 0.06).clamp(min=0)
    power = lights.power * (beam + spill) * (ahead > 0) * facing / (squared * 0.12 + 4.0)
    return power[:, None] * point.new_tensor([1.0, 0.95, 0.84])
