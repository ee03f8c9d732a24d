"""Velodyne scans, and what they become in an image."""

from pathlib import Path

import numpy as np

from acdepth.data.scans import read_scan_file


def read_points(path: Path) -> np.ndarray:
    """(N, 3) float64 [m]: forward, left, up.

    Raises:
        UserError: if the file is missing, not whole, or holds points that are nowhere.
    """
    points = read_scan_file(path, 4, "a KITTI scan (float32 x, y, z, reflectance)")
    return points[:, :3].astype(np.float64)


def project(points: np.ndarray, P_to_image: np.ndarray) -> np.ndarray:
    """Points (N, 3) [m] through a projection (3, 4): (N, 3) column * depth, row * depth, depth [m]."""
    return points @ P_to_image[:, :3].T + P_to_image[:, 3]


def scatter_nearest(projected: np.ndarray, height: int, width: int, first_pixel: int = 0) -> np.ndarray:
    """Depth image of projected points; where several fall into one pixel the nearest stays.

    Args:
        projected: (N, 3): column * depth, row * depth, depth [m].
        height: of the image.
        width: of the image.
        first_pixel: number that the coordinates give the top left pixel; MATLAB counts from 1.

    Returns:
        float32 (H, W) [m]; 0 where no point falls.
    """
    projected = projected[projected[:, 2] > 0]
    depth = projected[:, 2]
    column, row = np.rint(projected[:, :2] / depth[:, None]).T - first_pixel
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    image = np.full((height, width), np.inf, np.float32)
    pixels = row[inside].astype(np.int64), column[inside].astype(np.int64)
    np.minimum.at(image, pixels, depth[inside].astype(np.float32))
    image[np.isinf(image)] = 0
    return image
