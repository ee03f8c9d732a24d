"""Small raw drives in KITTI's layout: real files, with calibration and scans drawn at random."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.files import write_text
from tests.data.folders import picture

DAY = "2011_09_26"
HEIGHT, WIDTH = 48, 160
P_RECT_02 = [[90.0, 0.0, 80.0, 5.0], [0.0, 95.0, 22.0, 0.2], [0.0, 0.0, 1.0, 0.003]]
P_RECT_03 = [[90.0, 0.0, 80.0, -43.0], [0.0, 95.0, 22.0, 0.1], [0.0, 0.0, 1.0, 0.002]]
AXES = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""From forward, left, up to right, down, forward."""
LIDAR_T = [-0.004, -0.08, -0.27]
IMU_T = [-0.81, 0.32, -0.8]
LATITUDE, LONGITUDE = 49.0, 8.4
"""Where drives begin [degrees]."""
STEP = 1e-5
"""From image to image, northwards [degrees]: 1.1 m."""
SPEED = 11.0
"""That the inertial unit tells [m/s]."""


def write_kitti_raw(root: Path, drives: dict[str, Iterable[int]], suffix: str = ".png") -> Path:
    """Write drives of one day with both colour cameras.

    Args:
        root: gets the day.
        drives: four digits to the numbers of its images.
        suffix: of the images.
    """
    draw = np.random.default_rng(7)
    write_calibration(root / DAY, draw)
    for drive, numbers in drives.items():
        folder = root / DAY / f"{DAY}_drive_{drive}_sync"
        for part in ("image_02", "image_03", "velodyne_points", "oxts"):
            (folder / part / "data").mkdir(parents=True)
        for number in numbers:
            _write_moment(folder, number, suffix, draw)
    return root


def write_calibration(day: Path, draw: np.random.Generator) -> None:
    """Write the three files of a day; rotations are a little off their axes."""
    numbers = {
        "corner_dist": [0.0995],
        "S_rect_02": [WIDTH, HEIGHT],
        "R_rect_00": turned(np.eye(3), draw),
        "P_rect_02": P_RECT_02,
        "P_rect_03": P_RECT_03,
    }
    write_matrices(day / "calib_cam_to_cam.txt", numbers)
    write_matrices(day / "calib_velo_to_cam.txt", {"R": turned(AXES, draw), "T": LIDAR_T, "delta_f": [0, 0]})
    write_matrices(day / "calib_imu_to_velo.txt", {"R": turned(np.eye(3), draw), "T": IMU_T})


def write_matrices(path: Path, matrices: dict) -> None:
    """Write one calibration file."""
    rows = [f"{name}: {' '.join(f'{v:.12e}' for v in np.ravel(m))}\n" for name, m in matrices.items()]
    write_text(path, "calib_time: 09-Jan-2012 13:57:47\n" + "".join(rows))


def oxts_line(latitude: float, longitude: float = LONGITUDE, yaw: float = 0.0, speed: float = SPEED) -> str:
    """One moment of the inertial unit, 30 numbers."""
    values = [latitude, longitude, 112.0, 0.0, 0.0, yaw, 0.0, speed, speed, *[0.0] * 16, *[4.0] * 5]
    return " ".join(f"{value:.12f}" for value in values) + "\n"


def turned(R: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """A rotation with a little of another one before it."""
    return cv2.Rodrigues(draw.normal(0, 0.01, 3))[0] @ R


def _write_moment(folder: Path, number: int, suffix: str, draw: np.random.Generator) -> None:
    name = f"{number:010d}"
    for camera in ("image_02", "image_03"):
        image = picture(number, HEIGHT, WIDTH)[..., ::-1]
        cv2.imwrite(str(folder / camera / "data" / f"{name}{suffix}"), image)
    points = draw.uniform([-30, -20, -2, 0], [40, 20, 1, 1], (3000, 4))
    points.astype("<f4").tofile(folder / "velodyne_points" / "data" / f"{name}.bin")
    write_text(folder / "oxts" / "data" / f"{name}.txt", oxts_line(LATITUDE + STEP * number))
