"""The lens of a drive's camera and how it is mounted: what makes another camera see the same town."""

import math
from dataclasses import dataclass

from acdepth.core.errors import UserError

RANGES = {"focal": (0.25, 4.0), "height": (0.5, 4.0), "pitch_degrees": (-30.0, 30.0)}
"""Least and largest of each: a car or a lorry on a street, not a drone."""


@dataclass(frozen=True)
class Rig:
    """How a camera differs from its style's own, on the same car; the defaults do not.

    Raises:
        UserError: if a number is outside `RANGES`.
    """

    focal: float = 1.0
    """Focal length over the style's usual one, which is 0.8 of the image's width in towns."""
    height: float | None = None
    """Mean height of the lens above the road [m]; None leaves it to the town, 1.4 to 1.6 there."""
    pitch_degrees: float = 0.0
    """How far the camera looks down beyond the style's own, 0 to 0.7 degrees in towns; negative looks up. In
    degrees, as people and files say it."""

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise UserError(None, f"{name} of the camera is {value:g}", f"give {low:g} to {high:g}")


USUAL = Rig()
"""A style's own camera; that of towns made the training footage of everything that ships."""
