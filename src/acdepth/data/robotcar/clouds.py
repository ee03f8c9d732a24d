"""Laser points in the camera's frame: their files, and what they become in an image."""

from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.files import write_bytes
from acdepth.data.scans import read_scan_file


def read_cloud(path: Path) -> np.ndarray:
    """(N, 3) float32 [m]: right, down, forward.

    Raises:
        UserError: if the file cannot be read, is not whole, or holds points that are nowhere.
    """
    return read_scan_file(path, 3, "a cloud of points (float32 x, y, z)")


def write_cloud(path: Path, points: np.ndarray) -> None:
    """Write points (N, 3) [m]."""
    write_bytes(path, points.astype("<f4").tobytes())


def project(points: np.ndarray, camera: Camera) -> np.ndarray:
    """Depth image of points in the camera's frame; of several in one pixel the nearest stays.

    A point belongs to the pixel that its coordinates are cut off to.

    Args:
        points: (N, 3) [m].
        camera: of the image.

    Returns:
        float32 (H, W) [m]; 0 where no point falls.
    """
    row, column, seen = _pixels(points, camera)
    image = np.full((camera.height, camera.width), np.inf, np.float32)
    np.minimum.at(image, (row, column), points[seen, 2].astype(np.float32))
    image[np.isinf(image)] = 0
    return image


def in_view(points: np.ndarray, camera: Camera) -> np.ndarray:
    """The points (N, 3) that fall into the image."""
    return points[_pixels(points, camera)[2]]


def _pixels(points: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column of the points that fall into the image, and which points these are."""
    ahead = np.flatnonzero(points[:, 2] > 0)
    x, y, z = points[ahead].astype(np.float64).T
    column, row = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    seen = (column >= 0) & (column < camera.width) & (row >= 0) & (row < camera.height)
    return row[seen].astype(np.int64), column[seen].astype(np.int64), ahead[seen]
