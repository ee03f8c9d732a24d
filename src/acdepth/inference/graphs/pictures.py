"""Pictures of the built-in world with their depth: int8 is calibrated by some and measured on others, and
exported files are compared with torch on these."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from acdepth.core.condition import Condition
from acdepth.world.render import prepare

CALIBRATION_TOWNS = range(9400, 9404)
"""Seeds of the towns from whose images the ranges of activations are taken."""
MEASURED_TOWNS = range(9410, 9413)
"""Of those in which a loss is measured."""
DRIVE, PLACES = 36, (0, 12, 24)
"""Frames of a drive at 12 a second, and which of them are taken."""
CONDITIONS = (Condition.CLEAR, Condition.NIGHT, Condition.RAIN, Condition.FOG)
WIDTH = 320
"""Of the rendered images [px]."""


class WorldPicture(NamedTuple):
    """One image of the world."""

    name: str
    """Town, frame and condition."""
    image: np.ndarray
    """RGB, uint8 (H, W, 3)."""
    depth: np.ndarray
    """float32 (H, W) [m] as it was rendered; 0 for none."""


def world_pictures(
    towns: Iterable[int], size: tuple[int, int], places: Iterable[int] | None = None
) -> Iterator[WorldPicture]:
    """Pictures in the aspect of a (height, width), `WIDTH` wide, at ``places`` or all `PLACES`."""
    height, width = size
    places = tuple(PLACES if places is None else places)
    for town in towns:
        renderer = prepare(town, DRIVE, (round(height * WIDTH / width), WIDTH))
        for place in places:
            frame = renderer.frame(place, CONDITIONS)
            for condition, picture in frame.images.items():
                name = f"town {town}, frame {place}, {condition}"
                yield WorldPicture(name, picture.numpy(), frame.depth.numpy())
