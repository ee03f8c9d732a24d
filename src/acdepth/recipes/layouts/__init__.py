"""The built-in world in other data sets' clothes, so that every reader and protocol runs end to end."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from acdepth.core.errors import UserError
from acdepth.recipes.layouts.drives import WorldDrive, read_drives
from acdepth.recipes.layouts.kitti import write_kitti
from acdepth.recipes.layouts.nuscenes import write_nuscenes
from acdepth.recipes.layouts.robotcar import write_robotcar

Layout = Literal["nuscenes", "robotcar", "kitti"]
Writer = Callable[[list[WorldDrive], Path, frozenset[int], Callable[[], object]], None]

WRITERS: dict[Layout, Writer] = {
    "nuscenes": write_nuscenes,
    "robotcar": write_robotcar,
    "kitti": write_kitti,
}

__all__ = ["Layout", "WorldDrive", "export_world", "read_drives"]


def export_world(
    drives: list[WorldDrive],
    out: Path,
    layout: Layout,
    evaluation: Sequence[int],
    progress: Callable[[], object] = lambda: None,
) -> None:
    """Write drives of the world as a data set.

    Args:
        drives: of any towns and conditions.
        out: root of the new data set; must not be there, or be empty.
        layout: whose.
        evaluation: towns of the evaluation split; the others are for training.
        progress: called once per finished image.

    Raises:
        UserError: if ``out`` holds something, or a split would be empty.
    """
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out}: is not empty; give a folder of its own")
    towns, measured = {drive.town for drive in drives}, frozenset(evaluation)
    if unknown := sorted(measured - towns):
        raise UserError(f"--evaluation: town {unknown[0]} is not in the data; there are {sorted(towns)}")
    if not measured or measured == towns:
        raise UserError("--evaluation: name some of the towns, and leave some for training")
    WRITERS[layout](drives, out, measured, progress)
