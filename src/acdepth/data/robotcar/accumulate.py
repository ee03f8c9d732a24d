"""Scans of some seconds put together in the camera's frame."""

from functools import lru_cache

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.tally import ReadTally
from acdepth.data.robotcar.odometry import Odometry
from acdepth.data.robotcar.raw import Recording, read_scan

REACH = 4_000_000
"""Scans so long before and after an image make its cloud [us]. ACDepth takes it over from md4all."""
KEPT = 1024
"""Scans that stay in memory; eight seconds at 50 Hz are 400."""


class Accumulator:
    """Clouds of points from scans, each moved by where the car was when it was taken.

    Args:
        scans: of the front laser.
        odometry: of the car.
        T_laser_to_vehicle: (4, 4) [m].
        tally: counts scans that cannot be read, which are left out.
    """

    def __init__(
        self, scans: Recording, odometry: Odometry, T_laser_to_vehicle: np.ndarray, tally: ReadTally
    ) -> None:
        self.scans, self.tally = scans, tally
        poses = odometry.at(scans.times)
        self._stretch = poses.stretch
        self._T_laser_to_world = poses.T_vehicle_to_world @ T_laser_to_vehicle
        # Images beside each other share nearly all of their scans.
        self._in_world = lru_cache(KEPT)(self._read_in_world)

    def cloud(self, time: int, stretch: int, T_camera_to_world: np.ndarray) -> np.ndarray:
        """Points around a moment in the camera's frame, (N, 3) float64 [m].

        Args:
            time: of the image [us].
            stretch: of the odometry that the image is in; scans of other ones are left out.
            T_camera_to_world: (4, 4) [m].
        """
        first, end = np.searchsorted(self.scans.times, [time - REACH, time + REACH + 1])
        numbers = first + np.flatnonzero(self._stretch[first:end] == stretch)
        points = np.concatenate([np.zeros((0, 3)), *(self._in_world(number) for number in numbers.tolist())])
        R, t = T_camera_to_world[:3, :3], T_camera_to_world[:3, 3]
        return (points - t) @ R

    def _read_in_world(self, number: int) -> np.ndarray:
        try:
            points = read_scan(self.scans.file(int(self.scans.times[number])))
        except UserError as error:
            self.tally.skip(error)
            return np.zeros((0, 3))
        T = self._T_laser_to_world[number]
        return points @ T[:3, :3].T + T[:3, 3]
