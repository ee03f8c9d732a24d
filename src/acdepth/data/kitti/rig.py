"""How the sensors of KITTI's car sit to each other: the three calibration files of a day."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.data.kitti.calibration import Calibration, camera_of, read_raw_calibration, rigid

LIDAR_FILE = "calib_velo_to_cam.txt"
IMU_FILE = "calib_imu_to_velo.txt"


@dataclass(frozen=True)
class Rig:
    """One camera of a day, and what is known of scanner and inertial unit beside it."""

    camera: Camera
    """Of the rectified images."""
    P_rectified_to_image: np.ndarray
    """(3, 4) float64 [px; px * m]: projection of points in the frame of camera 0, rectified."""
    T_lidar_to_rectified: np.ndarray | None
    """(4, 4) float64 [m]; None where the day has no ``calib_velo_to_cam.txt``."""
    T_imu_to_lidar: np.ndarray | None
    """(4, 4) float64 [m]; None where the day has no ``calib_imu_to_velo.txt``."""

    @property
    def P_lidar_to_image(self) -> np.ndarray | None:
        """(3, 4) float64; None where nobody says how the scanner sits."""
        if self.T_lidar_to_rectified is None:
            return None
        return self.P_rectified_to_image @ self.T_lidar_to_rectified

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
    """Read the calibration of a day.

    Args:
        day: folder that holds ``calib_cam_to_cam.txt``, and perhaps the other two files.
        number: of the camera: 02 or 03.
        image: any of its images, for their size.

    Raises:
        UserError: if a file is damaged, or the first one is missing.
    """
    cameras = read_raw_calibration(day / "calib_cam_to_cam.txt")
    lidar, imu = (_read_if_there(day / file) for file in (LIDAR_FILE, IMU_FILE))
    T_lidar_to_rectified = None
    if lidar is not None:
        T_lidar_to_rectified = rigid(cameras.shaped("R_rect_00", 3, 3)) @ _motion(lidar)
    return Rig(
        camera=camera_of(cameras, f"P_rect_{number}", image),
        P_rectified_to_image=cameras.shaped(f"P_rect_{number}", 3, 4),
        T_lidar_to_rectified=T_lidar_to_rectified,
        T_imu_to_lidar=None if imu is None else _motion(imu),
    )


def _read_if_there(path: Path) -> Calibration | None:
    return read_raw_calibration(path) if path.exists() else None


def _motion(calibration: Calibration) -> np.ndarray:
    R, t = calibration.shaped("R", 3, 3), calibration.shaped("T", 3, 1)
    if abs(np.linalg.det(R) - 1) > 1e-2:
        raise UserError(calibration.path, "R is no rotation", "copy it again")
    return rigid(np.c_[R, t])
