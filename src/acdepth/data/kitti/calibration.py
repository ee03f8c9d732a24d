"""KITTI's calibration files: matrices by name, one a line."""

from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.data.stored import image_size

FRAME_RATE = 10.0
"""Images per second of every KITTI camera (Geiger et al., 2013)."""


class Calibration(dict[str, np.ndarray]):
    """Matrices by name; a missing one is an error that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __missing__(self, name: str) -> np.ndarray:
        raise UserError(self.path, f"has no matrix {name}", "copy it again")

    def shaped(self, name: str, rows: int, columns: int) -> np.ndarray:
        """One matrix, (rows, columns) float64.

        Raises:
            UserError: if it is missing, of another size or not finite.
        """
        matrix = self[name]
        if matrix.size != rows * columns or not np.isfinite(matrix).all():
            raise UserError(
                self.path,
                f"{name} has {matrix.size} numbers, expected {rows * columns} finite ones",
                "copy it again",
            )
        return matrix.reshape(rows, columns)


def read_calibration(path: Path) -> Calibration:
    """Lines of ``NAME: 9 or 12 numbers``; where the names were left out they are P0, P1, ...

    Raises:
        UserError: if a line is something else.
    """
    calibration = Calibration(path)
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for number, line in enumerate(lines):
            name, values = line.split(":") if ":" in line else (f"P{number}", line)
            calibration[name.strip()] = np.array(values.split(), dtype=np.float64).reshape(3, -1)
    except (OSError, ValueError) as error:
        raise UserError(path, f"not readable as a calibration ({error})", "copy it again") from error
    return calibration


def read_raw_calibration(path: Path) -> Calibration:
    """Lines of ``NAME: numbers`` as they stand, flat; dates and other words between them are passed over.

    Raises:
        UserError: if the file cannot be read.
    """
    calibration = Calibration(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, f"not readable as a calibration ({error})", "copy it again") from error
    for line in lines:
        name, _, values = line.partition(":")
        try:
            calibration[name.strip()] = np.array(values.split(), dtype=np.float64)
        except ValueError:
            continue
    return calibration


def camera_of(calibration: Calibration, name: str, image: Path) -> Camera:
    """The camera of the projection matrix ``name`` (3, 4), with the size of an image.

    Raises:
        UserError: if either cannot be read, or the matrix is no camera's.
    """
    (fx, _, cx, _), (_, fy, cy, _), _ = calibration.shaped(name, 3, 4).tolist()
    width, height = image_size(image)
    try:
        return Camera(fx, fy, cx, cy, width, height)
    except UserError as error:
        raise UserError(calibration.path, f"{name}: {error}", "copy it again") from error


def rigid(matrix: np.ndarray) -> np.ndarray:
    """A (3, 3) rotation or (3, 4) motion as (4, 4)."""
    square = np.eye(4)
    square[:3, : matrix.shape[1]] = matrix
    return square
