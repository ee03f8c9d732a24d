"""Finding KITTI's raw drives: all of them, or those that a list names."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.data.faults import OnFault, raise_fault
from acdepth.data.kitti.lists import Frames, read_list
from acdepth.data.kitti.raw import KittiRawClip
from acdepth.data.kitti.rig import read_rig
from acdepth.data.splits import find_list, tell_missing
from acdepth.data.stored import list_images, split_at_gaps

Images = dict[int, Path]
"""Images of one camera in one drive by number, in order."""


def is_kitti_raw(root: Path) -> bool:
    """Whether a folder holds days of raw drives: ``2011_09_26/calib_cam_to_cam.txt`` and the like."""
    return any((day / "calib_cam_to_cam.txt").is_file() for day in _days(Path(root)))


def open_kitti_raw(
    root: Path, split: str | None, on_warning: Callable[[str], object], on_fault: OnFault = raise_fault
) -> list[KittiRawClip]:
    """Open raw drives in pieces of consecutive images; pieces without a target are left out.

    Args:
        root: folder that holds the days.
        split: name of a list in ``ROOT/splits`` (``NAME.txt`` or ``NAME_files.txt``) or path of one, with
            lines such as ``2011_09_26/2011_09_26_drive_0002_sync 0000000069 l``; its images are the targets.
            None opens the left colour camera of all drives, and every image is a target.
        on_warning: called with each warning.
        on_fault: told about each drive that cannot be understood, which is then left out, and if more than
            1 % of the list's images are missing.

    Raises:
        UserError: by ``on_fault``, or if nothing is found or the list cannot be understood.
    """
    root = Path(root)
    if split is None:
        cameras = [(drive, "image_02") for drive in _drives(root)]
        images = _images_of(root, cameras, on_fault)
        targets: Frames = {of_camera: set(numbered) for of_camera, numbered in images.items()}
    else:
        file = find_list(root, split)
        targets = cameras = read_list(file)
        images = _images_of(root, cameras, on_fault)
        missing = [
            root / drive / camera / "data" / f"{number:010d}.png"
            for (drive, camera), numbered in images.items()
            for number in sorted(targets[drive, camera] - numbered.keys())
        ]
        total = sum(map(len, targets.values()))
        remedy = "download their drives or give another list"
        tell_missing(file, missing, total, remedy, on_warning, on_fault)
    clips = []
    for (drive, camera), numbered in images.items():
        try:
            if numbered:
                wanted = targets[drive, camera]
                clips += _open_camera(root, drive, camera, numbered, wanted, on_warning)
        except UserError as fault:
            on_fault(fault)
    if split is None and len(images) == len(cameras) and not any(images.values()):
        on_fault(UserError(root, "has no images in DAY/DRIVE_sync/image_02/data", "download synced drives"))
    return clips


def _images_of(
    root: Path, cameras: Iterable[tuple[str, str]], on_fault: OnFault
) -> dict[tuple[str, str], Images]:
    """The images of each camera in each drive; one with other files among them is told and left out."""
    images = {}
    for drive, camera in sorted(cameras):
        try:
            images[drive, camera] = _images(root / drive / camera)
        except UserError as fault:
            on_fault(fault)
    return images


def _open_camera(
    root: Path,
    drive: str,
    camera: str,
    numbered: Images,
    targets: set[int],
    on_warning: Callable[[str], object],
) -> list[KittiRawClip]:
    paths, name = list(numbered.values()), f"{drive}/{camera}"
    rig = read_rig((root / drive).parent, camera.removeprefix("image_"), paths[0])
    clips, start, gaps = [], 0, []
    for here in split_at_gaps(paths):
        if start:
            gaps.append(f"{paths[start - 1].name} and {here[0].name}")
        if any(int(path.stem) in targets for path in here):
            piece_name = f"{name}/from_{here[0].stem}" if start else name
            clips.append(KittiRawClip(piece_name, root / drive, f"{name}/data", here, rig, targets))
        start += len(here)
    if gaps:
        others = f", and {len(gaps) - 1} times more" if gaps[1:] else ""
        on_warning(f"{paths[0].parent}: images are missing between {gaps[0]}{others}; no clip crosses a gap")
    return clips


def _days(root: Path) -> list[Path]:
    days = root.iterdir() if root.is_dir() else ()
    return sorted(day for day in days if re.fullmatch(r"\d{4}_\d\d_\d\d", day.name))


def _drives(root: Path) -> list[str]:
    """Names of all drives, as lists have them; raw drives that are not rectified end otherwise."""
    return [f"{day.name}/{drive.name}" for day in _days(root) for drive in sorted(day.glob("*_drive_*_sync"))]


def _images(folder: Path) -> Images:
    """The images of ``folder/data``, none where there is no such folder."""
    numbered: Images = {}
    for path in list_images(folder / "data") if (folder / "data").is_dir() else ():
        if not re.fullmatch(r"[0-9]+", path.stem):
            raise UserError(path, "its name is no frame number", "take it out of the drive")
        number = int(path.stem)
        if number in numbered:
            raise UserError(path, f"is also there as {numbered[number].name}", "keep one of them")
        numbered[number] = path
    return numbered
