"""KITTI's odometry benchmark, whole drives with poses, and its object benchmark, single frames with LiDAR."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.lens import Lens
from acdepth.core.measured import Measured
from acdepth.core.texts import as_table, read_text
from acdepth.data.kitti.calibration import FRAME_RATE, camera_of, project, read_calibration, read_points
from acdepth.data.own.clip import Description, ImageClip, OwnClip
from acdepth.data.own.folder import cut_at_gaps
from acdepth.data.own.motion import Motion
from acdepth.data.own.source import ImageFiles
from acdepth.data.rigid import from_matrix
from acdepth.data.scans import ScannedClip
from acdepth.data.stored import frame_numbers, list_images

ODOMETRY_FOLDERS = {"image_2": 2, "image_0": 0, "image_l": 0}
"""Image folder and its row of ``calib.txt``: the left colour camera first, then the left gray one."""


def is_odometry_drive(folder: Path) -> bool:
    """Whether ``folder`` is a drive of the odometry benchmark: ``calib.txt`` beside an image folder."""
    return (folder / "calib.txt").is_file() and _image_folder(folder) is not None


def open_odometry_drive(folder: Path, name: str, on_warning: Callable[[str], object]) -> list[OwnClip]:
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
    description = Description(lens=Lens(camera), frame_rate=FRAME_RATE)
    poses = (folder / "poses.txt", folder.parent.parent / "poses" / f"{folder.name}.txt")
    pose_file = next((path for path in poses if path.is_file()), None)
    motion = _read_poses(pose_file, paths) if pose_file else None
    return cut_at_gaps(ImageFiles(paths), name, f"{name}/{images.name}", description, motion, on_warning)


def _image_folder(folder: Path) -> Path | None:
    candidates = [folder / name for name in ODOMETRY_FOLDERS]
    return next((path for path in candidates if path.is_dir() and list_images(path)), None)


def _read_poses(path: Path, images: list[Path]) -> Motion:
    with reading(path, "rows of 12 numbers"):
        rows = as_table(read_text(path))
    numbers = frame_numbers(images) or list(range(len(images)))
    if rows.shape[1] != 12 or len(rows) <= max(numbers) or not np.isfinite(rows).all():
        told = f"{rows.shape[0]} rows of {rows.shape[1]}, expected 12 finite numbers for each image"
        raise UserError(path, told, "copy it again")
    positions = rows.reshape(-1, 3, 4)[numbers, :, 3]
    return Motion(positions=positions)


def is_lidar_folder(folder: Path) -> bool:
    """Whether ``folder`` has the object benchmark's layout: ``image_2/``, ``velodyne/``, ``calib/``."""
    return all((folder / part).is_dir() for part in ("image_2", "velodyne", "calib"))


def open_lidar_folder(folder: Path, name: str) -> list["LidarFrame"]:
    """Open each image as a clip of its own: they are single moments, each with its own camera."""
    paths = list_images(folder / "image_2")
    if not paths:
        raise UserError(folder / "image_2", "holds no images", "unpack them there")
    return [LidarFrame(folder, path, name) for path in paths]


class LidarFrame(ScannedClip, ImageClip):
    """One image of the object benchmark with its LiDAR points as sparse depth."""

    def __init__(self, folder: Path, path: Path, name: str) -> None:
        self._calibration = folder / "calib" / f"{path.stem}.txt"
        self._points = folder / "velodyne" / f"{path.stem}.bin"
        camera = camera_of(read_calibration(self._calibration), "P2", path)
        super().__init__(f"{name}/{path.stem}", f"{name}/image_2", [path], Description(lens=Lens(camera)))

    def measured(self, index: int) -> Measured | None:
        """LiDAR projected into the image [m]; None where there is no scan."""
        if not self._points.exists() or self.camera is None:
            return None
        calibration = read_calibration(self._calibration)
        P, R = calibration.shaped("P2", 3, 4), calibration.shaped("R0_rect", 3, 3)
        T_lidar_to_camera = from_matrix(R) @ from_matrix(calibration.shaped("Tr_velo_to_cam", 3, 4))
        return project(read_points(self._points), P @ T_lidar_to_camera, self.camera.size)
