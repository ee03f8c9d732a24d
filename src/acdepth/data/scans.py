"""LiDAR points as all data sets have them: files of plain numbers without a header, and depth images."""

from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading


def read_scan_file(path: Path, columns: int, kind: str, number: str = "<f4") -> np.ndarray:
    """(N, columns) of a file of points.

    Args:
        path: of the file.
        columns: numbers per point, of which the first three must be finite.
        kind: what the file should be, with its columns, for error messages.
        number: type of the numbers, as numpy writes it.

    Raises:
        UserError: if the file is missing, not whole, or holds points that are nowhere.
    """
    with reading(path, kind, "copy or unpack it again"):
        content = path.read_bytes()
    if not content or len(content) % (columns * np.dtype(number).itemsize):
        raise UserError(path, f"not {kind}", "copy it again")
    points = np.frombuffer(content, number).reshape(-1, columns)
    if not np.isfinite(points[:, :3]).all():
        raise UserError(path, "holds points that are not finite", "copy it again")
    return points


def scatter_nearest(
    column: np.ndarray, row: np.ndarray, depth: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Depth image, float32 (H, W) [m], of points by column, row [px] and depth [m], each (N,).

    The nearest in a pixel stays; points outside the image of ``size`` (height, width) are dropped. 0 is where
    none falls.
    """
    height, width = size
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    image = np.full(size, np.inf, np.float32)
    pixels = row[inside].astype(np.int64), column[inside].astype(np.int64)
    np.minimum.at(image, pixels, depth[inside].astype(np.float32))
    image[np.isinf(image)] = 0
    return image
