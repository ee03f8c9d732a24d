"""How a lens of RobotCar's stereo head sees, and how the head and the front laser sit on the car.

Four frames: the car, the stereo head and the laser have x forward, y right, z down; *optical* is a lens'
frame as everybody else has it, x right, y down, z forward. The head's origin is its left-most lens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.texts import read_text
from acdepth.data.rigid import from_angles, is_rigid
from acdepth.data.settings import EVERYTHING

Lens = Literal["stereo/left", "stereo/centre"]
LENSES: dict[Lens, str] = {"stereo/left": "stereo_wide_left", "stereo/centre": "stereo_narrow_left"}
"""Where a scene keeps a lens' images, and what the RobotCar SDK calls its camera model."""
HEAD_FILE, LASER_FILE = "stereo.txt", "lms_front.txt"


def lens_of(cameras: Sequence[str]) -> Lens:
    """The lens that ``cameras`` of a `FootageChoice` chooses: stereo/left, as published, by default.

    Raises:
        UserError: if it is none of `LENSES`, or more than one.
    """
    if tuple(cameras) == EVERYTHING.cameras:
        return "stereo/left"
    for lens in LENSES:
        if tuple(cameras) == (lens,):
            return lens
    remedy = f"choose {' or '.join(LENSES)}"
    raise UserError(f"--cameras {' '.join(cameras)}", "is no lens of RobotCar", remedy)


def model_file(lens: Lens) -> str:
    """Name of a lens' camera model."""
    return f"{LENSES[lens]}.txt"


def lut_file(lens: Lens) -> str:
    """Name of the table that says where in the raw image each undistorted pixel is."""
    return f"{LENSES[lens]}_distortion_lut.bin"


@dataclass(frozen=True)
class CameraModel:
    """Pinhole camera of the undistorted images."""

    path: Path
    fx: float
    fy: float
    cx: float
    cy: float
    T_optical_to_head: np.ndarray
    """(4, 4) float64 [m]: swaps the axes; the centre lens is shifted as well."""

    def camera(self, width: int, height: int) -> Camera:
        """The camera of images of a size [px].

        Raises:
            UserError: if the numbers are no camera's.
        """
        try:
            return Camera(self.fx, self.fy, self.cx, self.cy, width, height)
        except UserError as error:
            raise UserError(self.path, error, "copy it again") from error


@dataclass(frozen=True)
class RawCalibration:
    """What is needed to make the layout from the raw download."""

    lens: Lens
    model: CameraModel
    T_head_to_vehicle: np.ndarray
    T_laser_to_vehicle: np.ndarray
    """(4, 4) float64 [m] each."""
    lut: Path
    """File that says where in the raw image each undistorted pixel is."""
    files: tuple[Path, ...]
    """All that was read, and the LUT."""


def read_model(path: Path) -> CameraModel:
    """Read ``fx fy cx cy`` and the 4x4 matrix below it.

    Raises:
        UserError: if there is no such file, or it holds something else.
    """
    values = _numbers(path)
    if len(values) != 20:
        told = f"{len(values)} numbers, expected fx fy cx cy and a 4x4 matrix"
        raise UserError(path, told, "copy it again")
    T = values[4:].reshape(4, 4)
    if not is_rigid(T):
        raise UserError(path, "the 4x4 matrix is no rigid motion", "copy it again")
    fx, fy, cx, cy = values[:4].tolist()
    return CameraModel(path, fx, fy, cx, cy, T)


def read_head(path: Path) -> np.ndarray:
    """T_head_to_vehicle, (4, 4) float64 [m]: ``stereo.txt`` takes the car to the head.

    Raises:
        UserError: if there is no such file, or it holds something else.
    """
    return np.linalg.inv(_extrinsics(path))


def read_raw_calibration(models: Path, extrinsics: Path, lens: Lens = "stereo/left") -> RawCalibration:
    """Read camera model and extrinsics from the folders of the RobotCar SDK.

    Extrinsics are x y z roll pitch yaw; of the stereo head they take the car to the head, of a laser they
    take the laser to the car.

    Raises:
        UserError: if a file is missing or damaged; the LUT is read later.
    """
    models, extrinsics = Path(models), Path(extrinsics)
    lut, model = models / lut_file(lens), models / model_file(lens)
    head, laser = extrinsics / HEAD_FILE, extrinsics / LASER_FILE
    if not lut.is_file():
        raise UserError(lut, "no such file", "give the models folder of the RobotCar SDK")
    files = model, lut, head, laser
    return RawCalibration(lens, read_model(model), read_head(head), _extrinsics(laser), lut, files)


def _extrinsics(path: Path) -> np.ndarray:
    values = _numbers(path)
    if len(values) != 6 or not np.isfinite(values).all():
        raise UserError(path, "expected six finite numbers, x y z roll pitch yaw", "copy it again")
    return from_angles(values[None])[0]


def _numbers(path: Path) -> np.ndarray:
    with reading(path, "numbers", "copy it from the RobotCar SDK"):
        return np.array(read_text(path).split(), dtype=np.float64)
