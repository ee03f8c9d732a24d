"""Visual odometry: where the car was at any time that ``vo.csv`` covers.

A row holds two time stamps and the motion between their images, understood as the RobotCar SDK chains them:
as the pose of the car at the later one in its frame at the earlier one, so that driving forwards is positive
x. The earlier one may stand in either column.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.texts import as_table, read_text
from acdepth.data.rigid import from_angles, part_of

COLUMNS = 8
"""source_timestamp, destination_timestamp, x, y, z, roll, pitch, yaw."""


@dataclass(frozen=True)
class Poses:
    """Where the car was at some times."""

    T_vehicle_to_world: np.ndarray
    """(N, 4, 4) float64 [m]; NaN where the odometry tells nothing."""
    stretch: np.ndarray
    """(N,) int: number of the unbroken stretch that the time is in; -1 where the odometry tells nothing.
    Poses of different stretches are not to be compared."""


@dataclass(frozen=True)
class Odometry:
    """Rows of ``vo.csv`` in the order of time."""

    earlier: np.ndarray
    later: np.ndarray
    """(N,) int64 [us] each: where each row begins and ends."""
    T_later_to_earlier: np.ndarray
    """(N, 4, 4) float64 [m]."""
    T_earlier_to_world: np.ndarray
    """(N, 4, 4) float64 [m]; the world is the car where the first row begins."""
    stretch: np.ndarray
    """(N,) int: counts up where a row does not begin where the one before it ends."""

    @property
    def breaks(self) -> int:
        """How often the rows do not follow each other."""
        return int(self.stretch[-1])

    def at(self, times: np.ndarray, held: bool = False) -> Poses:
        """Poses at times (N,) int64 [us].

        Between two images the car moves at steady speed; ``held`` keeps it where it was at the first, as the
        RobotCar SDK in Python does, since it divides time stamps as whole numbers. A moment at which a
        stretch begins after a break has none: its image follows one of the stretch before, and nobody shall
        measure across the break.
        """
        row = np.minimum(np.searchsorted(self.later, times), len(self.later) - 1)
        covered = (times > self.earlier[row]) & (times <= self.later[row]) | (times == self.earlier[0])
        part = (times - self.earlier[row]) / (self.later[row] - self.earlier[row])
        part = np.floor(part) if held else part
        T = self.T_earlier_to_world[row] @ part_of(self.T_later_to_earlier[row], part)
        T[~covered] = np.nan
        return Poses(T, np.where(covered, self.stretch[row], -1))


def read_odometry(path: Path) -> Odometry:
    """Read ``vo.csv``.

    Raises:
        UserError: if it cannot be read, or its rows are not in the order of time.
    """
    with reading(path, "visual odometry"):
        rows = as_table(read_text(path).partition("\n")[2], ",")
    if not len(rows) or rows.shape[1] != COLUMNS or not np.isfinite(rows).all():
        told = f"{len(rows)} rows of {rows.shape[1]}, expected {COLUMNS} finite numbers"
        raise UserError(path, told, "copy it again")
    # A float64 holds microseconds since 1970 exactly.
    earlier, later = np.sort(rows[:, :2].astype(np.int64), axis=1).T
    wrong = np.flatnonzero((earlier == later) | (np.r_[earlier[0], later[:-1]] > earlier))
    if wrong.size:
        raise UserError(path, f"line {wrong[0] + 2} is not in the order of time", "copy it again")
    T_later_to_earlier = from_angles(rows[:, 2:])
    stretch = np.cumsum(np.r_[earlier[0], later[:-1]] != earlier)
    return Odometry(earlier, later, T_later_to_earlier, _chained(T_later_to_earlier), stretch)


def _chained(T_later_to_earlier: np.ndarray) -> np.ndarray:
    """T_earlier_to_world of each row: the motions before it, one after another."""
    T_to_world = np.tile(np.eye(4), (len(T_later_to_earlier), 1, 1))
    for number, T in enumerate(T_later_to_earlier[:-1]):
        T_to_world[number + 1] = T_to_world[number] @ T
    return T_to_world
