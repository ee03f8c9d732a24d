"""Images of KITTI's raw drives, with LiDAR depth as Eigen's evaluation makes it and motion from GPS."""

from dataclasses import dataclass
from math import cos, log, pi, radians, tan
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.lens import Lens
from acdepth.core.measured import Measured
from acdepth.core.texts import read_text
from acdepth.data.kitti.calibration import FRAME_RATE, IMU_FILE, LIDAR_FILE, Rig, project, read_points
from acdepth.data.own.clip import Description, ImageClip
from acdepth.data.rigid import from_angles
from acdepth.data.scans import ScannedClip

EARTH_RADIUS = 6378137.0
"""[m]: half the larger axis of WGS 84, the sphere that KITTI's Mercator projection uses."""
MOST_NUMBER = 1e5
"""Of a line [m, degrees, m/s and others]; usual are up to some hundred."""
NUMBERS = 30
"""Of a line; the first six are the pose, the ninth is the speed."""
MATLAB_FIRST_PIXEL = 1
"""KITTI's MATLAB code counts pixels from 1, and everybody's ground truth for Eigen's split repeats it."""


class KittiRawClip(ScannedClip, ImageClip):
    """Consecutive images of one camera in one drive's folder; ``targets`` are numbers of images."""

    def __init__(
        self, name: str, drive: Path, key_folder: str, paths: list[Path], rig: Rig, targets: set[int]
    ) -> None:
        super().__init__(name, key_folder, paths, Description(lens=Lens(rig.camera), frame_rate=FRAME_RATE))
        self.drive, self.rig = drive, rig
        self.lengths_from = "speeds" if rig.T_camera_to_imu is None else "poses"
        self._is_target = [int(path.stem) in targets for path in paths]
        first = min((drive / "oxts" / "data").glob("[0-9]*.txt"), default=None)
        self._scale = mercator_scale(read_oxts(first)) if first else 1.0

    def is_target(self, index: int) -> bool:
        """Images that the list names are; the others are neighbours."""
        return self._is_target[index]

    def measured(self, index: int) -> Measured | None:
        """LiDAR in the image as Eigen's evaluation has it [m]; None where there is no scan.

        Points behind the scanner are dropped; a point belongs to the pixel that its coordinates are rounded
        to, less one in both directions (KITTI's MATLAB code counts from 1); the nearest in a pixel stays.
        Depth is along the optical axis. Some published ground truth counts from the scanner instead, which
        sits some 0.27 m behind the camera.
        """
        path = self.scan_file(index)
        if not path.exists():
            return None
        if self.rig.P_lidar_to_image is None:
            file = self.drive.parent / LIDAR_FILE
            raise UserError(file, "no such file, but there are scans", "download it")
        points, size = read_points(path), self.rig.camera.size
        return project(points[points[:, 0] >= 0], self.rig.P_lidar_to_image, size, MATLAB_FIRST_PIXEL)

    def scan_file(self, index: int) -> Path:
        """Where the LiDAR scan of an image stands, if there is one."""
        return self.drive / "velodyne_points" / "data" / f"{self.paths[index].stem}.bin"

    def distance(self, index: int, other: int) -> float | None:
        """Metres between the camera's places, or by the mean of two speeds where nobody says how it sits."""
        files = self._oxts_file(index), self._oxts_file(other)
        if not all(file.exists() for file in files):
            return None
        if self.rig.T_camera_to_imu is not None:
            here, there = (self.T_camera_to_world(number)[:3, 3] for number in (index, other))
            return float(np.linalg.norm(here - there))
        steps = abs(int(self.paths[index].stem) - int(self.paths[other].stem))
        speeds = [abs(read_oxts(file).speed) for file in files]
        return sum(speeds) / 2 * steps / FRAME_RATE

    def T_camera_to_world(self, index: int) -> np.ndarray:
        """(4, 4) float64 [m]: x east, y north, z up.

        Raises:
            UserError: if there is no pose, or nobody says how the camera sits to the inertial unit.
        """
        if self.rig.T_camera_to_imu is None:
            raise UserError(self.drive.parent, f"poses need {LIDAR_FILE} and {IMU_FILE}", "download them")
        return read_oxts(self._oxts_file(index)).T_imu_to_world(self._scale) @ self.rig.T_camera_to_imu

    def _oxts_file(self, index: int) -> Path:
        return self.drive / "oxts" / "data" / f"{self.paths[index].stem}.txt"


@dataclass(frozen=True)
class Oxts:
    """One moment of the inertial unit."""

    latitude: float
    longitude: float
    """[degrees]."""
    altitude: float
    """[m]."""
    roll: float
    pitch: float
    yaw: float
    """[rad]: about the car's forward axis, the axis to its left, and the upward axis, where 0 is east."""
    speed: float
    """Forwards [m/s]."""

    def T_imu_to_world(self, scale: float) -> np.ndarray:
        """Pose in a Mercator projection: x east, y north, z up, (4, 4) float64 [m].

        The ``scale`` of the projection is that of the drive's first moment, see `mercator_scale`.
        """
        east = scale * EARTH_RADIUS * radians(self.longitude)
        north = scale * EARTH_RADIUS * log(tan(pi / 4 + radians(self.latitude) / 2))
        return from_angles(np.array([[east, north, self.altitude, self.roll, self.pitch, self.yaw]]))[0]


def read_oxts(path: Path) -> Oxts:
    """Read one line.

    Raises:
        UserError: if it is missing, cut, not numbers, or nowhere on earth.
    """
    with reading(path, f"{NUMBERS} numbers"):
        values = np.array(read_text(path).split(), dtype=np.float64)
    if len(values) != NUMBERS or not np.isfinite(values).all():
        told = f"{len(values)} numbers, expected {NUMBERS} finite ones (lat lon alt ...)"
        raise UserError(path, told, "copy it again")
    if abs(values[0]) >= 90:
        raise UserError(path, f"latitude {values[0]:g} is nowhere on a map", "copy it again")
    if (far := np.abs(values) > MOST_NUMBER).any():
        raise UserError(path, f"{values[far][0]:g} is no length, angle or speed of a car", "copy it again")
    return Oxts(*values[:6].tolist(), speed=float(values[8]))


def mercator_scale(first: Oxts) -> float:
    """Scale at which the projection is true to length where a drive begins."""
    return cos(radians(first.latitude))
