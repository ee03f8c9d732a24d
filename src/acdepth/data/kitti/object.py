"""KITTI's object benchmark: single frames with LiDAR."""

from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.kitti.calibration import camera_of, read_calibration, rigid
from acdepth.data.kitti.scans import project, read_points, scatter_nearest
from acdepth.data.sequence_folder import Description, ImageClip
from acdepth.data.stored import list_images


def is_lidar_folder(folder: Path) -> bool:
    """Whether ``folder`` has the object benchmark's layout: ``image_2/``, ``velodyne/``, ``calib/``."""
    return all((folder / part).is_dir() for part in ("image_2", "velodyne", "calib"))


def open_lidar_folder(folder: Path, name: str, condition: Condition) -> list["LidarFrame"]:
    """Open each image as a sequence of its own: they are single moments, each with its own camera."""
    paths = list_images(folder / "image_2")
    if not paths:
        raise UserError(folder / "image_2", "holds no images", "unpack them there")
    return [LidarFrame(folder, path, name, condition) for path in paths]


class LidarFrame(ImageClip):
    """One image of the object benchmark with its LiDAR points as sparse depth."""

    def __init__(self, folder: Path, path: Path, name: str, condition: Condition) -> None:
        self._calibration = folder / "calib" / f"{path.stem}.txt"
        self._points = folder / "velodyne" / f"{path.stem}.bin"
        camera = camera_of(read_calibration(self._calibration), "P2", path)
        super().__init__(f"{name}/{path.stem}", f"{name}/image_2", [path], Description(condition, camera))

    def depth(self, index: int) -> np.ndarray | None:
        """LiDAR projected into the image: depth [m], float32 (H, W), 0 where no point falls."""
        if not self._points.exists() or self.camera is None:
            return None
        calibration = read_calibration(self._calibration)
        T_lidar_to_camera = rigid(calibration["R0_rect"]) @ rigid(calibration["Tr_velo_to_cam"])
        projected = project(read_points(self._points), calibration["P2"] @ T_lidar_to_camera)
        return scatter_nearest(projected, self.camera.height, self.camera.width)
