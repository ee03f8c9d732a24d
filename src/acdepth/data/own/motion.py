"""How the camera of a drive moved, and ``motion.csv``, which says it."""

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.texts import read_text

FASTEST = 60.0
"""[m/s]; what moves faster is a jump or in another unit."""
KMH = 3.6
"""Of them make 1 m/s."""
POSE_COLUMNS = tuple(f"T_{row}{column}" for row in range(4) for column in range(4))


@dataclass(frozen=True)
class Motion:
    """Motion of the camera, one row per image."""

    positions: np.ndarray | None = None
    """(N, 3) float64 [m]: camera centres in one world frame."""
    speeds: np.ndarray | None = None
    """(N,) float64 [m/s]."""
    times: np.ndarray | None = None
    """(N,) float64 [s]: when each image was taken; speeds need them."""

    @property
    def kind(self) -> Literal["poses", "speeds"]:
        """What lengths come from."""
        return "speeds" if self.positions is None else "poses"

    def known(self) -> np.ndarray:
        """(N,) bool: of which images it is known how the camera moved."""
        values = self.speeds if self.positions is None else self.positions[:, 0]
        return np.zeros(0, bool) if values is None else ~np.isnan(values)

    def distance(self, index: int, other: int) -> float | None:
        """Metres between two images, NaN of either as None.

        Of positions the straight line; of speeds the way, each interval at the mean of its two speeds.
        """
        if self.positions is not None:
            length = float(np.linalg.norm(self.positions[index] - self.positions[other]))
        elif self.speeds is not None and self.times is not None:
            first, last = sorted((index, other))
            speeds, times = self.speeds[first : last + 1], self.times[first : last + 1]
            length = float(np.sum((speeds[1:] + speeds[:-1]) / 2 * np.diff(times)))
        else:
            return None
        return None if np.isnan(length) else length


def read_motion(path: Path, count: int, numbers: list[int] | None, times: np.ndarray | None) -> Motion:
    """Read ``motion.csv``: a header, then one row per image with ``index``, ``speed`` and perhaps a pose.

    ``index`` counts the images from 0 or is the number in the image's name; by that number rows of missing
    images are left out. ``speed`` is in m/s, ``speed_kmh`` in km/h; ``T_00`` ... ``T_33`` are a
    camera-to-world matrix in metres.

    Args:
        path: the file.
        count: images.
        numbers: in the images' names, if the names count frames.
        times: (N,) [s]: when each image was taken.

    Raises:
        UserError: naming the file, the row and what is wrong with it.
    """
    columns = _read_columns(path)
    rows = _rows_of_images(path, columns["index"], count, numbers)
    if all(name in columns for name in POSE_COLUMNS):
        return Motion(positions=np.stack([columns[f"T_{axis}3"][rows] for axis in range(3)], 1))
    if "speed" not in columns and "speed_kmh" not in columns:
        what = "needs a column speed [m/s] or speed_kmh, or T_00 ... T_33 (camera-to-world, metres)"
        raise UserError(path, what)
    if times is None:
        raise UserError(path, "speeds need frame_rate (images per second) in camera.yaml")
    speeds = columns["speed"] if "speed" in columns else columns["speed_kmh"] / KMH
    if (speeds < 0).any():
        raise UserError(path, "speed is negative", "speeds are magnitudes in m/s")
    refuse_too_fast(path, speeds)
    return Motion(speeds=speeds[rows], times=times)


def refuse_too_fast(place: Path | str, speeds: np.ndarray, rows: np.ndarray | None = None) -> None:
    """Refuse speeds (M,) [m/s] that no car drives.

    Args:
        place: the file.
        speeds: NaN if unknown.
        rows: (M,) int: which measurement each begins at; by default its own.

    Raises:
        UserError: naming the first that is faster than `FASTEST`.
    """
    if len(fast := np.flatnonzero(speeds > FASTEST)):
        first = int(fast[0])
        after = (first if rows is None else int(rows[first])) + 1
        what = f"{speeds[first]:.3g} m/s at measurement {after}, expected at most {FASTEST:g}"
        raise UserError(place, what, "give metres and seconds, and cut the track where it jumps")


def _read_columns(path: Path) -> dict[str, np.ndarray]:
    try:
        reader = csv.DictReader(StringIO(read_text(path)), skipinitialspace=True)
        header = list(reader.fieldnames or [])
        if "index" not in header:
            raise UserError(path, "no column index or time", "the first line must be index,speed,...")
        rows = [[_number(path, reader.line_num, name, row[name]) for name in header] for row in reader]
    except (OSError, csv.Error) as error:
        raise UserError(path, f"not readable as CSV ({error})") from error
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(header))
    return dict(zip(header, table.T, strict=True))


def _number(path: Path, line: int, name: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UserError(path, f"line {line}, {name} = {text!r}: expected a finite number")
    return value


def _rows_of_images(path: Path, index: np.ndarray, count: int, numbers: list[int] | None) -> np.ndarray:
    """Which row belongs to each image."""
    if len(index) == count and np.array_equal(index, np.arange(count)):
        return np.arange(count)
    if numbers and len(index) and index[0] <= numbers[0] and index[-1] >= numbers[-1]:
        row_of = {int(number): row for row, number in enumerate(index)}
        if len(index) <= numbers[-1] - numbers[0] + 1 and all(number in row_of for number in numbers):
            return np.array([row_of[number] for number in numbers])
    remedy = "write one row per image, index 0, 1, 2, ... or the number in the image's name"
    raise UserError(path, f"{len(index)} rows for {count} images", remedy)
