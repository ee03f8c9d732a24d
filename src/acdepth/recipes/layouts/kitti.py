"""The world as KITTI raw: synced drives of one day, with lists in the form of Eigen's split."""

from collections.abc import Callable
from math import atan, atan2, cos, degrees, exp, hypot, log, pi, radians, tan
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.files import write_bytes, write_text
from acdepth.data.kitti.raw import EARTH_RADIUS, NUMBERS
from acdepth.recipes.layouts.drives import TO_Z_UP, WorldDrive, common_camera

DAY = "2011_09_26"
LATITUDE, LONGITUDE = 49.0, 8.43
"""Where each drive begins [degrees]."""
R_LIDAR_TO_CAMERA = TO_Z_UP.T
LIDAR_T, IMU_T = np.array([0.0, -0.08, -0.27]), np.array([-0.81, 0.32, -0.8])
"""Scanner to camera, inertial unit to scanner [m]."""
SPEED_PLACE = 8
"""Of the forward speed in a line of the inertial unit."""


def write_kitti(
    drives: list[WorldDrive], out: Path, evaluation: frozenset[int], progress: Callable[[], object]
) -> None:
    """Write clear drives, numbered in order, with lists ``train_files.txt`` and ``test_files.txt``."""
    camera = common_camera(drives, "a day of KITTI")
    _write_calibration(camera, out / DAY)
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for number, drive in enumerate(drives, start=1):
        name = f"{DAY}/{DAY}_drive_{number:04d}_sync"
        for index in range(len(drive.images)):
            _write_moment(drive, index, out / name)
            split = "test" if drive.town in evaluation else "train"
            lists[split].append(f"{name} {index:010d} l\n")
            progress()
    for split, lines in lists.items():
        write_text(out / "splits" / f"{split}_files.txt", "".join(lines))


def _write_calibration(camera: Camera, day: Path) -> None:
    projection = [[camera.fx, 0, camera.cx, 0], [0, camera.fy, camera.cy, 0], [0, 0, 1, 0]]
    files = {
        "calib_cam_to_cam.txt": {
            "R_rect_00": np.eye(3),
            "S_rect_02": np.array([camera.width, camera.height]),
            "P_rect_02": np.array(projection),
        },
        "calib_velo_to_cam.txt": {"R": R_LIDAR_TO_CAMERA, "T": LIDAR_T},
        "calib_imu_to_velo.txt": {"R": np.eye(3), "T": IMU_T},
    }
    for file, matrices in files.items():
        numbers = {name: map(repr, values.ravel().tolist()) for name, values in matrices.items()}
        lines = [f"{name}: {' '.join(values)}" for name, values in numbers.items()]
        write_text(day / file, "\n".join(["calib_time: 09-Jan-2012 13:57:47", *lines, ""]))


def _write_moment(drive: WorldDrive, index: int, folder: Path) -> None:
    name = f"{index:010d}"
    image = drive.images[index]
    write_bytes(folder / "image_02" / "data" / f"{name}{image.suffix}", image.read_bytes())
    points = (drive.scan(index, shift=1.0) - LIDAR_T) @ R_LIDAR_TO_CAMERA
    scan = np.c_[points, np.zeros(len(points))].astype("<f4")
    write_bytes(folder / "velodyne_points" / "data" / f"{name}.bin", scan.tobytes())
    values = [*_pose(drive, index), *[0.0] * (NUMBERS - 6)]
    values[SPEED_PLACE] = float(drive.speeds[index])
    write_text(folder / "oxts" / "data" / f"{name}.txt", " ".join(map(repr, values)) + "\n")


def _pose(drive: WorldDrive, index: int) -> list[float]:
    """Latitude, longitude, altitude, roll, pitch, yaw of the inertial unit."""
    here, first = (_T_imu_to_world(drive, number) for number in (index, 0))
    east, north, up = (here[:3, 3] - first[:3, 3]).tolist()
    scale = cos(radians(LATITUDE)) * EARTH_RADIUS
    northing = scale * log(tan(pi / 4 + radians(LATITUDE) / 2)) + north
    latitude = degrees(2 * atan(exp(northing / scale)) - pi / 2)
    R = here[:3, :3]
    roll, yaw = atan2(R[2, 1], R[2, 2]), atan2(R[1, 0], R[0, 0])
    pitch = atan2(-R[2, 0], hypot(R[2, 1], R[2, 2]))
    return [latitude, LONGITUDE + degrees(east / scale), up, roll, pitch, yaw]


def _T_imu_to_world(drive: WorldDrive, index: int) -> np.ndarray:
    T_imu_to_camera = np.eye(4)
    T_imu_to_camera[:3, :3] = R_LIDAR_TO_CAMERA
    T_imu_to_camera[:3, 3] = R_LIDAR_TO_CAMERA @ IMU_T + LIDAR_T
    T_camera_to_world = np.eye(4)
    T_camera_to_world[:3] = TO_Z_UP @ drive.T_camera_to_world[index, :3]
    return T_camera_to_world @ T_imu_to_camera
