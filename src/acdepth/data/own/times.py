"""When images were taken and things were measured: seconds, whatever clock and unit people wrote."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.texts import read_text
from acdepth.data.own.clip import Description
from acdepth.data.own.source import Source

CLOCK_BEGINS = 1e8
"""Larger seconds count from 1970; smaller ones from an origin of their own: no drive takes three years."""
UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From such numbers on, times since 1970 are in nano-, micro- or milliseconds: how many make a second."""
STAMPED_NAME = re.compile(r"(?<!\d)(1\d{9}\.\d+|1\d{15}|1\d{18})$")
"""Of a file, at the end: seconds with a fraction, micro- or nanoseconds, of 2001 to 2033. Dates written as
digits begin with a 2."""


def times_of(source: Source, description: Description) -> np.ndarray | None:
    """(N,) float64 [s]: when each image was taken, or should have been by the frame rate."""
    times, rate = source.times(), description.frame_rate
    if times is None and rate:
        return np.arange(len(source)) / rate
    return times


def read_times(path: Path, count: int) -> np.ndarray | None:
    """``times.txt``: a line per image, see `parse_times`; None if there is no such file.

    Raises:
        UserError: if it holds something else, too few lines, or times that do not grow.
    """
    if not path.exists():
        return None
    with reading(path, "seconds, a line per image"):
        lines = [line for line in read_text(path).splitlines() if line.strip()]
        times = parse_times(lines)
    if len(times) != count:
        raise UserError(path, f"{len(times)} times for {count} images", "write a line per image")
    if (np.diff(times) <= 0).any():
        raise UserError(path, "its times do not grow", "write seconds in the order of the images")
    return times


def times_of_names(paths: Sequence[Path]) -> np.ndarray | None:
    """(N,) float64 [s] since 1970, if the names of all images end in time stamps, as exports of bags do.

    Raises:
        UserError: if they do not grow in the order of the names.
    """
    ends = [STAMPED_NAME.search(path.stem) for path in paths]
    if not all(ends):
        return None
    times = in_seconds(np.array([end[1] for end in ends if end], np.float64))
    if len(late := np.flatnonzero(np.diff(times) <= 0)):
        what = f"its name is a time that is not after the one of {paths[late[0]].name}"
        raise UserError(paths[late[0] + 1], what, "write the same number of digits in all names")
    return times


def parse_times(texts: Sequence[str]) -> np.ndarray:
    """(N,) float64 [s] of numbers, or of ISO 8601 such as ``2026-05-01T12:00:03.5Z``.

    Numbers are seconds from any origin, or, if that large, milli-, micro- or nanoseconds since 1970. Where no
    zone is said, it is UTC.

    Raises:
        ValueError: if one is neither, or not finite.
    """
    times = np.array([_number_of_time(text.strip()) for text in texts], np.float64)
    if not np.isfinite(times).all():
        raise ValueError("a time that is not finite")
    return in_seconds(times)


def in_seconds(times: np.ndarray) -> np.ndarray:
    """Times (N,) in whatever unit their size tells, as seconds."""
    largest = times.max(initial=0.0)
    return times / next((per_second for least, per_second in UNITS if largest >= least), 1.0)


def is_clock(times: np.ndarray) -> bool:
    """Whether times (N,) [s] count from 1970."""
    return bool(times[0] >= CLOCK_BEGINS)


def tell_range(times: np.ndarray) -> str:
    """The first and the last time, as people write them."""
    first, last = (
        datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if is_clock(times)
        else f"{time:.3f} s"
        for time in (float(times[0]), float(times[-1]))
    )
    return f"{first} to {last}"


def _number_of_time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
