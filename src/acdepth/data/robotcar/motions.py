"""``poses_synchronized.json``: how the car moved from each image to the one before and the one after it."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_text
from acdepth.data.rigid import is_rigid

POSES = "poses_synchronized.json"
PREVIOUS, NEXT = 0, 1
_KEYS = "pose_to_prev", "pose_to_next"

Motions = dict[int, np.ndarray]
"""By time [us] of an image: the car at the previous and next one in its frame at this one, (2, 4, 4) [m]."""


def refuse_former(scene: Path) -> None:
    """Refuse a scene that acdepth prepared before it knew md4all's files, which had one pose per image.

    Raises:
        UserError: saying so.
    """
    file = scene / POSES
    if file.is_file():
        with file.open("rb") as stream:
            if stream.read(64).lstrip()[:1] == b"{":
                told = "is of acdepth's own former layout, which md4all's readers cannot read"
                raise UserError(file, told, "make the scene again with acdepth data prepare robotcar")


def read_motions(scene: Path) -> Motions:
    """Read them; none where there is no file, as measuring needs none.

    Raises:
        UserError: if the file holds something else.
    """
    file = scene / POSES
    if not file.exists():
        return {}
    refuse_former(scene)
    values = read_json(file)
    try:
        times = [int(entry["timestamp"]) for entry in values]
        T = np.array([[entry[key] for key in _KEYS] for entry in values], dtype=np.float64)
        T = T.reshape(len(times), 2, 4, 4)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        told = f"not a list of timestamp, {' and '.join(_KEYS)} (4x4)"
        raise UserError(file, told, "make or download it again") from error
    if not is_rigid(T):
        raise UserError(file, "holds matrices that are no rigid motions", "make or download it again")
    return dict(zip(times, T, strict=True))


def write_motions(scene: Path, motions: Mapping[int, np.ndarray]) -> None:
    """Write them; each is (2, 4, 4) [m]."""
    entries = [
        {"timestamp": time, **dict(zip(_KEYS, T.tolist(), strict=True))} for time, T in motions.items()
    ]
    write_text(scene / POSES, json.dumps(entries) + "\n")
