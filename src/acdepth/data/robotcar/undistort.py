"""From the sensor's Bayer image to the picture of a pinhole camera."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.errors import UserError


@dataclass(frozen=True)
class Undistortion:
    """Where in the raw image each undistorted pixel is."""

    column: np.ndarray
    """(H, W) float32 [px]."""
    row: np.ndarray
    """(H, W) float32 [px]."""

    def picture(self, bayer: np.ndarray, path: Path) -> np.ndarray:
        """Undistorted picture, uint8 (H, W, 3) RGB; black where the lens saw nothing.

        Args:
            bayer: uint8 (H, W), green blue / red green.
            path: its file, for the error message.

        Raises:
            UserError: if it has another size than the camera model.
        """
        if bayer.shape != self.column.shape:
            (height, width), (rows, columns) = bayer.shape, self.column.shape
            raise UserError(
                path, f"{width}x{height} pixels, but the camera model has {columns}x{rows}", "copy it again"
            )
        coloured = cv2.cvtColor(bayer, cv2.COLOR_BayerGBRG2RGB)
        return cv2.remap(coloured, self.column, self.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def read_undistortion(path: Path, width: int, height: int) -> Undistortion:
    """Read a look-up table: float64, all columns, then all rows, of the pixels in reading order.

    Raises:
        UserError: if it cannot be read, or is not of images of this size.
    """
    try:
        values = np.fromfile(path, dtype="<f8")
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})") from error
    if values.size != 2 * width * height:
        raise UserError(
            path,
            f"{values.size} numbers, expected {2 * width * height} for {width}x{height} images",
            "copy it again",
        )
    if not np.isfinite(values).all():
        raise UserError(path, "holds numbers that are not finite", "copy it again")
    column, row = values.astype(np.float32).reshape(2, height, width)
    return Undistortion(column, row)
