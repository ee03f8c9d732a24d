"""A lens as it is: where a camera's rays meet the picture, and the picture straightened."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import yaml

from acdepth.core.camera import Camera, read_camera_keys
from acdepth.core.distortion import STRAIGHT, Distortion
from acdepth.core.errors import UserError
from acdepth.core.files import write_text

WIDEST = math.tan(math.radians(55))
"""How far a straightened picture reaches on either side of the axis, as x / z: 110 degrees across, as the
widest camera of nuScenes sees. Farther out a pinhole picture is mostly its own stretched edge."""
LEAST_HEIGHT, MOST_HEIGHT = 0.2, 10.0
"""Of a camera above the road [m]; others are feet, centimetres or a slip."""
_ALONG = 129
"""Points along an edge, and rays along a side, at which a picture's bounds are looked at."""


@dataclass(frozen=True)
class Lens:
    """What is known of the camera that took some images.

    Raises:
        UserError: if the picture would fold over in itself, or the height is no height.
    """

    camera: Camera
    """The pinhole part of the calibration, of images as they were taken."""
    distortion: Distortion = STRAIGHT
    camera_height: float | None = None
    """Of the lens above the road [m]."""
    source: str = "camera.yaml"
    """Where it comes from, in words: a kind of file, or ``EXIF, a guess``."""
    guessed: bool = False
    """Whether nobody calibrated it."""

    def __post_init__(self) -> None:
        check_camera_height(self.camera_height, "lens")
        _straight_camera(self.camera, self.distortion)

    @property
    def is_straight(self) -> bool:
        """Whether straight lines are straight in its pictures."""
        return self.distortion.is_none

    @property
    def straight(self) -> Camera:
        """The camera of straightened images, of as many pixels.

        Pixels keep their shape. Every one shows something that the original shows: what bends out of the
        frame at the edges is left out, and so is what lies beyond `WIDEST`. The principal point stays where
        it is as far as that allows.
        """
        return _straight_camera(self.camera, self.distortion)

    def at_size(self, height: int, width: int) -> Self:
        """The lens of images that were scaled since it was calibrated.

        Raises:
            UserError: if they have another aspect: they are cropped, or of another camera.
        """
        try:
            return replace(self, camera=self.camera.at_size(height, width))
        except UserError as error:
            raise UserError(error.where, f"{error.what} (by {self.source})", error.remedy) from error

    def straighten(self, image: np.ndarray, nearest: bool = False) -> np.ndarray:
        """The picture (H, W, ...) that the `straight` camera takes; depth along the axis stays what it is.

        Args:
            image: of the size of the lens' images.
            nearest: take the nearest pixel, for depth and classes; else pixels are blended by cubics, as what
                a linear blend blurs looks farther to a network.
        """
        if image.shape[:2] != self.camera.size:
            raise ValueError(f"{image.shape[:2]} is not the lens' {self.camera.size}; see at_size")
        if self.is_straight:
            return image
        how = cv2.INTER_NEAREST if nearest else cv2.INTER_CUBIC
        columns, rows = _maps(self.camera, self.distortion)
        return cv2.remap(image, columns, rows, how, borderMode=cv2.BORDER_REPLICATE)

    def bent(self, columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Columns and rows [px] at which the original shows what the straightened picture shows at these."""
        straight, camera = self.straight, self.camera
        x, y = (columns - straight.cx) / straight.fx, (rows - straight.cy) / straight.fy
        x, y = self.distortion.distort(x, y)
        return x * camera.fx + camera.cx, y * camera.fy + camera.cy

    def straight_at(self, columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of `bent`; NaN where the straightened picture's rays do not go."""
        if self.is_straight:
            return columns, rows
        straight, camera = self.straight, self.camera
        x, y = (columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy
        x, y = self.distortion.undistort(x, y)
        return x * straight.fx + straight.cx, y * straight.fy + straight.cy

    def describe(self) -> str:
        """One line: focal length, where it comes from, and how it bends."""
        camera, bends = self.camera, "" if self.is_straight else f", bends ({self.distortion})"
        return f"focal length {camera.fx:.4g} px of {camera.width}x{camera.height} ({self.source}){bends}"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read ``camera.yaml``.

        Raises:
            UserError: if the file cannot be read, has an unknown key, or holds no lens.
        """
        return cls.from_dict(read_camera_keys(path), str(path))

    @classmethod
    def from_dict(cls, values: dict, where: str) -> Self:
        """From the keys of ``camera.yaml``; ``where`` names their source in error messages.

        Raises:
            UserError: if a key is missing or a value makes no lens.
        """
        camera = Camera.from_dict(values, where)
        distortion = Distortion.from_dict(values, where)
        try:
            return cls(camera, distortion, values.get("camera_height"))
        except UserError as error:
            raise UserError(where, error.what, error.remedy) from error

    def write(self, path: Path, frame_rate: float | None = None) -> None:
        """Write ``camera.yaml``, with the images per second if they are known."""
        rate = {} if frame_rate is None else {"frame_rate": frame_rate}
        height = {} if self.camera_height is None else {"camera_height": self.camera_height}
        values = {**self.camera.to_dict(), **rate, **self.distortion.to_dict(), **height}
        write_text(path, yaml.safe_dump(values, sort_keys=False))


def check_camera_height(height: Any, where: Path | str | None) -> float | None:
    """The height of a camera above the road [m], as a file tells it; None if it tells none.

    Raises:
        UserError: if it is no such number.
    """
    is_number = isinstance(height, (int, float)) and not isinstance(height, bool)
    if height is None or (is_number and LEAST_HEIGHT <= height <= MOST_HEIGHT):
        return height
    remedy = f"give metres above the road, {LEAST_HEIGHT:g} to {MOST_HEIGHT:g}"
    raise UserError(where, f"camera_height = {height!r}", remedy)


@lru_cache(maxsize=64)
def _straight_camera(camera: Camera, distortion: Distortion) -> Camera:
    """See `Lens.straight`."""
    if distortion.is_none:
        return camera
    left, right, top, bottom = _bounds(camera, distortion)
    if not (left < right and top < bottom):
        _refuse_fold(distortion)
    aspect = camera.fy / camera.fx
    fx = max(camera.width / (right - left), camera.height / (bottom - top) / aspect)
    fy = fx * aspect
    # From an edge, half a pixel outside the first or last one, no ray may lie beyond the bound there.
    cx = _within(camera.cx, camera.width - 0.5 - fx * right, -0.5 - fx * left)
    cy = _within(camera.cy, camera.height - 0.5 - fy * bottom, -0.5 - fy * top)
    straight = Camera(fx, fy, cx, cy, camera.width, camera.height)
    x, y = np.meshgrid(*(edge.ravel() for edge in _edge_rays(straight)))
    # A polynomial may fold where nobody calibrated it; no ray of the straight picture may lie there.
    if np.hypot(x, y).max() >= distortion.fold or (distortion.magnification(x, y) <= 0).any():
        _refuse_fold(distortion)
    return straight


def _bounds(camera: Camera, distortion: Distortion) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of an upright rectangle of rays inside the picture, within `WIDEST`."""
    x, y = _edge_rays(camera)
    first, last = np.zeros(_ALONG, int), np.full(_ALONG, _ALONG - 1)
    along = np.arange(_ALONG)
    found = []
    for columns, rows, axis, take in (
        (first, along, 0, max),
        (last, along, 0, min),
        (along, first, 1, max),
        (along, last, 1, min),
    ):
        here = x[columns], y[rows]
        rays = distortion.undistort(*here)
        # Where no ray arrives, or only from behind, the picture sets no bound.
        away = np.hypot(*here) / math.tan(math.radians(89.5))
        values = np.where(np.isnan(rays[axis]), here[axis] / np.maximum(away, 1e-12), rays[axis])
        found.append(take(float(value) for value in values))
    left, right, top, bottom = found
    return max(left, -WIDEST), min(right, WIDEST), max(top, -WIDEST), min(bottom, WIDEST)


def _edge_rays(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """x / z and y / z from edge to edge of a pinhole picture, `_ALONG` each."""
    columns, rows = (np.linspace(-0.5, side - 0.5, _ALONG) for side in (camera.width, camera.height))
    return (columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), max(low, high))


def _refuse_fold(distortion: Distortion) -> None:
    degrees = math.degrees(math.atan(distortion.fold))
    what = f"the distortion ({distortion}) folds the picture over, {degrees:.0f} degrees from its axis"
    raise UserError("lens", what, "check signs and order of the coefficients, or calibrate again")


@lru_cache(maxsize=4)
def _maps(camera: Camera, distortion: Distortion) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows, float32 (H, W), at which the original shows what the straightened picture shows."""
    pixels = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    columns, rows = Lens(camera, distortion).bent(*pixels)
    return columns.astype(np.float32), rows.astype(np.float32)
