"""Speeds from fixes of a GPS receiver, whose positions are metres wrong while their changes are not."""

from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.data.own.motion import FASTEST
from acdepth.data.stored import LONGEST_PAUSE

LEAST_STEP = 0.9
"""Seconds between fixes whose distance counts: of nearer ones most is noise."""
WINDOW = 1.0
"""Seconds before and after a fix over which its speed is a mean."""
CRAWLING = 0.5, 1.5
"""[m/s]: between these, half a metre of noise a second is a third of the speed or more, so that it counts as
unknown. Below, the camera stands as far as anyone can tell."""
RATIO_OF_SPEEDS = 0.5, 2.0
"""Of speeds that are told and those by few or slow positions, which are mostly noise."""
STEADY, ENOUGH = 5.0, 10
"""From so many fixes on that are at least so fast [m/s], noise of 2 m in each position moves the median ratio
by less than a tenth."""
RATIO_OF_STEADY_SPEEDS = 0.8, 1.25
"""The same ratio of these."""
UNITS_OF_SPEED = {"km/h": 3.6, "miles per hour": 2.237, "knots": 1.944}
"""How many of them are 1 m/s."""
SAME_UNIT = 1.07
"""Up to this factor from a unit's ratio, speeds look like it; half the way from knots to miles per hour."""


def gps_speeds(times: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """(M,) float64 [m/s]: speed at each fix, NaN where there is none to be had.

    It is the way along the fixes, in steps of at least `LEAST_STEP`, in the seconds around. Noise of half a
    metre between neighbouring seconds makes 0.25 m/s of it; a straight line between two positions a tenth of
    a second apart would make it 5 m/s. Steps cut a tight bend (6 m radius at 5 m/s) short by 3 %. The height
    is left out: it is the noisiest of the three, and on a slope of 10 % makes 0.5 %. Around a jump, and where
    there were no fixes for long, nothing is known.

    Args:
        times: (M,) [s], growing.
        latitude: (M,) [degrees].
        longitude: (M,) [degrees].
    """
    rows = rows_apart(times, LEAST_STEP)
    moments = times[rows]
    if len(rows) < 2:
        return np.full(len(times), np.nan)
    durations = np.diff(moments)
    steps = _steps(latitude[rows], longitude[rows])
    unknown = (durations > longest_hole(moments)) | (steps > FASTEST * durations)
    way, lost = (
        np.concatenate([[0.0], np.cumsum(one)]) for one in (np.where(unknown, 0, steps), unknown * durations)
    )
    start, end = (np.clip(times + shift, moments[0], moments[-1]) for shift in (-WINDOW, WINDOW))
    speeds = (np.interp(end, moments, way) - np.interp(start, moments, way)) / (end - start)
    speeds[np.interp(end, moments, lost) - np.interp(start, moments, lost) > 1e-6] = np.nan
    speeds[(speeds > CRAWLING[0]) & (speeds < CRAWLING[1])] = np.nan
    return speeds


def check_units(place: Path | str, told: np.ndarray, by_positions: np.ndarray) -> None:
    """Refuse speeds (M,) that are told in another unit than positions give them in.

    Raises:
        UserError: if they differ by a factor; see `RATIO_OF_STEADY_SPEEDS` and `RATIO_OF_SPEEDS`.
    """
    both, (low, high) = by_positions > CRAWLING[1], RATIO_OF_SPEEDS
    if (by_positions > STEADY).sum() >= ENOUGH:
        both, (low, high) = by_positions > STEADY, RATIO_OF_STEADY_SPEEDS
    if not both.any():
        return
    ratio = float(np.median(told[both] / by_positions[both]))
    if not low <= ratio <= high:
        off = {
            unit: max(ratio / per_metre, per_metre / max(ratio, 1e-9))
            for unit, per_metre in UNITS_OF_SPEED.items()
        }
        unit = min(off, key=lambda one: off[one])
        looks = f", which looks like {unit}" if off[unit] <= SAME_UNIT else ""
        what = f"its speeds are {ratio:.3g} times those by its positions{looks}"
        raise UserError(place, what, "give speeds in m/s (in CSV speed_kmh for km/h), or leave them out")


def rows_apart(times: np.ndarray, least: float) -> np.ndarray:
    """Numbers of rows, the first and then each that is at least so many seconds after the one before."""
    rows = [0]
    while True:
        following = int(np.searchsorted(times, times[rows[-1]] + least))
        if following >= len(times):
            return np.array(rows)
        rows.append(following)


def longest_hole(times: np.ndarray) -> float:
    """Seconds between measurements at (M,) [s] up to which what lies between them is known."""
    return max(LONGEST_PAUSE * float(np.median(np.diff(times))), 1.0)


def _steps(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """(M - 1,) [m]: along the ellipsoid WGS 84 from each fix to the next."""
    phi = np.radians(latitude)
    middle = (phi[1:] + phi[:-1]) / 2
    semi_major, eccentricity2 = 6378137.0, 6.69437999014e-3
    root = 1 - eccentricity2 * np.sin(middle) ** 2
    east = np.radians((np.diff(longitude) + 180) % 360 - 180) * semi_major / np.sqrt(root) * np.cos(middle)
    north = np.diff(phi) * semi_major * (1 - eccentricity2) / root**1.5
    return np.hypot(east, north)
