"""All kinds by name, and the one door to them."""

from collections.abc import Callable

import numpy as np
import torch

from acdepth.evaluation.corruptions import data_processing as data
from acdepth.evaluation.corruptions import sensor_movement as sensor
from acdepth.evaluation.corruptions import weather_light as weather
from acdepth.weather.draws import Draws

Kind = Callable[[np.ndarray, int, Draws], np.ndarray]
"""RGB float32 (H, W, 3) in 0..1, severity, draws of this image -> the same; what leaves 0..1 is cut off."""

SEVERITIES = (1, 2, 3, 4, 5)
VERSION = 1
"""Of the kinds: numbers of two versions do not belong in one table."""
_GROUPED: dict[str, tuple[Kind, ...]] = {
    "weather and lighting": weather.ALL,
    "sensor and movement": sensor.ALL,
    "data and processing": data.ALL,
}
GROUPS = {group: tuple(kind.__name__ for kind in kinds) for group, kinds in _GROUPED.items()}
"""Names of the kinds of each group (RoboDepth, Kong et al., NeurIPS 2023)."""
KINDS = {kind.__name__: kind for kinds in _GROUPED.values() for kind in kinds}


def corrupt(image: np.ndarray, kind: str, severity: int, generator: torch.Generator) -> np.ndarray:
    """A picture, RGB uint8 (H, W, 3), as a kind of corruption leaves it in a severity from 1 to 5.

    Lengths in pixels are those of this picture, as published. The generator is on the CPU; equal ones give
    equal pictures.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity}: must be from 1 to 5")
    changed = KINDS[kind](image.astype(np.float32) / 255, severity, Draws(generator, "cpu"))
    return to_bytes(changed)


def to_bytes(image: np.ndarray) -> np.ndarray:
    """Values in 0..1 as uint8, what lies outside cut off."""
    return np.rint(255 * image.clip(0, 1)).astype(np.uint8)
