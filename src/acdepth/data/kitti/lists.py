"""Lists of raw images, in the form that Eigen's splits are passed on in."""

import re
from collections import defaultdict
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.data.splits import read_lines

SIDES = {"l": "image_02", "r": "image_03"}
"""The colour cameras, left and right."""

_LINE = re.compile(r"(\d{4}_\d\d_\d\d)/(\1_drive_\d{4}_sync)\s+(\d{1,10})\s+([lr])")

Frames = dict[tuple[str, str], set[int]]
"""Numbers of images by drive (``DAY/DRIVE``) and image folder."""


def read_list(path: Path) -> Frames:
    """Read lines of ``DAY/DRIVE NUMBER SIDE``; blank lines may stand between them.

    Raises:
        UserError: naming the line that is something else, or if there is none.
    """
    frames: Frames = defaultdict(set)
    for number, line in enumerate(read_lines(path), start=1):
        parts = _LINE.fullmatch(line.strip())
        if parts:
            frames[f"{parts[1]}/{parts[2]}", SIDES[parts[4]]].add(int(parts[3]))
        elif line.strip():
            raise UserError(
                path,
                f"line {number}, {line.strip()!r}: expected 2011_09_26/2011_09_26_drive_0002_sync "
                "0000000069 l",
            )
    if not frames:
        raise UserError(path, "names no images", "download the list again")
    return dict(frames)
