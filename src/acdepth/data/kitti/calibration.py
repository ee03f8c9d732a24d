"""KITTI's calibration files, how the sensors of its car sit to each other, and its scans in an image."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.measured import Measured, nearest_in_pixels
from acdepth.core.texts import read_text
from acdepth.data.rigid import from_matrix
from acdepth.data.scans import read_scan_file
from acdepth.data.stored import image_size

FRAME_RATE = 10.0
"""Images per second of every KITTI camera (Geiger et al., 2013)."""
LIDAR_FILE = "calib_velo_to_cam.txt"
IMU_FILE = "calib_imu_to_velo.txt"
LARGEST = 1e6
"""Of any number in a matrix; focal lengths, the largest there are, have some thousand pixels."""


class Calibration(dict[str, np.ndarray]):
    """Numbers by name; a missing matrix is an error that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __missing__(self, name: str) -> np.ndarray:
        raise UserError(self.path, f"has no matrix {name}", "copy it again")

    def shaped(self, name: str, rows: int, columns: int) -> np.ndarray:
        """One matrix, (rows, columns) float64.

        Raises:
            UserError: if it is missing, of another size, or holds what is no number or too large.
        """
        matrix = self[name]
        if matrix.size != rows * columns or not (np.abs(matrix) <= LARGEST).all():
            told = f"{name} has {matrix.size} numbers, expected {rows * columns} of at most {LARGEST:g}"
            raise UserError(self.path, told, "copy it again")
        return matrix.reshape(rows, columns)

    def rotation(self, name: str) -> np.ndarray:
        """One rotation, (3, 3) float64.

        Raises:
            UserError: if it is none.
        """
        R = self.shaped(name, 3, 3)
        if np.abs(R @ R.T - np.eye(3)).max() > 1e-2 or np.linalg.det(R) < 0:
            raise UserError(self.path, f"{name} is no rotation", "copy it again")
        return R


def read_calibration(path: Path) -> Calibration:
    """Lines of ``NAME: numbers``; dates and other words are passed over, names left out are P0, P1, ...

    Raises:
        UserError: if the file cannot be read.
    """
    calibration = Calibration(path)
    with reading(path, "a calibration"):
        lines = [line for line in read_text(path).splitlines() if line.strip()]
    for number, line in enumerate(lines):
        name, values = line.split(":", 1) if ":" in line else (f"P{number}", line)
        with suppress(ValueError):
            calibration[name.strip()] = np.array(values.split(), dtype=np.float64)
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


@dataclass(frozen=True)
class Rig:
    """One camera of a day, and what is known of scanner and inertial unit beside it."""

    camera: Camera
    """Of the rectified images."""
    P_rectified_to_image: np.ndarray
    """(3, 4) float64 [px; px * m]: projection of points in the frame of camera 0, rectified."""
    T_lidar_to_rectified: np.ndarray | None
    T_imu_to_lidar: np.ndarray | None
    """(4, 4) float64 [m] each; None where the day has no `LIDAR_FILE`, or no `IMU_FILE`."""

    @property
    def P_lidar_to_image(self) -> np.ndarray | None:
        """(3, 4) float64; None where nobody says how the scanner sits."""
        T = self.T_lidar_to_rectified
        return None if T is None else self.P_rectified_to_image @ T

    @property
    def T_camera_to_imu(self) -> np.ndarray | None:
        """(4, 4) float64 [m]; None where nobody says how scanner or inertial unit sit."""
        if self.T_lidar_to_rectified is None or self.T_imu_to_lidar is None:
            return None
        T_rectified_to_camera = np.eye(4)
        # The last column of the projection is the intrinsics times where camera 0 is seen from this one.
        intrinsics, column = self.P_rectified_to_image[:, :3], self.P_rectified_to_image[:, 3]
        T_rectified_to_camera[:3, 3] = np.linalg.solve(intrinsics, column)
        return np.linalg.inv(T_rectified_to_camera @ self.T_lidar_to_rectified @ self.T_imu_to_lidar)


def read_rig(day: Path, number: str, image: Path) -> Rig:
    """Read the calibration of a day, ``calib_cam_to_cam.txt`` and perhaps the other two files in its folder.

    Args:
        day: the folder.
        number: of the camera: 02 or 03.
        image: any of its images, for their size.

    Raises:
        UserError: if a file is damaged, or the first one is missing.
    """
    cameras = read_calibration(day / "calib_cam_to_cam.txt")
    T_lidar_to_camera, T_imu_to_lidar = (_read_motion(day / file) for file in (LIDAR_FILE, IMU_FILE))
    T_lidar_to_rectified = None
    if T_lidar_to_camera is not None:
        T_lidar_to_rectified = from_matrix(cameras.rotation("R_rect_00")) @ T_lidar_to_camera
    name = f"P_rect_{number}"
    camera, P = camera_of(cameras, name, image), cameras.shaped(name, 3, 4)
    return Rig(camera, P, T_lidar_to_rectified, T_imu_to_lidar)


def _read_motion(path: Path) -> np.ndarray | None:
    if not path.exists():
        return None
    calibration = read_calibration(path)
    return from_matrix(np.c_[calibration.rotation("R"), calibration.shaped("T", 3, 1)])


def read_points(path: Path) -> np.ndarray:
    """(N, 3) float64 [m]: forward, left, up.

    Raises:
        UserError: if the file is missing, not whole, or holds points that are nowhere.
    """
    points = read_scan_file(path, 4, "a KITTI scan (float32 x, y, z, reflectance)")
    return points[:, :3].astype(np.float64)


def project(
    points: np.ndarray, P_to_image: np.ndarray, size: tuple[int, int], first_pixel: int = 0
) -> Measured:
    """Depth [m] of the pixels on which the points (N, 3) [m] in front of a camera fall.

    A point belongs to the pixel it is rounded to; of several the nearest stays.

    Args:
        points: in the frame that the projection starts from.
        P_to_image: (3, 4) projection [px; px * m].
        size: (height, width) of the image.
        first_pixel: number that the coordinates give the top left pixel.
    """
    projected = points @ P_to_image[:, :3].T + P_to_image[:, 3]
    projected = projected[projected[:, 2] > 0]
    depth = projected[:, 2]
    column, row = np.rint(projected[:, :2] / depth[:, None]).T - first_pixel
    return nearest_in_pixels(column, row, depth, size)
