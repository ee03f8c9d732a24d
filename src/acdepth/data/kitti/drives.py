"""Finding KITTI's raw drives: all of them, or those that a list in the form of Eigen's splits names."""

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from acdepth.core.errors import OnFault, UserError, raise_fault
from acdepth.data.kitti.calibration import read_rig
from acdepth.data.kitti.raw import KittiRawClip
from acdepth.data.splits import NumberedImages, find_list, open_by_list, read_lines
from acdepth.data.stored import named_pieces, split_at_gaps

SIDES = {"l": "image_02", "r": "image_03"}
"""The colour cameras, left and right."""

EXAMPLE = "2011_09_26/2011_09_26_drive_0002_sync 0000000069 l"
_LINE = re.compile(r"(\d{4}_\d\d_\d\d)/(\1_drive_\d{4}_sync)\s+(\d{1,10})\s+([lr])")


def is_kitti_raw(root: Path) -> bool:
    """Whether a folder holds days of raw drives: ``2011_09_26/calib_cam_to_cam.txt`` and the like."""
    return any((day / "calib_cam_to_cam.txt").is_file() for day in _days(Path(root)))


def split_names(root: Path) -> list[str]:
    """The lists that are there, as `open_kitti_raw` takes them."""
    folder = Path(root) / "splits"
    return [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.txt"))]


def open_kitti_raw(
    root: Path, split: str | None, on_warning: Callable[[str], object], on_fault: OnFault = raise_fault
) -> list[KittiRawClip]:
    """Open raw drives in pieces of consecutive images; pieces without a target are left out.

    Args:
        root: folder that holds the days.
        split: as `find_list` has it, of a list such as `EXAMPLE`. None opens the left colour camera only.
        on_warning: called with each warning.
        on_fault: as `open_by_list` has it.

    Raises:
        UserError: by ``on_fault``, or if nothing is found or the list cannot be understood.
    """
    root = Path(root)
    data_set = NumberedImages(
        folders=_folders,
        find_lists=find_list,
        read_list=_read_list,
        file="{:010d}.png",
        number="frame number",
        layout="DAY/DRIVE_sync/image_02/data",
        source="download their synced drives",
    )

    def open_folder(folder: str, images: dict[int, Path], targets: set[int]) -> list[KittiRawClip]:
        paths, name = list(images.values()), folder.removesuffix("/data")
        drive, _, camera = name.rpartition("/")
        rig = read_rig((root / drive).parent, camera.removeprefix("image_"), paths[0])
        return [
            KittiRawClip(piece_name, root / drive, folder, piece, rig, targets)
            for piece_name, piece in named_pieces(split_at_gaps(paths), name, on_warning)
            if any(int(path.stem) in targets for path in piece)
        ]

    return open_by_list(root, split, data_set, open_folder, on_warning, on_fault)


def _days(root: Path) -> list[Path]:
    days = root.iterdir() if root.is_dir() else ()
    return sorted(day for day in days if re.fullmatch(r"\d{4}_\d\d_\d\d", day.name))


def _folders(root: Path) -> list[str]:
    """The left colour images of all drives; raw drives that are not rectified end otherwise than in _sync."""
    drives = [drive for day in _days(root) for drive in day.glob("*_drive_*_sync")]
    return [f"{drive.relative_to(root).as_posix()}/{SIDES['l']}/data" for drive in drives]


def _read_list(path: Path) -> dict[str, set[int]]:
    frames: dict[str, set[int]] = defaultdict(set)
    for line in read_lines(path, _LINE, EXAMPLE):
        frames[f"{line[1]}/{line[2]}/{SIDES[line[4]]}/data"].add(int(line[3]))
    if not frames:
        raise UserError(path, "names no images", "download the list again")
    return dict(frames)
