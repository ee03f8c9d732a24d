"""KITTI as its owners lay it out: odometry drives, and single frames with LiDAR."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.motion import Motion
from acdepth.data.sequence_folder import Description, ImageSequence, cut_into_sequences
from acdepth.data.stored import frame_numbers, list_images

FRAME_RATE = 10.0
"""Images per second of every KITTI camera (Geiger et al., 2013)."""
ODOMETRY_FOLDERS = {"image_2": 2, "image_0": 0, "image_l": 0}
"""Image folder and its row of ``calib.txt``: the left colour camera first, then the left gray one."""


def is_odometry_drive(folder: Path) -> bool:
    """Whether ``folder`` is a drive of the odometry benchmark: ``calib.txt`` beside an image folder."""
    return (folder / "calib.txt").is_file() and _image_folder(folder) is not None


def open_odometry_drive(
    folder: Path, name: str, condition: Condition, on_warning: Callable[[str], object]
) -> list[ImageSequence]:
    """Open one drive; poses come from its ``poses.txt`` or from ``../../poses/NAME.txt``.

    Raises:
        UserError: if calibration or poses cannot be understood.
    """
    images = _image_folder(folder)
    if images is None:
        raise UserError(f"{folder}: no folder {' or '.join(ODOMETRY_FOLDERS)} with images")
    paths = list_images(images)
    camera = _camera(folder / "calib.txt", f"P{ODOMETRY_FOLDERS[images.name]}", paths[0])
    description = Description(condition, camera, FRAME_RATE)
    poses = (folder / "poses.txt", folder.parent.parent / "poses" / f"{folder.name}.txt")
    pose_file = next((path for path in poses if path.is_file()), None)
    motion = _read_poses(pose_file, paths) if pose_file else None
    return cut_into_sequences(paths, name, f"{name}/{images.name}", description, motion, on_warning)


def is_lidar_folder(folder: Path) -> bool:
    """Whether ``folder`` has the object benchmark's layout: ``image_2/``, ``velodyne/``, ``calib/``."""
    return all((folder / part).is_dir() for part in ("image_2", "velodyne", "calib"))


def open_lidar_folder(folder: Path, name: str, condition: Condition) -> list["LidarFrame"]:
    """Open each image as a sequence of its own: they are single moments, each with its own camera."""
    paths = list_images(folder / "image_2")
    if not paths:
        raise UserError(f"{folder / 'image_2'}: holds no images")
    return [LidarFrame(folder, path, name, condition) for path in paths]


class LidarFrame(ImageSequence):
    """One image of the object benchmark with its LiDAR points as sparse depth."""

    def __init__(self, folder: Path, path: Path, name: str, condition: Condition) -> None:
        self._calibration = folder / "calib" / f"{path.stem}.txt"
        self._points = folder / "velodyne" / f"{path.stem}.bin"
        camera = _camera(self._calibration, "P2", path)
        super().__init__(f"{name}/{path.stem}", f"{name}/image_2", [path], Description(condition, camera))

    def depth(self, index: int) -> np.ndarray | None:
        """LiDAR projected into the image: depth [m], float32 (H, W), 0 where no point falls."""
        if not self._points.exists() or self.camera is None:
            return None
        calibration = _read_calibration(self._calibration)
        T_lidar_to_camera = _square(calibration["R0_rect"]) @ _square(calibration["Tr_velo_to_cam"])
        points = _read_points(self._points)
        projected = np.c_[points, np.ones(len(points))] @ (calibration["P2"] @ T_lidar_to_camera).T
        return scatter_nearest(projected, self.camera.height, self.camera.width)


def scatter_nearest(projected: np.ndarray, height: int, width: int) -> np.ndarray:
    """Depth image of projected points; where several fall into one pixel the nearest stays.

    Args:
        projected: (N, 3): column * depth, row * depth, depth [m].
        height: of the image.
        width: of the image.

    Returns:
        float32 (H, W) [m]; 0 where no point falls.
    """
    projected = projected[projected[:, 2] > 0]
    depth = projected[:, 2]
    column, row = np.rint(projected[:, :2] / depth[:, None]).astype(np.int64).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    image = np.full((height, width), np.inf, np.float32)
    np.minimum.at(image, (row[inside], column[inside]), depth[inside].astype(np.float32))
    image[np.isinf(image)] = 0
    return image


def _image_folder(folder: Path) -> Path | None:
    candidates = [folder / name for name in ODOMETRY_FOLDERS]
    return next((path for path in candidates if path.is_dir() and list_images(path)), None)


def _camera(path: Path, projection: str, image: Path) -> Camera:
    matrix = _read_calibration(path)[projection]
    fx, fy, cx, cy = (float(matrix[row, column]) for row, column in ((0, 0), (1, 1), (0, 2), (1, 2)))
    width, height = _png_size(image)
    return Camera(fx, fy, cx, cy, width, height)


def _png_size(path: Path) -> tuple[int, int]:
    """Width and height from the first bytes: the benchmark has thousands of images to open."""
    with path.open("rb") as stream:
        header = stream.read(24)
    if len(header) < 24 or header[:4] != b"\x89PNG":
        raise UserError(f"{path}: not a PNG; KITTI's images are")
    width, height = struct.unpack(">II", header[16:])
    return width, height


class _Calibration(dict[str, np.ndarray]):
    """Matrices by name; a missing one is an error that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __missing__(self, name: str) -> np.ndarray:
        raise UserError(f"{self.path}: has no matrix {name}")


def _read_calibration(path: Path) -> _Calibration:
    """Lines of ``NAME: 9 or 12 numbers``; where the names were left out they are P0, P1, ..."""
    calibration = _Calibration(path)
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for number, line in enumerate(lines):
            name, values = line.split(":") if ":" in line else (f"P{number}", line)
            calibration[name.strip()] = np.array(values.split(), dtype=np.float64).reshape(3, -1)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a KITTI calibration ({error})") from error
    return calibration


def _read_poses(path: Path, images: list[Path]) -> Motion:
    try:
        rows = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not readable as rows of 12 numbers ({error})") from error
    numbers = frame_numbers(images) or list(range(len(images)))
    if rows.shape[1] != 12 or len(rows) <= max(numbers) or not np.isfinite(rows).all():
        raise UserError(f"{path}: {rows.shape[0]} rows of {rows.shape[1]}, expected a 3x4 pose per image")
    positions = rows.reshape(-1, 3, 4)[numbers, :, 3]
    return Motion(positions=positions, speeds=None, frame_rate=FRAME_RATE)


def _read_points(path: Path) -> np.ndarray:
    """(N, 3) float64 [m]: forward, left, up."""
    values = np.fromfile(path, dtype=np.float32)
    if values.size == 0 or values.size % 4:
        raise UserError(f"{path}: not a KITTI scan (float32 x, y, z, reflectance); copy it again")
    return values.reshape(-1, 4)[:, :3].astype(np.float64)


def _square(matrix: np.ndarray) -> np.ndarray:
    square = np.eye(4)
    square[:3, : matrix.shape[1]] = matrix
    return square
