"""How RobotCar's centre camera sees, and how it and the front laser sit on the car.

Three frames: the vehicle and each sensor have x forward, y right, z down; *optical* is the camera's frame as
everybody else has it, x right, y down, z forward.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.data.rigid import from_angles, is_rigid

MODEL_FILE = "stereo_narrow_left.txt"
LUT_FILE = "stereo_narrow_left_distortion_lut.bin"
"""The centre camera is the left one of the narrow pair."""
CAMERA_FILE, LASER_FILE = "stereo.txt", "lms_front.txt"


@dataclass(frozen=True)
class CameraModel:
    """Pinhole camera of the undistorted images."""

    path: Path
    fx: float
    fy: float
    cx: float
    cy: float
    T_optical_to_camera: np.ndarray
    """(4, 4) float64 [m]: swaps the axes; the other cameras of the stereo head are shifted as well."""

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

    model: CameraModel
    T_optical_to_vehicle: np.ndarray
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


def read_raw_calibration(models: Path, extrinsics: Path) -> RawCalibration:
    """Read camera model and extrinsics from the folders of the RobotCar SDK.

    Extrinsics are x y z roll pitch yaw; of a camera they take the vehicle to the camera, of a laser they take
    the laser to the vehicle.

    Raises:
        UserError: if a file is missing or damaged; the LUT is read later.
    """
    models, extrinsics = Path(models), Path(extrinsics)
    model_file, lut = models / MODEL_FILE, models / LUT_FILE
    camera_file, laser_file = extrinsics / CAMERA_FILE, extrinsics / LASER_FILE
    if not lut.is_file():
        raise UserError(lut, "no such file", "give the models folder of the RobotCar SDK")
    model = read_model(model_file)
    T_optical_to_vehicle = np.linalg.inv(_extrinsics(camera_file)) @ model.T_optical_to_camera
    files = model_file, lut, camera_file, laser_file
    return RawCalibration(model, T_optical_to_vehicle, _extrinsics(laser_file), lut, files)


def _extrinsics(path: Path) -> np.ndarray:
    values = _numbers(path)
    if len(values) != 6 or not np.isfinite(values).all():
        raise UserError(path, "expected six finite numbers, x y z roll pitch yaw", "copy it again")
    return from_angles(values[None])[0]


def _numbers(path: Path) -> np.ndarray:
    with reading(path, "numbers", "copy it from the RobotCar SDK"):
        return np.array(path.read_text(encoding="utf-8").split(), dtype=np.float64)
