"""The built-in world in other data sets' clothes, so that every reader and protocol runs end to end."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.acdc import CONDITIONS as OF_ACDC
from acdepth.recipes.layouts.acdc import write_acdc
from acdepth.recipes.layouts.cityscapes import write_cityscapes
from acdepth.recipes.layouts.drives import WorldDrive, read_drives
from acdepth.recipes.layouts.kitti import write_kitti
from acdepth.recipes.layouts.nuscenes import write_nuscenes
from acdepth.recipes.layouts.robotcar import write_robotcar

Layout = Literal["nuscenes", "robotcar", "kitti", "cityscapes", "acdc"]
Writer = Callable[[list[WorldDrive], Path, frozenset[int], Callable[[], object]], None]

WRITERS: dict[Layout, Writer] = {
    "nuscenes": write_nuscenes,
    "robotcar": write_robotcar,
    "kitti": write_kitti,
    "cityscapes": write_cityscapes,
    "acdc": write_acdc,
}
CONDITIONS: dict[Layout, frozenset[Condition]] = {
    "nuscenes": frozenset(Condition),
    "robotcar": frozenset({Condition.CLEAR, Condition.NIGHT}),
    "kitti": frozenset({Condition.CLEAR}),
    "cityscapes": frozenset({Condition.CLEAR, Condition.FOG}),
    "acdc": frozenset({Condition.CLEAR, *OF_ACDC}),
}
"""What a layout has a place for."""

__all__ = ["Layout", "WorldDrive", "export_world", "keep_drives", "read_drives"]


def keep_drives(drives: list[WorldDrive], layout: Layout) -> list[WorldDrive]:
    """The drives that a layout has a place for, by their condition."""
    return [drive for drive in drives if drive.condition in CONDITIONS[layout]]


def export_world(
    drives: list[WorldDrive],
    out: Path,
    layout: Layout,
    evaluation: Sequence[int],
    progress: Callable[[], object] = lambda: None,
) -> None:
    """Write drives of the world as a data set; a warning names the conditions that are left out.

    Args:
        drives: of any towns and conditions; see `keep_drives`.
        out: root of the new data set; must not be there, or be empty.
        layout: whose.
        evaluation: towns of the evaluation split; the others are for training.
        progress: called after each image.

    Raises:
        UserError: if ``out`` holds something, or a split would be empty.
    """
    if out.exists() and not out.is_dir():
        raise UserError(out, "is no folder", "give a folder of its own")
    if out.is_dir() and any(out.iterdir()):
        raise UserError(out, "is not empty", "give a folder of its own")
    towns, measured = {drive.town for drive in drives}, frozenset(evaluation)
    if unknown := sorted(measured - towns):
        raise UserError("--evaluation", f"town {unknown[0]} is not in the data", f"there are {sorted(towns)}")
    if not measured or measured == towns:
        raise UserError("--evaluation", "name some of the towns, and leave some for training")
    kept = keep_drives(drives, layout)
    if not any(drive.town in measured for drive in kept):
        raise UserError(out, f"evaluation towns have no drive that {layout} has a place for", "make some")
    if not any(drive.condition is Condition.CLEAR for drive in kept if drive.town not in measured):
        raise UserError(out, "training towns have no clear drive to learn from", "make some")
    if left_out := sorted({drive.condition for drive in drives} - CONDITIONS[layout]):
        logging.getLogger("acdepth").warning(f"{layout} has no {', '.join(left_out)}: left out")
    WRITERS[layout](kept, out, measured, progress)
