"""LiDAR points in a camera's image: which ones count, and for which pixel, is as in md4all's ground truth.

It takes the devkit's projection, which leaves out the outermost row and column of pixels on each side.
"""

from pathlib import Path

import numpy as np

from acdepth.core.measured import Measured, last_in_pixels
from acdepth.data.scans import read_scan_file

NEAREST = 1.0
"""Points up to this far in front of the camera are dropped [m]: the car itself."""
MARGIN = 1
"""Points up to this far inside the image's edges are dropped [px]."""
VALUES_PER_POINT = 5
"""x, y, z, intensity, ring."""


def read_points(path: Path) -> np.ndarray:
    """(N, 3) float32 [m] of a ``.pcd.bin`` sweep.

    Raises:
        UserError: if the file is missing, not whole, or holds points that are nowhere.
    """
    kind = "a whole nuScenes sweep (float32 x, y, z, intensity, ring)"
    return read_scan_file(path, VALUES_PER_POINT, kind)[:, :3]


def moved(points: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Points (N, 3) after the rigid motion T (4, 4) [m].

    Kept in float32 after each step, as the devkit does: in world coordinates of a kilometre that is a tenth
    of a millimetre, and decides the pixel of a few points.
    """
    return (points @ T[:3, :3].T).astype(np.float32) + T[:3, 3].astype(np.float32)


def moved_back(points: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Points (N, 3) after the inverse of the rigid motion T (4, 4) [m]; see `moved`."""
    return ((points - T[:3, 3].astype(np.float32)) @ T[:3, :3]).astype(np.float32)


def project(points: np.ndarray, intrinsics: np.ndarray, size: tuple[int, int]) -> Measured:
    """Depth [m] of the pixels on which points (N, 3) [m] in the camera's frame fall.

    A point belongs to the pixel that its coordinates are cut off to; of several the last of the sweep stays.
    The outermost pixels stay empty.

    Args:
        points: in the order of the sweep.
        intrinsics: (3, 3) [px].
        size: (height, width) of the image [px].
    """
    height, width = size
    points = points[points[:, 2] > NEAREST]
    column, row = ((points @ intrinsics.T)[:, :2] / points[:, 2:]).T
    inside = (column > MARGIN) & (column < width - MARGIN) & (row > MARGIN) & (row < height - MARGIN)
    # Positive coordinates are cut off by the cast.
    return last_in_pixels(column[inside], row[inside], points[inside, 2], size)
