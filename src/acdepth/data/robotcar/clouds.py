"""Laser clouds: scans of some seconds in the stereo head's frame, their files, and their depth images."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import telling
from acdepth.core.files import write_bytes
from acdepth.core.measured import Measured, nearest_in_pixels
from acdepth.core.tally import ReadTally
from acdepth.data.robotcar.odometry import Odometry
from acdepth.data.robotcar.raw import Recording, read_scan
from acdepth.data.scans import read_scan_file

REACH = 4_000_000
"""Scans so long before and after an image make its cloud [us]. ACDepth takes it over from md4all."""
CLOUDS = "lms_front_synchronized/vo/time_margin=+-4.0e+06"
"""Where a scene keeps them, TIME.pcd.bin: by the odometry that moved the points, and `REACH`."""
NEAREST_EDGE = 0.5
"""Least coordinate of a point in the image, from the middle of the first pixel [px]. The RobotCar SDK's."""
KEPT = 1024
"""Scans that stay in memory; eight seconds at 50 Hz are 400."""


def read_cloud(path: Path) -> np.ndarray:
    """(N, 3) float32 [m]: forward, right, down; the file holds all first coordinates, then all second ones.

    Raises:
        UserError: if the file cannot be read, is not whole, or holds points that are nowhere.
    """
    return read_scan_file(path, 3, "a cloud of points (float32 x, y, z)").reshape(3, -1).T


def write_cloud(path: Path, points: np.ndarray) -> None:
    """Write points (N, 3) [m]."""
    write_bytes(path, points.T.astype("<f4").tobytes())


def project(points: np.ndarray, T_optical_to_head: np.ndarray, camera: Camera) -> Measured:
    """Depth [m] of the pixels on which points (N, 3) [m] in the stereo head's frame fall.

    As published, a point belongs to the pixel that its coordinates are rounded to, from half a pixel right of
    and below the first pixel's middle to the last one's middle; of several the nearest stays.
    """
    x, y, z = ((points - T_optical_to_head[:3, 3]) @ T_optical_to_head[:3, :3]).T
    ahead = z > 0
    x, y, z = x[ahead], y[ahead], z[ahead]
    column, row = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    seen = (column >= NEAREST_EDGE) & (column <= camera.width - 1)
    seen &= (row >= NEAREST_EDGE) & (row <= camera.height - 1)
    return nearest_in_pixels(np.rint(column[seen]), np.rint(row[seen]), z[seen], camera.size)


class Accumulator:
    """Clouds of points from scans, each moved by where the car was when it was taken.

    Args:
        scans: of the front laser.
        odometry: of the car.
        T_laser_to_vehicle: (4, 4) [m].
        tally: counts scans that cannot be read, which are left out.
        held: as `Odometry.at` has it.
    """

    def __init__(
        self,
        scans: Recording,
        odometry: Odometry,
        T_laser_to_vehicle: np.ndarray,
        tally: ReadTally,
        held: bool = False,
    ) -> None:
        self.scans, self.tally = scans, tally
        poses = odometry.at(scans.times, held)
        self._stretch = poses.stretch
        self._T_laser_to_world = poses.T_vehicle_to_world @ T_laser_to_vehicle
        # Images beside each other share nearly all of their scans.
        self._in_world = lru_cache(KEPT)(self._read_in_world)

    def cloud(self, time: int, stretch: int, T_head_to_world: np.ndarray) -> np.ndarray:
        """Points around the ``time`` of an image [us] in the stereo head's frame, (N, 3) float64 [m].

        Scans of another ``stretch`` of the odometry than the image's are left out.
        """
        first, end = np.searchsorted(self.scans.times, [time - REACH, time + REACH + 1])
        numbers = first + np.flatnonzero(self._stretch[first:end] == stretch)
        points = np.concatenate([np.zeros((0, 3)), *(self._in_world(number) for number in numbers.tolist())])
        R, t = T_head_to_world[:3, :3], T_head_to_world[:3, 3]
        return (points - t) @ R

    def _read_in_world(self, number: int) -> np.ndarray:
        T = self._T_laser_to_world[number]
        with telling(self.tally.skip):
            return read_scan(self.scans.file(int(self.scans.times[number]))) @ T[:3, :3].T + T[:3, 3]
        return np.zeros((0, 3))
