"""The raw download of a traversal turned into the layout that is read.

Every file is written whole or not at all, and images and clouds that are there are not made again, so the
same command goes on after a kill.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, read_object, write_bytes, write_json
from acdepth.core.share import ALL, Share
from acdepth.core.tally import ReadTally
from acdepth.data.robotcar.calibration import HEAD_FILE, LASER_FILE, RawCalibration
from acdepth.data.robotcar.clouds import CLOUDS, Accumulator, write_cloud
from acdepth.data.robotcar.lists import FILTER, SPLITS, Line, current, list_of, read_filter, read_list
from acdepth.data.robotcar.motions import write_motions
from acdepth.data.robotcar.odometry import Odometry, Poses, read_odometry
from acdepth.data.robotcar.raw import (
    Recording,
    Undistortion,
    read_bayer,
    read_images,
    read_scans,
    read_undistortion,
)
from acdepth.data.stored import image_size

MADE_FROM = "made_from.json"
"""Of a scene: hashes of calibration and odometry by file name, and where scans are taken from."""
ScanPoses = Literal["interpolated", "published"]
"""Where the car was at a scan: between two images, or, as in md4all's clouds, still at the first."""
CLOUDS_TOGETHER = 64
"""Made by one process: each cloud needs most of the scans of the one before it, which are in memory then."""
MOST_THREADS = 8
"""That make images; more would wait for the disk."""


@dataclass(frozen=True)
class ScenePlan:
    """What is to be done for one traversal."""

    root: Path
    folder: Path
    """Of the layout, and of the scene in it."""
    calibration: RawCalibration
    lists: tuple[Path, ...]
    """Of splits and of images that are left out."""
    scan_poses: ScanPoses
    images: Recording
    scans: Recording
    odometry: Odometry
    poses: Poses
    """Of the car at the images."""
    made_from: dict[str, str]
    """Content of `MADE_FROM`."""
    images_to_make: list[int]
    """Time stamps [us]."""
    clouds_to_make: list[int]
    """Positions in ``images``."""
    total: int
    """Images and clouds of the whole scene."""

    @property
    def done(self) -> int:
        """Images and clouds that are there already."""
        return self.total - len(self.images_to_make) - len(self.clouds_to_make)

    def part(self, share: Share) -> "ScenePlan":
        """One process's part of what is to be made; ``total`` counts it, and what is there already."""
        images = share.part(self.images_to_make)
        clouds = share.part(self.clouds_to_make, CLOUDS_TOGETHER)
        total = self.done + len(images) + len(clouds)
        return replace(self, images_to_make=images, clouds_to_make=clouds, total=total)


def plan_scene(
    raw: Path,
    out: Path,
    scene: str,
    calibration: RawCalibration,
    lists: Sequence[Path] = (),
    scan_poses: ScanPoses = "interpolated",
) -> ScenePlan:
    """Look at what there is to do; nothing is written.

    Args:
        raw: folder that holds the downloaded traversals.
        out: root of the layout; not ``raw``, as both call their images the same.
        scene: name of the traversal, such as 2014-12-09-13-21-02.
        calibration: of camera and laser.
        lists: named as md4all's, go to ``OUT/splits``; ``filter_train_samples.txt`` goes to ``OUT/filter``.
            Only images that lists other than of the split train name get a cloud; without lists all do.
        scan_poses: where the car is taken to be at each scan.

    Raises:
        UserError: if something is missing or damaged, or what ``out`` holds was made from other files.
    """
    raw, out, lists = Path(raw), Path(out), tuple(Path(path) for path in lists)
    if out.resolve() == raw.resolve():
        raise UserError(out, "is the download itself", "give another folder to prepare it into")
    for path in lists:
        (read_filter if _is_filter(path) else read_list)(path)  # or it is refused
    images, scans = read_images(raw / scene, calibration.lens), read_scans(raw / scene)
    odometry_file = raw / scene / "vo" / "vo.csv"
    odometry, folder = read_odometry(odometry_file), out / scene
    made_from = {path.name: hash_file(path) for path in (*calibration.files, odometry_file)}
    made_from["scan_poses"] = scan_poses
    _refuse_other_origin(out, calibration.files, folder, made_from)
    poses = odometry.at(images.times)
    with_cloud = _with_cloud(scene, images, poses, lists)
    have_image = {path.stem for path in (folder / calibration.lens).glob("*.png")}
    have_cloud = {path.name.partition(".")[0] for path in (folder / CLOUDS).glob("*.bin")}
    return ScenePlan(
        root=out,
        folder=folder,
        calibration=calibration,
        lists=lists,
        scan_poses=scan_poses,
        images=images,
        scans=scans,
        odometry=odometry,
        poses=poses,
        made_from=made_from,
        images_to_make=[time for time in images.times.tolist() if str(time) not in have_image],
        clouds_to_make=[number for number in with_cloud if str(images.times[number]) not in have_cloud],
        total=len(images.times) + len(with_cloud),
    )


def prepare_scene(
    plan: ScenePlan,
    advance: Callable[[], object],
    on_warning: Callable[[str], object],
    share: Share = ALL,
) -> None:
    """Make what is missing of a scene: camera model, lists, poses, images, clouds.

    Calls ``advance`` once per image or cloud. Of several processes each makes the images and clouds of its
    `ScenePlan.part`, and the first one the rest.

    Raises:
        UserError: if the look-up table is damaged, more than 1 % of images or scans cannot be read, or the
            disk is full.
    """
    if share.leads:
        _tell_gaps(plan, on_warning)
    first = plan.images.file(int(plan.images.times[0]))
    width, height = image_size(first)
    plan.calibration.model.camera(width, height)  # or it is refused
    undistortion = read_undistortion(plan.calibration.lut, width, height)
    with share.main_first():
        if share.leads:
            _begin(plan)
    _make_images(plan, undistortion, advance, on_warning, share)
    if share.leads:
        write_motions(plan.folder, _motions(plan))
    _make_clouds(plan, advance, on_warning)


def _begin(plan: ScenePlan) -> None:
    """Copy what the scene is made with, so that what a kill leaves is known to be of these files."""
    made_from = plan.folder / MADE_FROM
    write_json(made_from, (read_object(made_from) if made_from.exists() else {}) | plan.made_from)
    for path in plan.calibration.files:
        write_bytes(_place(plan.root, path), path.read_bytes())
    for path in plan.lists:
        place = plan.root / FILTER if _is_filter(path) else plan.root / SPLITS / path.name
        write_bytes(place, path.read_bytes())


def _with_cloud(scene: str, images: Recording, poses: Poses, lists: Sequence[Path]) -> list[int]:
    """Positions of the images that get a cloud: those with a pose that a list for measuring names."""
    wanted = poses.stretch >= 0
    if lists:
        measured = [list_ for list_ in _lists_of(scene, lists) if list_of(list_)[1] != "train"]
        named = [current(line) for path in measured for line in read_list(path)]
        wanted &= np.isin(images.times, named)
    return np.flatnonzero(wanted).tolist()


def _lists_of(scene: str, lists: Sequence[Path]) -> list[Path]:
    return [path for path in lists if not _is_filter(path) and list_of(path)[0] == scene]


def _is_filter(path: Path) -> bool:
    return path.name == Path(FILTER).name


def _place(root: Path, calibration_file: Path) -> Path:
    """Where the layout keeps a file of the calibration."""
    extrinsics = calibration_file.name in (HEAD_FILE, LASER_FILE)
    return root / ("extrinsics" if extrinsics else "models") / calibration_file.name


def _refuse_other_origin(out: Path, files: Sequence[Path], folder: Path, made_from: dict[str, str]) -> None:
    """Half a scene must not be finished with other files, nor a second scene get another camera."""
    for path in files:
        file = _place(out, path)
        if file.exists() and hash_file(file) != made_from[path.name]:
            raise UserError(file, f"is another one than {path}", "prepare into another folder")
    before = read_object(folder / MADE_FROM) if (folder / MADE_FROM).exists() else {}
    other = sorted(name for name, made in made_from.items() if before.get(name, made) != made)
    if other:
        told = f"the scene was made from another {', '.join(other)}"
        raise UserError(folder / MADE_FROM, told, f"remove {folder}")


def _make_images(
    plan: ScenePlan,
    undistortion: Undistortion,
    advance: Callable[[], object],
    on_warning: Callable[[str], object],
    share: Share,
) -> None:
    tally = ReadTally(len(plan.images.times), on_warning)

    def make(time: int) -> UserError | None:
        file = plan.images.file(time)
        try:
            picture = undistortion.picture(read_bayer(file), file)
        except UserError as fault:
            return fault
        write_bytes(plan.folder / plan.calibration.lens / f"{time}.png", encode(".png", picture))
        return None

    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1))
    try:
        for fault in pool.map(make, plan.images_to_make):
            if fault:
                tally.skip(fault)
            advance()
    finally:
        pool.shutdown(cancel_futures=True)
    tally.gather(share)


def _motions(plan: ScenePlan) -> dict[int, np.ndarray]:
    """Of each image with a known way to both neighbours: the car at these in its frame, (2, 4, 4) [m].

    Neighbours are those in time, or, where a list has the image, those that it names.
    """
    times, poses = plan.images.times.tolist(), plan.poses
    place = {time: number for number, time in enumerate(times)}
    lines: dict[int, Line] = {line[1]: line for line in zip(times, times[1:], times[2:], strict=False)}
    for path in _lists_of(plan.folder.name, plan.lists):
        lines |= {line[1]: line for line in read_list(path) if len(line) == 3}
    found = {}
    for time, line in sorted(lines.items()):
        before, here, after = (place.get(one, -1) for one in line)
        stretches = {int(poses.stretch[number]) if number >= 0 else -1 for number in (before, here, after)}
        if len(stretches) == 1 and -1 not in stretches:
            T_world_to_here = np.linalg.inv(poses.T_vehicle_to_world[here])
            found[time] = T_world_to_here @ poses.T_vehicle_to_world[[before, after]]
    return found


def _make_clouds(plan: ScenePlan, advance: Callable[[], object], on_warning: Callable[[str], object]) -> None:
    tally = ReadTally(len(plan.scans.times), on_warning)
    calibration = plan.calibration
    held = plan.scan_poses == "published"
    accumulator = Accumulator(plan.scans, plan.odometry, calibration.T_laser_to_vehicle, tally, held)
    for number in plan.clouds_to_make:
        time, stretch = int(plan.images.times[number]), int(plan.poses.stretch[number])
        T_head_to_world = plan.poses.T_vehicle_to_world[number] @ calibration.T_head_to_vehicle
        points = accumulator.cloud(time, stretch, T_head_to_world)
        if len(points):
            write_cloud(plan.folder / CLOUDS / f"{time}.pcd.bin", points)
        advance()


def _tell_gaps(plan: ScenePlan, on_warning: Callable[[str], object]) -> None:
    for what in (plan.images, plan.scans):
        if what.missing:
            total = what.missing + len(what.times)
            on_warning(f"{what.folder}: {what.missing} of {total} files are not there; is a chunk missing?")
    name, breaks = plan.folder.name, plan.odometry.breaks
    if breaks:
        places = "one place" if breaks == 1 else f"{breaks} places"
        on_warning(f"{name}: vo.csv breaks off in {places}; no motion and no cloud crosses them")
    unknown = int((plan.poses.stretch < 0).sum())
    if unknown:
        on_warning(f"{name}: vo.csv tells no pose for {unknown} of {len(plan.images.times)} images")
