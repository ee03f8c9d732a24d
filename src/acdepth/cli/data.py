"""``acdepth data``: look through a download before anything is trained on it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from acdepth.core.errors import UserError

if TYPE_CHECKING:
    from acdepth.checking import CheckReport


def check(
    kind: Annotated[
        Literal["nuscenes", "robotcar", "kitti", "driving-stereo", "folder"], tyro.conf.Positional
    ],
    *,
    root: Path,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    out: Path = Path("check"),
    sample: int = 200,
) -> None:
    """Say what is there, what is missing or broken, and what looks wrong; writes check.json and sheet.png.

    Args:
        kind: nuscenes, robotcar, kitti, driving-stereo, or folder for sequence folders and videos.
        root: folder of the data set.
        split: part of it; without one all of nuScenes whose tables are there, and all of the others.
        cameras: channels of nuScenes.
        out: folder for check.json and for sheet.png, images with their measured depth drawn in.
        sample: images whose pixels and depth are read, evenly spread; 0 reads all. That every image is
            there is always checked.
    """
    from acdepth.checking import check_data
    from acdepth.data.settings import FootageChoice

    if sample < 0:
        raise UserError(f"--sample {sample}", "must be 0, for all, or a number of images")
    report = check_data(kind, root, out, FootageChoice(split=split, cameras=cameras), sample)
    for line in report.lines():
        print(line)
    Console().print(_table(report))
    if report.faults:
        raise UserError(None, f"{_count(report.faults, 'fault')}, listed above and in {out / 'check.json'}")
    pictures = f"; look at {out / 'sheet.png'}" if report.has_sheet else ""
    print(f"{root}: no faults, {_count(report.doubts, 'doubt')}{pictures}")


def _table(report: "CheckReport") -> Table:
    table = Table(
        title=f"{report.kind}: {report.root}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
    )
    for name in ("split", "condition"):
        table.add_column(name, no_wrap=True)
    for name in ("sequences", "images", "targets", "hours", "measured", "points", "depth"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report.inventory:
        table.add_row(
            row.split,
            row.condition.value,
            f"{row.sequences}",
            f"{row.images}",
            f"{row.targets}",
            "?" if row.hours is None else f"{row.hours:.3f}",
            f"{row.measured} of {row.looked_at}",
            "" if row.points is None else f"{row.points:.0f}",
            "" if row.depth is None else f"{row.depth:.1f} m",
        )
    return table


def _count(things: list, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
