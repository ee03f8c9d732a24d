"""Files of LiDAR points as all data sets write them: rows of plain numbers without a header."""

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
