"""Opening what can be opened of what a person says is there: a damaged drive does not hide the others."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from acdepth.checking.findings import Findings
from acdepth.core.clip import Clip
from acdepth.core.errors import OnFault, UserError, telling
from acdepth.data.folder import open_data
from acdepth.data.kitti.benchmarks import is_lidar_folder, is_odometry_drive
from acdepth.data.layouts import LAYOUTS, Layout, data_set_around, layout_of
from acdepth.data.settings import FootageChoice

Kind = Literal["nuscenes", "robotcar", "kitti", "cityscapes", "acdc", "driving-stereo", "folder"]
"""What a person may say that a folder holds."""
WHOLE = "all"
"""Name of the part that a list chooses nothing from."""


@dataclass(frozen=True)
class Part:
    """Footage of one split."""

    split: str
    """Its name; `WHOLE` where none was asked for."""
    clips: list[Clip]


def refuse_other_kind(root: Path, kind: Kind) -> None:
    """Refuse a folder that is not laid out as a person says.

    Raises:
        UserError: naming what it is, or what was looked for and where it may be.
    """
    found = layout_of(root)
    if found and found.name != kind:
        told = f"is laid out as {found.name}, not as {kind}"
        raise UserError(root, told, f"say acdepth data check {found.name}")
    if found or kind == "folder" or (kind == "kitti" and _holds_benchmark(root)):
        return
    signs = next(layout.signs for layout in LAYOUTS if layout.name == kind)
    if kind == "kitti":
        signs += ", or calib.txt beside image_2 or image_0, or image_2 beside velodyne and calib"
    around = data_set_around(root)
    remedy = "give the folder that holds this; docs/data.md shows the whole layout"
    if around and around[1].name == kind:
        remedy = f"give {around[0]}"
    raise UserError(root, f"is not laid out as {kind}, it lacks {signs}", remedy)


def open_parts(root: Path, kind: Kind, choice: FootageChoice, findings: Findings) -> list[Part]:
    """Open the footage under a folder: the split that is asked for, else all of it, and each list by itself.

    What cannot be opened becomes a fault, a warning becomes a doubt.
    """
    doubt, layout = partial(findings.doubt, "footage"), layout_of(root)
    if layout and layout.splits:
        return _open_splits(root, layout, choice, doubt, findings)
    clips: list[Clip] = []
    with telling(findings.fault):
        clips = open_data(root, doubt, choice=choice, on_fault=findings.fault)
    return [Part(choice.split or WHOLE, clips)]


def distinct(parts: Sequence[Part]) -> list[Clip]:
    """Each clip once, as the same images may be part of several splits."""
    return list({one.name: one for part in reversed(parts) for one in reversed(part.clips)}.values())[::-1]


def _holds_benchmark(root: Path) -> bool:
    """Whether drives of KITTI's odometry or frames of its object benchmark stand somewhere under a folder."""
    folders = (Path(parent) for parent, _, _ in os.walk(root))
    return any(is_odometry_drive(folder) or is_lidar_folder(folder) for folder in folders)


def _open_splits(
    root: Path, layout: Layout, choice: FootageChoice, doubt: Callable[[str], object], findings: Findings
) -> list[Part]:
    """The split that is asked for, else all that are there.

    Lists choose among more images, so the whole comes before them; a list that nobody asked for and that does
    not fit is only doubted, as a download brings many. A split of no other clips than those before is left
    out.
    """

    def part(split: str | None, on_fault: OnFault) -> Part:
        chosen = choice.model_copy(update={"split": split})
        with telling(on_fault):
            return Part(split or WHOLE, list(layout.open(root, chosen, doubt, on_fault)))
        return Part(split or WHOLE, [])

    if choice.split is not None:
        return [part(choice.split, findings.fault)]
    names = layout.splits(root) if layout.splits else []
    if layout.takes_lists:
        whole = part(None, findings.fault)
        of_lists = [part(name, lambda error: findings.doubt("lists", str(error))) for name in names]
        return [whole, *(one for one in of_lists if one.clips)]
    parts, known = [], set[str]()
    for one in (part(name, findings.fault) for name in names):
        if not known.issuperset(clip.name for clip in one.clips):
            parts.append(one)
            known.update(clip.name for clip in one.clips)
    return parts
