"""Lists of images: which frames training and evaluation are about."""

import re
from collections import defaultdict
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.data.robotcar.clip import IMAGES
from acdepth.data.splits import read_lines

FILTER_ENDING = "_filter"
"""Of a list's name without suffix: the frames that are no targets after all, as they are over-exposed."""

EXAMPLE = "2014-12-09-13-21-02/stereo/centre/1418132504537582.png"
_LINE = re.compile(rf"([^/\s]+)/{IMAGES}/(\d{{1,18}})\.png")

Times = dict[str, set[int]]
"""Time stamps of images [us] by scene."""


def read_targets(path: Path) -> Times:
    """The images of a list without those of ``NAME_filter.txt`` beside it, if there is one.

    Raises:
        UserError: if a list cannot be understood, or nothing is left.
    """
    targets = read_list(path)
    left_out = path.with_stem(path.stem + FILTER_ENDING)
    if left_out.is_file():
        for scene, times in read_list(left_out).items():
            targets.get(scene, set()).difference_update(times)
    targets = {scene: times for scene, times in targets.items() if times}
    if not targets:
        raise UserError(path, f"names no images that {left_out.name} leaves", "give another list")
    return targets


def read_list(path: Path) -> Times:
    """Read lines of ``SCENE/stereo/centre/TIME.png``; see `read_lines` for errors."""
    times: Times = defaultdict(set)
    for line in read_lines(path, _LINE, f"SCENE/{IMAGES}/TIME.png, such as {EXAMPLE}"):
        times[line[1]].add(int(line[2]))
    return dict(times)
