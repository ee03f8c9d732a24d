"""Positions and speeds that were measured beside the images: GPX, TUM and KITTI poses, CSV with times."""

import csv
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.texts import read_text
from acdepth.data.own.gps import check_units, gps_speeds, longest_hole, rows_apart
from acdepth.data.own.motion import KMH, POSE_COLUMNS, Motion, refuse_too_fast
from acdepth.data.own.times import parse_times

ALIASES = {
    **dict.fromkeys(("timestamp", "#timestamp"), "time"),
    **{"lat": "latitude", "lon": "longitude", "lng": "longitude"},
    **{"tx": "x", "ty": "y", "tz": "z"},
}
"""Other names of columns, in lower case."""
LEAST_JUMP = 0.1
"""Seconds between poses whose distance tells a jump; of nearer ones it is noise."""
FARTHEST = 1e20
"""Of any number in a file of poses: times in nanoseconds are some 1e18."""


@dataclass(frozen=True)
class Track:
    """Where the camera was, or how fast, at times of its own.

    Raises:
        UserError: if it is too short to tell motion, or jumps.
    """

    place: Path | str
    times: np.ndarray
    """(M,) float64 [s], growing."""
    positions: np.ndarray | None = None
    """(M, 3) float64 [m]: of the camera in one world frame, each to be trusted by itself."""
    speeds: np.ndarray | None = None
    """(M,) float64 [m/s], where there are no such positions; NaN if unknown."""

    def __post_init__(self) -> None:
        if len(self.times) < 2:
            what = f"too few measurements to tell motion ({len(self.times)})"
            raise UserError(self.place, what, "a track needs at least two")
        if self.positions is not None:
            rows = rows_apart(self.times, LEAST_JUMP)
            lengths = np.linalg.norm(np.diff(self.positions[rows], axis=0), axis=1)
            refuse_too_fast(self.place, lengths / np.diff(self.times[rows]), rows)
        elif self.speeds is not None:
            refuse_too_fast(self.place, self.speeds)

    def at(self, times: np.ndarray) -> Motion:
        """Motion at the times (N,) [s] of images, between measurements by straight lines.

        NaN in long holes, and outside by more than half of the usual interval.
        """
        if self.positions is not None:
            return Motion(positions=_between(self.times, self.positions, times, follow=True))
        assert self.speeds is not None
        speeds = _between(self.times, self.speeds[:, None], times, follow=False)
        return Motion(speeds=speeds[:, 0], times=times)


def _between(known: np.ndarray, values: np.ndarray, wanted: np.ndarray, follow: bool) -> np.ndarray:
    """Values (M, K) at times (M,) as values (N, K) at times (N,).

    Args:
        known: times of the values.
        values: to interpolate.
        wanted: times to interpolate at.
        follow: whether before the first and after the last they go on as there, or stay.
    """
    found = np.full((len(wanted), values.shape[1]), np.nan)
    intervals = np.diff(known)
    half = float(np.median(intervals)) / 2
    for run in np.split(np.arange(len(known)), np.flatnonzero(intervals > longest_hole(known)) + 1):
        if len(run) < 2 and follow:
            continue  # a position alone tells no motion
        moments, there = known[run], values[run]
        slopes = np.gradient(there, moments, axis=0)[[0, -1]] * follow if len(run) > 1 else 0 * there[[0, 0]]
        padded = np.concatenate([there[:1] - half * slopes[:1], there, there[-1:] + half * slopes[1:]])
        moments = np.concatenate([[moments[0] - half], moments, [moments[-1] + half]])
        inside = (wanted >= moments[0]) & (wanted <= moments[-1])
        found[inside] = np.stack([np.interp(wanted[inside], moments, column) for column in padded.T], 1)
    return found


def track_from_fixes(
    place: Path | str,
    times: np.ndarray,
    latitude: np.ndarray,
    longitude: np.ndarray,
    speeds: np.ndarray | None = None,
) -> Track:
    """A track of GPS fixes (M,) [degrees]; speeds [m/s] that the receiver tells go before its positions.

    A receiver measures speed by Doppler shift, to 0.1 m/s, while positions must be smoothed: `gps_speeds`.

    Raises:
        UserError: if these are no degrees, or speeds are in another unit.
    """
    if (np.abs(latitude) > 90).any() or (np.abs(longitude) > 360).any():
        raise UserError(place, "latitude and longitude beyond 90 and 360 degrees", "give decimal degrees")
    by_positions = gps_speeds(times, latitude, longitude)
    if speeds is None:
        return Track(place, times, speeds=by_positions)
    if not (speeds >= 0).all():
        raise UserError(place, "a speed is negative or no number", "speeds are magnitudes in m/s")
    known = ~np.isnan(by_positions)
    check_units(place, speeds[known], by_positions[known])
    return Track(place, times, speeds=speeds)


def read_gpx(path: Path) -> Track:
    """Read the points of all tracks of a GPX file, in the order of time; of equal times the first.

    Raises:
        UserError: if it is no GPX, or its points have no times.
    """
    with reading(path, "GPX"):
        content = path.read_bytes()
        if b"<!DOCTYPE" in content:  # nothing of GPX, and entities may be endless
            raise ValueError("has a document type")
        try:
            root = ElementTree.fromstring(content)
        except ElementTree.ParseError as error:
            raise ValueError(error) from error
        points = [node for node in root.iter() if _name(node) == "trkpt"]
        told = [{_name(child): child.text or "" for child in node.iter()} for node in points]
        if not all("time" in one for one in told):
            raise UserError(path, "points without time", "record or export it with times")
        times = parse_times([one["time"] for one in told])
        degrees = np.array([[node.attrib.get(one, "") for one in ("lat", "lon")] for node in points], float)
        has_speeds = all("speed" in one for one in told)
        speeds = np.array([float(one["speed"]) for one in told]) if has_speeds else None
    if len(times) < 2:
        raise UserError(path, f"{len(times)} track points", "record a track, not a route or places")
    rows = np.unique(times, return_index=True)[1]
    speeds = None if speeds is None else speeds[rows]
    latitude, longitude = degrees[rows].T
    return track_from_fixes(path, times[rows], latitude, longitude, speeds)


def _name(node: ElementTree.Element) -> str:
    """Without its namespace."""
    return str(node.tag).rsplit("}", 1)[-1]


def read_poses(path: Path, count: int) -> Motion | Track:
    """Read poses, camera to world: TUM's (time, position, quaternion a line) or KITTI's (3x4 matrices).

    Args:
        path: of the file.
        count: images; KITTI's poses have no times, so that there must be one for each.

    Raises:
        UserError: if it holds something else.
    """
    with reading(path, "poses"):
        lines = [line.split("#", 1)[0] for line in read_text(path).splitlines()]
        rows = [line.replace(",", " ").split() for line in lines if line.strip()]
        if {len(row) for row in rows} not in ({8}, {12}):
            raise ValueError(f"lines of {sorted({len(row) for row in rows})} numbers")
        values = np.array(rows, np.float64)
        if not np.isfinite(values).all():
            raise ValueError("holds numbers that are not finite")
        if np.abs(values).max() > FARTHEST:
            raise ValueError(f"holds {np.abs(values).max():.3g}, which is no place and no time")
    if values.shape[1] == 8:
        if np.abs(np.linalg.norm(values[:, 4:], axis=1) - 1).max() > 0.01:
            raise UserError(path, "quaternions whose length is not 1", "write time x y z qx qy qz qw")
        return Track(path, _growing(path, parse_times([row[0] for row in rows])), values[:, 1:4])
    if len(values) != count:
        raise UserError(
            path, f"{len(values)} poses for {count} images", "write one for each, or TUM's with times"
        )
    return Motion(positions=values[:, 3::4])


def read_csv(path: Path) -> Track | None:
    """Read a CSV file with a column ``time``; None if there is no such column.

    Beside it are read, whichever comes first: ``T_00`` ... ``T_33`` or ``x``, ``y``, ``z`` [m]; ``speed``
    [m/s] or ``speed_kmh``, perhaps with the next; ``latitude`` and ``longitude`` [degrees].

    Raises:
        UserError: if it has none of these, or something else than numbers in them.
    """
    table = _read_texts(path)
    if "time" not in table or "index" in table:
        return None
    if not table["time"]:
        raise UserError(path, "has no line below its first", "copy it again")
    with reading(path, "CSV with times", "write seconds or such as 2026-05-01T12:00:03.5Z"):
        times = _growing(path, parse_times(table["time"]))
    for names in (tuple(name.lower() for name in POSE_COLUMNS[3:12:4]), ("x", "y", "z")):
        if all(name in table for name in names):
            return Track(path, times, np.stack([_numbers(path, table, name) for name in names], 1))
    speeds = _speeds(path, table)
    if "latitude" in table and "longitude" in table:
        degrees = _numbers(path, table, "latitude"), _numbers(path, table, "longitude")
        return track_from_fixes(path, times, *degrees, speeds)
    if speeds is None:
        what = "beside time, no column speed, speed_kmh, latitude and longitude, or x, y and z"
        raise UserError(path, what, "name its columns so in the first line")
    return Track(path, times, speeds=speeds)


def _read_texts(path: Path) -> dict[str, list[str]]:
    """Cells by column, whose names are made lower case."""
    with reading(path, "CSV"):
        try:
            rows = list(csv.reader(read_text(path).splitlines(), skipinitialspace=True))
        except csv.Error as error:
            raise ValueError(error) from error
    header, *lines = [row for row in rows if row] or [[]]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        what = "its columns are not separated by commas"
        raise UserError(path, what, "write such as time,speed and numbers with a point: 12.5")
    names = [ALIASES.get(name.strip().lower(), name.strip().lower()) for name in header]
    return {
        name: [line[place] if place < len(line) else "" for line in lines] for place, name in enumerate(names)
    }


def _speeds(path: Path, table: dict[str, list[str]]) -> np.ndarray | None:
    for name, per_metre in (("speed", 1.0), ("speed_kmh", KMH)):
        if name in table:
            speeds = _numbers(path, table, name) / per_metre
            if (speeds < 0).any():
                raise UserError(path, f"{name} is negative", "speeds are magnitudes")
            return speeds
    return None


def _numbers(path: Path, table: dict[str, list[str]], name: str) -> np.ndarray:
    """(M,) float64 of one column."""
    values = np.empty(len(table[name]))
    for row, text in enumerate(table[name]):
        try:
            values[row] = float(text)
        except ValueError:
            values[row] = np.nan
        if not np.isfinite(values[row]):
            raise UserError(path, f"row {row + 1}, {name} = {text!r}: expected a finite number")
    return values


def _growing(path: Path, times: np.ndarray) -> np.ndarray:
    late = np.flatnonzero(~(np.diff(times) > 0))
    if len(late):
        raise UserError(path, f"row {late[0] + 2}: its time is not after the one before", "sort it by time")
    return times
