"""md4all's lists: which images of a scene are trained on or measured, and what stands beside them in time."""

import re
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.data.splits import read_lines

SPLITS = "splits"
FILTER = "filter/filter_train_samples.txt"
"""Images of the training lists that are left out: over-exposed ones and those of a car that stands."""

Line = tuple[int, ...]
"""Time stamps [us] of the previous, the current and the next image, or of the current one alone."""

_NAME = re.compile(r"([^_/]+)_(.+?)(?:_stride_1)?")
_THREE = re.compile(r"(\d{1,18})(?:\s+(\d{1,18})\s+(\d{1,18}))?")
_FIRST = re.compile(r"(\d{1,18})(?:\s.*)?")
_STAMP = re.compile(r"(\d{1,18})")
_EXAMPLE = "time stamps of the previous, the current and the next image, or of the current one"
_NAMED = "name it as in 2014-12-09-13-21-02_train_stride_1.txt"


def current(line: Line) -> int:
    """The time stamp of the image that a line is about."""
    return line[len(line) // 2]


def split_names(root: Path) -> list[str]:
    """The splits that a data set has lists of, such as test, train, val."""
    found = (_NAME.fullmatch(path.stem) for path in (Path(root) / SPLITS).glob("*.txt"))
    return sorted({match[2] for match in found if match})


def find_lists(root: Path, split: str) -> list[Path]:
    """The lists that ``split`` means: those of this name of all scenes, or one by its path.

    Raises:
        UserError: if there is none.
    """
    lists = sorted((Path(root) / SPLITS).glob("*.txt"))
    named = [path for path in lists if (found := _NAME.fullmatch(path.stem)) and found[2] == split]
    if named:
        return named
    if Path(split).is_file():
        return [Path(split)]
    known = ", ".join(split_names(root)) or "no list of a scene and split"
    told = f"no such split in {Path(root) / SPLITS}, which has {known}"
    raise UserError(split, told, f"give the path of a list, or {_NAMED}")


def list_of(path: Path) -> tuple[str, str]:
    """Scene and split that a list is of, by its name.

    Raises:
        UserError: if its name says none.
    """
    found = _NAME.fullmatch(path.stem)
    if not found:
        raise UserError(path, "its name says no scene and split", _NAMED)
    return found[1], found[2]


def read_list(path: Path) -> list[Line]:
    """The lines of a list.

    Raises:
        UserError: if it cannot be read, or naming the line that is something else.
    """
    if list_of(path)[1] == "test":
        return [(int(line[1]),) for line in read_lines(path, _FIRST, "a time stamp")]
    lines = list[Line]()
    for found in read_lines(path, _THREE, _EXAMPLE):
        line = tuple(map(int, filter(None, found.groups())))
        if list(line) != sorted(set(line)):
            told = f"{found.string!r}: its time stamps do not increase"
            raise UserError(path, told, "give the previous, the current and the next image")
        lines.append(line)
    return lines


def read_filter(path: Path) -> set[int]:
    """Time stamps of the images that `FILTER` leaves out.

    Raises:
        UserError: if it cannot be read, or naming the line that is something else.
    """
    return {int(line[1]) for line in read_lines(path, _STAMP, "a time stamp")}


def read_targets(root: Path, path: Path) -> list[Line]:
    """The lines of a list without those that the filter of training images leaves out, if there is one.

    Raises:
        UserError: if a file cannot be understood, or nothing is left.
    """
    named, left_out = read_list(path), Path(root) / FILTER
    filtered = read_filter(left_out) if list_of(path)[1] == "train" and left_out.is_file() else set[int]()
    lines = [line for line in named if current(line) not in filtered]
    if not lines:
        told = f"names no images that {FILTER} leaves" if named else "names no images"
        raise UserError(path, told, "give another list")
    return lines
