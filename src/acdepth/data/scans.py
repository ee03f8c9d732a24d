"""LiDAR points as data sets have them: files of plain numbers without a header."""

from abc import abstractmethod
from pathlib import Path

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.measured import Measured


class ScannedClip(Clip):
    """A clip whose depth is the points of a LiDAR."""

    @abstractmethod
    def measured(self, index: int) -> Measured | None:
        """LiDAR points in the image; None if the frame has no scan."""

    def depth(self, index: int) -> np.ndarray | None:
        """Depth of `measured` [m], float32 (H, W), 0 where no point falls."""
        measured = self.measured(index)
        return measured and measured.image()


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
