"""The raw download of a traversal turned into the layout that is read.

Every file is written whole or not at all, and images and clouds that are there are not made again, so the
same command goes on after a kill.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes, write_json
from acdepth.core.tally import ReadTally
from acdepth.data.robotcar.calibration import MODEL_FILE
from acdepth.data.robotcar.clip import CLOUDS, IMAGES, POSES, write_poses
from acdepth.data.robotcar.clouds import Accumulator, in_view, write_cloud
from acdepth.data.robotcar.plan import MADE_FROM, ScenePlan
from acdepth.data.robotcar.raw import Undistortion, read_bayer, read_undistortion
from acdepth.data.stored import image_size

MOST_THREADS = 8
"""That make images; more would wait for the disk."""


def prepare_scene(
    plan: ScenePlan, progress: Callable[[], object] | None, on_warning: Callable[[str], object]
) -> None:
    """Make what is missing of a scene: camera model, lists, poses, images, clouds.

    Args:
        plan: what there is to do.
        progress: called once per image or cloud that is dealt with.
        on_warning: called with each warning, for example about a skipped image.

    Raises:
        UserError: if the look-up table is damaged, more than 1 % of images or scans cannot be read, or the
            disk is full.
    """
    _tell_gaps(plan, on_warning)
    first = plan.images.file(int(plan.images.times[0]))
    camera = plan.calibration.model.camera(*image_size(first))
    undistortion = read_undistortion(plan.calibration.lut, camera.width, camera.height)
    # First of all, so that what a kill leaves is known to be of these files.
    write_json(plan.folder / MADE_FROM, plan.made_from)
    write_bytes(plan.root / "models" / MODEL_FILE, plan.calibration.model.path.read_bytes())
    for path in plan.lists:
        write_bytes(plan.root / "splits" / path.name, path.read_bytes())
    advance = progress or (lambda: None)
    _make_images(plan, undistortion, advance, on_warning)
    _make_poses_and_clouds(plan, camera, advance, on_warning)


def _make_images(
    plan: ScenePlan,
    undistortion: Undistortion,
    advance: Callable[[], object],
    on_warning: Callable[[str], object],
) -> None:
    tally = ReadTally(len(plan.images.times), on_warning)

    def make(time: int) -> UserError | None:
        file = plan.images.file(time)
        try:
            picture = undistortion.picture(read_bayer(file), file)
        except UserError as fault:
            return fault
        _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        write_bytes(plan.folder / IMAGES / f"{time}.png", encoded.tobytes())
        return None

    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1))
    try:
        for fault in pool.map(make, plan.images_to_make):
            if fault:
                tally.skip(fault)
            advance()
    finally:
        pool.shutdown(cancel_futures=True)


def _make_poses_and_clouds(
    plan: ScenePlan, camera: Camera, advance: Callable[[], object], on_warning: Callable[[str], object]
) -> None:
    T_camera_to_world = plan.poses.T_vehicle_to_world @ plan.calibration.T_optical_to_vehicle
    write_poses(plan.folder / POSES, plan.images.times, T_camera_to_world)
    tally = ReadTally(len(plan.scans.times), on_warning)
    accumulator = Accumulator(plan.scans, plan.odometry, plan.calibration.T_laser_to_vehicle, tally)
    for number in plan.clouds_to_make:
        time, stretch = int(plan.images.times[number]), int(plan.poses.stretch[number])
        # What is behind the camera or beside the image is two thirds of the points, and of no use.
        points = in_view(accumulator.cloud(time, stretch, T_camera_to_world[number]), camera)
        if len(points):
            write_cloud(plan.folder / CLOUDS / f"{time}.bin", points)
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
