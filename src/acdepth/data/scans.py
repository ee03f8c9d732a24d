"""LiDAR points as all data sets have them: files of plain numbers without a header, and depth images."""

from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError


def read_scan_file(path: Path, columns: int, kind: str, number: str = "<f4") -> np.ndarray:
    """(N, columns) of a file of points; the first three columns are checked to be finite.

    Args:
        path: of the file.
        columns: numbers per point.
        kind: what the file should be, with its columns, for error messages.
        number: type of the numbers, as numpy writes it.

    Raises:
        UserError: if the file is missing, not whole, or holds points that are nowhere.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            path, f"cannot be read ({error.strerror or error})", "copy or unpack it again"
        ) from error
    if not content or len(content) % (columns * np.dtype(number).itemsize):
        raise UserError(path, f"not {kind}", "copy it again")
    points = np.frombuffer(content, number).reshape(-1, columns)
    if not np.isfinite(points[:, :3]).all():
        raise UserError(path, "holds points that are not finite", "copy it again")
    return points


def scatter_nearest(
    column: np.ndarray, row: np.ndarray, depth: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Depth image of points; where several fall into one pixel the nearest stays.

    Args:
        column: (N,) of each point [px]; points outside the image are dropped.
        row: likewise.
        depth: (N,) [m].
        size: (height, width) of the image.

    Returns:
        float32 (H, W) [m]; 0 where no point falls.
    """
    height, width = size
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    image = np.full(size, np.inf, np.float32)
    pixels = row[inside].astype(np.int64), column[inside].astype(np.int64)
    np.minimum.at(image, pixels, depth[inside].astype(np.float32))
    image[np.isinf(image)] = 0
    return image
