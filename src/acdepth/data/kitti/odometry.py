"""Drives of KITTI's odometry benchmark."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.kitti.calibration import FRAME_RATE, camera_of, read_calibration
from acdepth.data.motion import Motion
from acdepth.data.sequence_folder import Description, ImageClip, cut_into_sequences
from acdepth.data.stored import frame_numbers, list_images

ODOMETRY_FOLDERS = {"image_2": 2, "image_0": 0, "image_l": 0}
"""Image folder and its row of ``calib.txt``: the left colour camera first, then the left gray one."""


def is_odometry_drive(folder: Path) -> bool:
    """Whether ``folder`` is a drive of the odometry benchmark: ``calib.txt`` beside an image folder."""
    return (folder / "calib.txt").is_file() and _image_folder(folder) is not None


def open_odometry_drive(
    folder: Path, name: str, condition: Condition, on_warning: Callable[[str], object]
) -> list[ImageClip]:
    """Open one drive; poses come from its ``poses.txt`` or from ``../../poses/NAME.txt``.

    Raises:
        UserError: if calibration or poses cannot be understood.
    """
    images = _image_folder(folder)
    if images is None:
        raise UserError(folder, f"no folder {' or '.join(ODOMETRY_FOLDERS)} with images", "unpack them there")
    paths = list_images(images)
    calibration = read_calibration(folder / "calib.txt")
    camera = camera_of(calibration, f"P{ODOMETRY_FOLDERS[images.name]}", paths[0])
    description = Description(condition, camera, FRAME_RATE)
    poses = (folder / "poses.txt", folder.parent.parent / "poses" / f"{folder.name}.txt")
    pose_file = next((path for path in poses if path.is_file()), None)
    motion = _read_poses(pose_file, paths) if pose_file else None
    return cut_into_sequences(paths, name, f"{name}/{images.name}", description, motion, on_warning)


def _image_folder(folder: Path) -> Path | None:
    candidates = [folder / name for name in ODOMETRY_FOLDERS]
    return next((path for path in candidates if path.is_dir() and list_images(path)), None)


def _read_poses(path: Path, images: list[Path]) -> Motion:
    try:
        rows = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except (OSError, ValueError) as error:
        raise UserError(path, f"not readable as rows of 12 numbers ({error})", "copy it again") from error
    numbers = frame_numbers(images) or list(range(len(images)))
    if rows.shape[1] != 12 or len(rows) <= max(numbers) or not np.isfinite(rows).all():
        raise UserError(
            path,
            f"{rows.shape[0]} rows of {rows.shape[1]}, expected 12 finite numbers for each image",
            "copy it again",
        )
    positions = rows.reshape(-1, 3, 4)[numbers, :, 3]
    return Motion(positions=positions, speeds=None, frame_rate=FRAME_RATE)
