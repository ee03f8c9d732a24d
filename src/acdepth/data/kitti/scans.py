"""Velodyne scans, and what they become in an image."""

from pathlib import Path

import numpy as np

from acdepth.data.scans import read_scan_file, scatter_nearest


def read_points(path: Path) -> np.ndarray:
    """(N, 3) float64 [m]: forward, left, up.

    Raises:
        UserError: if the file is missing, not whole, or holds points that are nowhere.
    """
    points = read_scan_file(path, 4, "a KITTI scan (float32 x, y, z, reflectance)")
    return points[:, :3].astype(np.float64)


def depth_image(
    points: np.ndarray, P_to_image: np.ndarray, size: tuple[int, int], first_pixel: int = 0
) -> np.ndarray:
    """Depth of the points in front of a camera; a point belongs to the pixel it is rounded to.

    Args:
        points: (N, 3) [m].
        P_to_image: (3, 4) projection [px; px * m].
        size: (height, width) of the image.
        first_pixel: number that the coordinates give the top left pixel; MATLAB counts from 1.

    Returns:
        float32 (H, W) [m]; 0 where no point falls.
    """
    projected = points @ P_to_image[:, :3].T + P_to_image[:, 3]
    projected = projected[projected[:, 2] > 0]
    depth = projected[:, 2]
    column, row = np.rint(projected[:, :2] / depth[:, None]).T - first_pixel
    return scatter_nearest(column, row, depth, size)
