"""What stands beside Cityscapes' images: camera, disparity, speed and time."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.images import read_png16
from acdepth.core.texts import parse_json, read_text
from acdepth.data.stored import image_size

FASTEST = 150.0
"""[m/s]: of a vehicle on a road; usual are up to 40."""
STEPS_PER_PIXEL = 256
"""Of disparity in the files, which count from 1: 0 is where there is none."""


@dataclass(frozen=True)
class Stereo:
    """A rectified pair of cameras, of which the left one's images are read."""

    camera: Camera
    baseline: float
    """[m]."""

    def depth(self, steps: np.ndarray) -> np.ndarray:
        """Depth [m], float32 (H, W), of disparity as files have it, uint16 (H, W); 0 where there is none."""
        disparity = (steps.astype(np.float64) - 1) / STEPS_PER_PIXEL
        known = disparity > 0
        depth = np.zeros(steps.shape, np.float32)
        depth[known] = self.baseline * self.camera.fx / disparity[known]
        return depth


def read_stereo(path: Path, image: Path) -> Stereo:
    """Read ``camera.json``; an image of its camera tells the size.

    Raises:
        UserError: if it is missing or damaged, or makes no camera.
    """
    values = _read_json(path, "a camera")
    fx, fy, cx, cy = (_number(path, values, "intrinsic", name) for name in ("fx", "fy", "u0", "v0"))
    baseline = _number(path, values, "extrinsic", "baseline")
    width, height = image_size(image)
    if baseline <= 0:
        raise UserError(path, f"its baseline is {baseline:g} m, expected more than 0", "unpack it again")
    try:
        return Stereo(Camera(fx, fy, cx, cy, width, height), baseline)
    except UserError as error:
        raise UserError(path, error.what, "unpack it again") from error


def read_disparity(path: Path) -> np.ndarray:
    """Disparity as the file has it, uint16 (H, W).

    Raises:
        UserError: if it is no 16-bit gray PNG.
    """
    return read_png16(path, "disparity is stored as uint16 = pixels * 256 + 1; unpack it again")


def read_speed(path: Path) -> float:
    """Speed of the vehicle in ``vehicle.json`` [m/s].

    Raises:
        UserError: if it is damaged.
    """
    speed = abs(_number(path, _read_json(path, "a vehicle's motion"), "speed"))
    if speed > FASTEST:
        raise UserError(path, f"a speed of {speed:g} m/s, expected at most {FASTEST:g}", "unpack it again")
    return speed


def read_time(path: Path) -> float:
    """Time since the beginning of the recording in ``timestamp.txt`` [s].

    Raises:
        UserError: if it is damaged.
    """
    with reading(path, "a whole number of nanoseconds", "unpack it again"):
        return int(read_text(path)) * 1e-9


def _read_json(path: Path, kind: str) -> Any:
    with reading(path, kind, "unpack it again"):
        return parse_json(read_text(path))


def _number(path: Path, values: Any, *names: str) -> float:
    """One number of nested mappings."""
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    if isinstance(values, bool) or not isinstance(values, (int, float)) or not math.isfinite(values):
        raise UserError(path, f"{'.'.join(names)} is {values!r}, expected a number", "unpack it again")
    return float(values)
