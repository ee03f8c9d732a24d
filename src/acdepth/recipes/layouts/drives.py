"""Drives of the built-in world, read back with their poses."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import WORLD_SOURCE
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError, first_line
from acdepth.core.images import read_depth_png16
from acdepth.core.texts import parse_yaml, read_text
from acdepth.data.own.motion import POSE_COLUMNS
from acdepth.data.stored import list_images
from acdepth.world.styles import STYLES, TOWN, find_style

FARTHEST = 80.0
"""[m]; no point of a scan lies beyond it."""
ROWS, COLUMNS = 32, 180
"""Most rows and columns of a scan."""
TO_Z_UP = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""From x right, y down, z forward to x forward, y left, z up."""


@dataclass(frozen=True)
class WorldDrive:
    """One town in one condition."""

    folder: Path
    town: int
    style: str
    """Family of towns it is of."""
    condition: Condition
    camera: Camera
    images: list[Path]
    """In order, 12 a second."""
    T_camera_to_world: np.ndarray
    """(N, 4, 4) float64 [m]; x right, y down, z forward."""
    speeds: np.ndarray
    """(N,) [m/s]."""

    def depth(self, index: int) -> np.ndarray:
        """True depth of a frame [m], float32 (H, W); 0 is sky."""
        return read_depth_png16(self.folder / "depth" / f"{self.images[index].stem}.png")

    def scan(self, index: int, shift: float) -> np.ndarray:
        """LiDAR-like points of a frame: on a grid of pixels, without the outermost, at their true depth.

        Args:
            index: of the frame.
            shift: added to the pixels' coordinates, so that a reader's way of counting finds each point in
                its own: 0 where coordinates are rounded, 0.5 where they are cut off, 1 where they are rounded
                and one is taken off.

        Returns:
            (M, 3) float64 in the camera's frame [m].
        """
        depth = self.depth(index)
        height, width = depth.shape
        rows = np.unique(np.linspace(1, height - 2, min(ROWS, height - 2)).astype(int))
        columns = np.unique(np.linspace(1, width - 2, min(COLUMNS, width - 2)).astype(int))
        row, column = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
        z = depth[row, column].astype(np.float64)
        seen = (z > 0) & (z < FARTHEST)
        row, column, z = row[seen], column[seen], z[seen]
        x = (column + shift - self.camera.cx) / self.camera.fx * z
        y = (row + shift - self.camera.cy) / self.camera.fy * z
        return np.stack([x, y, z], 1)


def read_drives(data: Path) -> list[WorldDrive]:
    """All rendered drives below a folder, by style, town and condition.

    Raises:
        UserError: if there are none, or one is damaged.
    """
    files = sorted(Path(data).glob("**/sequence.yaml"))
    drives = [drive for file in files if (drive := _read(file.parent)) is not None]
    if not drives:
        raise UserError(data, "no drives of the built-in world", "make some with acdepth world make")
    styles, order = list(STYLES), list(Condition)
    return sorted(drives, key=lambda d: (styles.index(d.style), d.town, order.index(d.condition)))


def with_clear_twin(drives: list[WorldDrive]) -> list[tuple[WorldDrive, WorldDrive]]:
    """Each drive with the clear one of its town; a warning tells how many have none and are left out."""
    clear = {(one.style, one.town): one for one in drives if one.condition is Condition.CLEAR}
    found = [(one, clear[one.style, one.town]) for one in drives if (one.style, one.town) in clear]
    if left_out := len(drives) - len(found):
        told = f"{left_out} drives have no clear one of the same town: left out"
        logging.getLogger("acdepth").warning(told)
    return found


def common_camera(drives: list[WorldDrive], whose: str) -> Camera:
    """The camera of all drives; raises `UserError` if they have several, as ``whose`` layout has one."""
    if other := next((drive for drive in drives if drive.camera != drives[0].camera), None):
        raise UserError(other.folder, f"{whose} has one camera", "export drives of one size")
    return drives[0].camera


def _read(folder: Path) -> WorldDrive | None:
    origin = _read_origin(folder / "sequence.yaml")
    if origin is None:
        return None
    images = list_images(folder / "images") if (folder / "images").is_dir() else []
    motion = _read_motion(folder / "motion.csv", len(images))
    return WorldDrive(folder, *origin, Camera.read(folder / "camera.yaml"), images, *motion)


def _read_origin(path: Path) -> tuple[int, str, Condition] | None:
    """Town, style and condition; None where the sequence is not the world's."""
    try:
        about = parse_yaml(read_text(path))
        if not isinstance(about, dict) or about.get("source") != WORLD_SOURCE:
            return None
        style = find_style(about.get("style", TOWN.name)).name
        every = int(about.get("every", 1))
        origin = int(about["town"]), style, Condition(about["condition"])
    except (OSError, ValueError, KeyError, TypeError, UserError) as error:
        first = first_line(error)
        raise UserError(path, f"says no town and condition ({first})", "make the drive again") from error
    if every != 1:
        what = f"holds one of {every} frames, where other layouts tell 12 a second"
        raise UserError(path, what, "make the drive without --every")
    return origin


def _read_motion(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Poses (N, 4, 4) [m] and speeds (N,) [m/s] of N = ``count`` images."""
    try:
        table = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
        poses = np.stack([table[name] for name in POSE_COLUMNS], 1).reshape(-1, 4, 4)
        speeds = table["speed"]
    except (OSError, ValueError, IndexError) as error:
        what = f"not readable as poses and speeds ({error})"
        raise UserError(path, what, "make the drive again") from error
    # What is no number reads as NaN.
    if not count or len(table) != count or not (np.isfinite(poses).all() and np.isfinite(speeds).all()):
        raise UserError(path, f"expected numbers in {count} rows, one per image", "make the drive again")
    return poses, speeds
