"""Consecutive images of one traversal in the prepared layout, with poses and laser depth."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_text
from acdepth.data.rigid import is_rigid
from acdepth.data.robotcar.clouds import project, read_cloud
from acdepth.data.sequence_folder import Description, ImageClip
from acdepth.data.stored import PosedClip

IMAGES, CLOUDS, POSES = "stereo/centre", "lms_front_synchronized", "poses_synchronized.json"
"""Where a scene keeps TIME.png, TIME.bin and where the camera was at each image."""
UNKNOWN_POSE = np.full((4, 4), np.nan)


@dataclass(frozen=True)
class Scene:
    """One traversal."""

    name: str
    folder: Path
    description: Description
    poses: dict[int, np.ndarray]
    """T_camera_to_world, (4, 4) float64 [m], by time [us]."""


class RobotCarClip(ImageClip, PosedClip):
    """Consecutive images of the centre camera in one traversal; ``targets`` are time stamps [us]."""

    def __init__(self, name: str, scene: Scene, paths: list[Path], targets: set[int]) -> None:
        super().__init__(name, f"{scene.name}/{IMAGES}", paths, scene.description)
        self.scene = scene
        self.times = [int(path.stem) for path in paths]
        self._is_target = [time in targets for time in self.times]

    def is_target(self, index: int) -> bool:
        """Images that the list names and its filter does not; the others are neighbours."""
        return self._is_target[index]

    def depth(self, index: int) -> np.ndarray | None:
        """Laser points of four seconds before and after [m], float32 (H, W); None where there is no cloud."""
        path = self.cloud_file(index)
        if not path.exists():
            return None
        assert self.camera is not None
        return project(read_cloud(path), self.camera)

    def cloud_file(self, index: int) -> Path:
        """Where the laser points of an image stand, if there are any."""
        return self.scene.folder / CLOUDS / f"{self.paths[index].stem}.bin"

    def has_pose(self, index: int) -> bool:
        """Whether it is known where the camera was; without it there are no laser points either."""
        return self.times[index] in self.scene.poses

    def distance(self, index: int, other: int) -> float | None:
        """Metres between the camera's places at two images; None if a pose is unknown."""
        here, there = (self.T_camera_to_world(number)[:3, 3] for number in (index, other))
        metres = float(np.linalg.norm(here - there))
        return None if np.isnan(metres) else metres

    def T_camera_to_world(self, index: int) -> np.ndarray:
        """(4, 4) float64 [m]; NaN if unknown."""
        return self.scene.poses.get(self.times[index], UNKNOWN_POSE)


def read_poses(path: Path) -> dict[int, np.ndarray]:
    """T_camera_to_world, (4, 4) float64 [m], by time [us].

    Raises:
        UserError: if the file is missing or holds something else.
    """
    values = read_json(path)
    try:
        times = [int(time) for time in values]
        T = np.array(list(values.values()), dtype=np.float64).reshape(-1, 4, 4)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(path, "not a 4x4 matrix for each time stamp", "make it again") from error
    if not is_rigid(T):
        raise UserError(path, "holds matrices that are no rigid motions", "make it again")
    return dict(zip(times, T, strict=True))


def write_poses(path: Path, times: np.ndarray, T_camera_to_world: np.ndarray) -> None:
    """Write the poses (N, 4, 4) [m] of times (N,) [us]; those that are NaN are left out."""
    known = np.isfinite(T_camera_to_world).all((1, 2))
    poses = zip(times[known].tolist(), T_camera_to_world[known].tolist(), strict=True)
    write_text(path, json.dumps({str(time): T for time, T in poses}) + "\n")
