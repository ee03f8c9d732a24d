"""Whether a folder is what a person says that it is: asked before anything is read."""

import os
from pathlib import Path
from typing import Literal

from acdepth.core.errors import UserError
from acdepth.data.kitti import is_lidar_folder, is_odometry_drive
from acdepth.data.layouts import LAYOUTS, data_set_around, layout_of

Kind = Literal["nuscenes", "robotcar", "kitti", "driving-stereo", "folder"]
"""What a person may say that a folder holds."""


def refuse_other_kind(root: Path, kind: Kind) -> None:
    """Refuse a folder that is not laid out as a person says.

    Raises:
        UserError: naming what it is, or what was looked for and where it may be.
    """
    found = layout_of(root)
    if found and found.name != kind:
        raise UserError(
            root, f"is laid out as {found.name}, not as {kind}", f"say acdepth data check {found.name}"
        )
    if not found and kind != "folder" and not (kind == "kitti" and _holds_benchmark(root)):
        raise UserError(root, f"is not laid out as {kind}, it lacks {_signs(kind)}", _remedy(root, kind))


def _holds_benchmark(root: Path) -> bool:
    """Whether drives of KITTI's odometry or frames of its object benchmark stand somewhere under a folder."""
    folders = (Path(parent) for parent, _, _ in os.walk(root))
    return any(is_odometry_drive(folder) or is_lidar_folder(folder) for folder in folders)


def _signs(kind: Kind) -> str:
    signs = next(layout.signs for layout in LAYOUTS if layout.name == kind)
    benchmarks = "calib.txt beside image_2 or image_0, or image_2 beside velodyne and calib"
    return f"{signs}, or {benchmarks}" if kind == "kitti" else signs


def _remedy(root: Path, kind: Kind) -> str:
    around = data_set_around(root)
    if around and around[1].name == kind:
        return f"give {around[0]}"
    return "give the folder that holds this; docs/data.md shows the whole layout"
