"""The whole check, from opening over all files to the pictures."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from acdepth.checking.doubts import DepthFacts, depth_facts, doubt_cameras, doubt_depth, doubt_motion
from acdepth.checking.drive_page import drive_page
from acdepth.checking.drives import look_at_drives
from acdepth.checking.findings import Findings
from acdepth.checking.nuscenes import open_nuscenes_parts
from acdepth.checking.opening import WHOLE, Kind, Part, distinct, open_parts, refuse_other_kind
from acdepth.checking.report import SHEET_FILE, CheckReport, take_inventory
from acdepth.checking.sheet import Tile, make_tile, write_sheet
from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError, telling
from acdepth.core.files import check_folder
from acdepth.core.progress import progress
from acdepth.core.spread import spread
from acdepth.data.cityscapes.clip import CityscapesClip
from acdepth.data.kitti.raw import KittiRawClip
from acdepth.data.robotcar.clip import RobotCarClip
from acdepth.data.settings import EVERYTHING, FootageChoice
from acdepth.data.stored import StoredClip

MOST_PAGES = 12
"""Drives that get a page on the sheet, evenly spread; all are in check.json."""
SHOWN = 6
"""Frames of each condition on the contact sheet."""


def check_data(
    kind: Kind, root: Path, out: Path, choice: FootageChoice = EVERYTHING, sample: int = 200
) -> CheckReport:
    """Look through a data set and write ``out/check.json`` and ``out/sheet.png``.

    Args:
        kind: what ``root`` should hold.
        root: of the data set.
        out: folder for what is written.
        choice: part of it; without a split all of it, and each of its splits that is there.
        sample: targets whose image and depth are decoded, evenly spread; 0 decodes all.

    Raises:
        UserError: if there is no such folder or split, it holds another kind of data, or ``out`` cannot be
            written to.
    """
    root, out, findings = Path(root), Path(out), Findings()
    if not root.is_dir() and not (kind == "folder" and root.is_file()):  # as a video or a bag of one's own is
        raise UserError(f"--root {root}", "no such folder", "give the one that holds the data set")
    refuse_other_kind(root, kind)
    check_folder(out, "--out")
    parts = _open(kind, root, choice, findings)
    clips = distinct(parts)
    doubt_cameras(clips, findings)
    doubt_motion(clips, findings)
    looked_at, facts, tiles = _look(parts, sample, findings)
    doubt_depth(facts, findings)
    inventory = take_inventory(parts, looked_at, facts)
    drives = look_at_drives(clips, findings) if kind == "folder" else []
    if tiles:
        write_sheet(out / SHEET_FILE, tiles, [drive_page(drive) for drive in spread(drives, MOST_PAGES)])
    report = CheckReport(kind, root, inventory, findings.faults, findings.doubts, bool(tiles), drives)
    report.write(out)
    return report


def _open(kind: Kind, root: Path, choice: FootageChoice, findings: Findings) -> list[Part]:
    if kind == "nuscenes":
        return open_nuscenes_parts(root, choice, findings)
    parts = open_parts(root, kind, choice, findings)
    _find_images(distinct(parts), findings)
    _find_clouds(parts, findings)
    _find_scans(distinct(parts), findings)
    _find_disparities(distinct(parts), findings)
    return parts


def _find_images(clips: Sequence[Clip], findings: Findings) -> None:
    """Look for the image of every frame, without opening it."""
    stored = [one for one in clips if isinstance(one, StoredClip)]
    with progress("files", sum(map(len, stored)), unit="file") as advance:
        for clip in stored:
            for index in range(len(clip)):
                with telling(findings.file_fault):
                    clip.stamp(index)
                advance()


def _find_clouds(parts: Sequence[Part], findings: Findings) -> None:
    """Look for RobotCar's cloud of every image that a list names; a missing one is a fault.

    It is a doubt where a whole traversal has none, in the split train, which needs none, and where no lists
    say what is measured.
    """
    for part in [part for part in parts if part.split != WHOLE] or parts:
        clips = [one for one in part.clips if isinstance(one, RobotCarClip)]
        for scene in dict.fromkeys(one.scene.name for one in clips):
            of_scene = [one for one in clips if one.scene.name == scene]
            files = [one.cloud_file(index) for one in of_scene for index in one.targets()]
            missing = [file for file in files if not file.exists()]
            if missing and len(missing) == len(files):
                told = f"{missing[0].parent}: has no cloud for split {part.split}"
                findings.doubt("depth", f"{told}; it can be trained on, and not measured")
            elif missing and part.split in (WHOLE, "train"):
                told = f"{len(missing)} of {len(files)} images have no cloud, such as {missing[0]}"
                findings.doubt("depth", f"{scene}: {told}; they are not measured")
            else:
                for file in missing:
                    remedy = "prepare its scene again, or take its image off the list"
                    findings.file_fault(UserError(file, "no such file", remedy))


def _find_scans(clips: Sequence[Clip], findings: Findings) -> None:
    """Look for the scan of every image of KITTI's raw drives; the originals lack some, so this is a doubt."""
    for clip in clips:
        if isinstance(clip, KittiRawClip):
            files = [clip.scan_file(index) for index in clip.targets()]
            missing = [file for file in files if not file.exists()]
            if missing:
                told = f"{len(missing)} of {len(files)} images have no scan, such as {missing[0]}"
                findings.doubt("depth", f"{clip.name}: {told}; they are not measured")


def _find_disparities(clips: Sequence[Clip], findings: Findings) -> None:
    """Look for the disparity of every annotated image of Cityscapes' splits that have some."""
    for clip in clips:
        if isinstance(clip, CityscapesClip):
            files = [clip.disparity_file(index) for index in clip.targets()]
            for file in [file for file in files if file and not file.exists()]:
                findings.file_fault(UserError(file, "no such file", "unpack the package disparity again"))


def _look(
    parts: list[Part], sample: int, findings: Findings
) -> tuple[Counter[Clip], dict[Clip, list[DepthFacts]], dict[Condition, list[Tile]]]:
    """Decode a sample: how many frames of each clip, what their depth is like, and pictures of some."""
    targets = [frame for part in parts for frame in target_frames(part.clips)]
    of_condition: dict[Condition, list[Frame]] = defaultdict(list)
    for frame in targets:
        of_condition[frame.clip.condition].append(frame)
    shown = {frame for frames in of_condition.values() for frame in spread(frames, SHOWN)}
    sampled = spread(targets, sample or len(targets))
    chosen = dict.fromkeys([*sampled, *(frame for frame in targets if frame in shown)])
    looked_at: Counter[Clip] = Counter()
    facts: dict[Clip, list[DepthFacts]] = defaultdict(list)
    tiles: dict[Condition, list[Tile]] = defaultdict(list)
    with progress("look", len(chosen), unit="image") as advance:
        for frame in chosen:
            image, depth = _read(frame, findings)
            looked_at[frame.clip] += 1
            if depth is not None:
                facts[frame.clip].append(depth_facts(depth))
            if frame in shown:
                tiles[frame.clip.condition].append(make_tile(frame, image, depth))
            advance()
    return looked_at, facts, tiles


def _read(frame: Frame, findings: Findings) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Image (H, W, 3) uint8 and measured depth (H, W) [m] of a frame; None, and told, where not usable."""
    image = depth = None
    with telling(findings.file_fault):
        image = frame.clip.image(frame.index)
    with telling(findings.file_fault):
        depth = frame.clip.depth(frame.index)
    mismatches = list(_mismatches(frame, image, depth))
    for fault in mismatches:
        findings.fault(fault)
    return image, None if mismatches else depth


def _mismatches(frame: Frame, image: np.ndarray | None, depth: np.ndarray | None) -> Iterator[UserError]:
    camera = frame.clip.camera
    if image is not None and camera and image.shape[:2] != camera.size:
        told = f"the image has {_size(image)} pixels, its camera {camera.width}x{camera.height}"
        yield UserError(frame.key, told, "correct the camera")
    if image is not None and depth is not None and depth.shape != image.shape[:2]:
        told = f"its depth has {_size(depth)} pixels, the image {_size(image)}"
        yield UserError(frame.key, told, "make them the same size")
    if depth is not None and not (np.isfinite(depth) & (depth >= 0)).all():
        told = "its depth holds values that are negative or not finite"
        yield UserError(frame.key, told, "write 0 where there is none")


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
