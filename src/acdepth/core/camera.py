"""The pinhole camera as a value."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
import yaml

from acdepth.core.distortion import KEYS as DISTORTION_KEYS
from acdepth.core.distortion import Distortion
from acdepth.core.errors import UserError
from acdepth.core.files import read_yaml, write_text

NAMES = ("fx", "fy", "cx", "cy", "width", "height")
FILE_KEYS = (*NAMES, "frame_rate", *DISTORTION_KEYS, "camera_height")
"""What ``camera.yaml`` may hold: the camera [px], images per second [1/s], how its lens bends, and how high
it is above the road [m]."""
LONGEST_SIDE, MOST_NUMBER = 1 << 20, 1e7
"""Of any camera [px]; usual are sides of 640 to 8,000, and focal lengths of half a side to some."""
LEAST_FOCAL = 1e-3
"""[px]; below it the field of view is no camera's at any size."""
SAME_ASPECT = 0.005
"""By how much the aspect of scaled images may differ from their camera's: rounding, not another camera."""


@dataclass(frozen=True)
class Camera:
    """Pinhole intrinsics in pixels; pixel (0, 0) is the centre of the top left pixel.

    Raises:
        UserError: if a number is not finite, a focal length is not positive or a side is less than 1.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        for name in ("fx", "fy", "cx", "cy"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not abs(value) <= MOST_NUMBER:
                raise UserError("camera", f"{name} is {value!r}, expected a finite number of pixels")
        if min(self.fx, self.fy) < LEAST_FOCAL:
            raise UserError("camera", f"focal lengths {self.fx}, {self.fy} must be positive pixels")
        for name in ("width", "height"):
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= LONGEST_SIDE:
                raise UserError("camera", f"{name} is {value!r}, expected a whole number of pixels")

    @classmethod
    def central(cls, focal: float, height: int, width: int) -> Self:
        """Where only the focal length [px] is known: square pixels, principal point in the middle."""
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)

    def resized(self, height: int, width: int) -> Self:
        """The camera of the image resized to (height, width); pixel centres stay where they are seen."""
        x, y = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * x - 0.5, (self.cy + 0.5) * y - 0.5
        return type(self)(self.fx * x, self.fy * y, cx, cy, width, height)

    def cropped(self, top: int, left: int, height: int, width: int) -> Self:
        """The camera of the window that starts at row ``top`` and column ``left``."""
        return type(self)(self.fx, self.fy, self.cx - left, self.cy - top, width, height)

    def at_size(self, height: int, width: int) -> Self:
        """The camera of the same pictures at another size, to which they were scaled since it was calibrated.

        Raises:
            UserError: if the aspect ratios differ by more than rounding, which is a pixel or `SAME_ASPECT`.
        """
        if (height, width) == self.size:
            return self  # to the last bit, which resizing is not
        x, y = width / self.width, height / self.height
        off_by = min(abs(height - self.height * x), abs(width - self.width * y))
        if off_by > 1 and abs(x / y - 1) > SAME_ASPECT:
            sizes = f"{self.width}x{self.height} pixels, but the image has {width}x{height}"
            remedy = "it is cropped or of another camera, give the intrinsics of this image"
            raise UserError(None, f"the camera is for {sizes}", remedy)
        return self.resized(height, width)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images [px]."""
        return self.height, self.width

    def matrix(self, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Intrinsics as a (3, 3) matrix K: pixel = K @ point / depth."""
        rows = [[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]]
        return torch.tensor(rows, dtype=dtype)

    def to_dict(self) -> dict[str, float | int]:
        """Plain values for YAML and JSON."""
        return {name: getattr(self, name) for name in NAMES}

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "camera") -> Self:
        """Read plain values; ``where`` names their source in error messages.

        Raises:
            UserError: if a key is missing or a value makes no camera.
        """
        if not isinstance(values, dict):
            raise UserError(where, f"expected the keys {', '.join(NAMES)}")
        if missing := [name for name in NAMES if name not in values]:
            raise UserError(where, f"missing {', '.join(missing)}")
        told = {name: values[name] for name in NAMES}
        for name in ("width", "height"):  # some tools write 640.0
            if isinstance(told[name], float) and told[name].is_integer():
                told[name] = int(told[name])
        try:
            return cls(**told)
        except UserError as error:
            raise UserError(where, error) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the ``camera.yaml`` of straight images; what else it may hold is left to others.

        Raises:
            UserError: if the file cannot be read, has an unknown key, holds no camera, or its lens bends.
        """
        values = read_camera_keys(path)
        if not (bend := Distortion.from_dict(values, str(path))).is_none:
            raise UserError(
                path, f"its lens bends ({bend})", "here only the camera of straight images will do"
            )
        return cls.from_dict(values, where=str(path))

    def write(self, path: Path, frame_rate: float | None = None) -> None:
        """Write ``camera.yaml``, with the images per second if they are known."""
        rate = {} if frame_rate is None else {"frame_rate": frame_rate}
        write_text(path, yaml.safe_dump({**self.to_dict(), **rate}, sort_keys=False))


def read_camera_keys(path: Path) -> dict[str, Any]:
    """What ``camera.yaml`` holds.

    Raises:
        UserError: if the file cannot be read, is no YAML, or has an unknown key.
    """
    return check_camera_keys(read_yaml(path, "write fx, fy, cx, cy, width, height into it"), path)


def check_camera_keys(values: Any, path: Path) -> dict[str, Any]:
    """What was read from ``camera.yaml``, if it has only keys of `FILE_KEYS`.

    Raises:
        UserError: if there are others, or no keys at all.
    """
    if not isinstance(values, dict):
        raise UserError(path, f"expected the keys {', '.join(NAMES)}")
    for key in values:
        if key not in FILE_KEYS:
            nearest = difflib.get_close_matches(str(key).lower(), FILE_KEYS, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"known keys: {', '.join(FILE_KEYS)}"
            raise UserError(path, f"unknown key {key}", hint)
    return values
