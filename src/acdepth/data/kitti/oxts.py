"""Where KITTI's car was: one line of 30 numbers per image, from GPS and inertial unit."""

from dataclasses import dataclass
from math import cos, log, pi, radians, tan
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.data.rigid import from_angles

EARTH_RADIUS = 6378137.0
"""[m]: half the larger axis of WGS 84, the sphere that KITTI's Mercator projection uses."""
NUMBERS = 30
"""Of a line; the first six are the pose, the ninth is the speed."""


@dataclass(frozen=True)
class Oxts:
    """One moment of the inertial unit."""

    latitude: float
    """[degrees]."""
    longitude: float
    """[degrees]."""
    altitude: float
    """[m]."""
    roll: float
    """About the car's forward axis [rad]."""
    pitch: float
    """About the axis to its left [rad]."""
    yaw: float
    """About the upward axis, 0 is east [rad]."""
    speed: float
    """Forwards [m/s]."""

    def T_imu_to_world(self, scale: float) -> np.ndarray:
        """Pose in a Mercator projection: x east, y north, z up, (4, 4) float64 [m].

        Args:
            scale: of the projection, see `mercator_scale`; one for a whole drive.
        """
        east = scale * EARTH_RADIUS * radians(self.longitude)
        north = scale * EARTH_RADIUS * log(tan(pi / 4 + radians(self.latitude) / 2))
        return from_angles(np.array([[east, north, self.altitude, self.roll, self.pitch, self.yaw]]))[0]


def read_oxts(path: Path) -> Oxts:
    """Read one line.

    Raises:
        UserError: if it is missing, cut, not numbers, or nowhere on earth.
    """
    try:
        values = np.array(path.read_text(encoding="utf-8").split(), dtype=np.float64)
    except (OSError, ValueError) as error:
        raise UserError(path, f"not readable as {NUMBERS} numbers ({error})", "copy it again") from error
    if len(values) != NUMBERS or not np.isfinite(values).all():
        raise UserError(
            path, f"{len(values)} numbers, expected {NUMBERS} finite ones (lat lon alt ...)", "copy it again"
        )
    if abs(values[0]) >= 90:
        raise UserError(path, f"latitude {values[0]:g} is nowhere on a map", "copy it again")
    return Oxts(*values[:6].tolist(), speed=float(values[8]))


def mercator_scale(first: Oxts) -> float:
    """Scale at which the projection is true to length where a drive begins."""
    return cos(radians(first.latitude))
