"""Consecutive images of one traversal in the prepared layout, with motion and laser depth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.measured import Measured
from acdepth.data.own.clip import Description, ImageClip
from acdepth.data.robotcar.calibration import CameraModel, Lens
from acdepth.data.robotcar.clouds import CLOUDS, project, read_cloud
from acdepth.data.robotcar.motions import NEXT, PREVIOUS, Motions
from acdepth.data.scans import ScannedClip
from acdepth.data.stored import PosedClip

UNKNOWN = np.full((4, 4), np.nan)


@dataclass(frozen=True)
class Scene:
    """One traversal through one lens."""

    name: str
    folder: Path
    lens: Lens
    description: Description
    model: CameraModel
    T_head_to_vehicle: np.ndarray
    """(4, 4) float64 [m]."""
    motions: Motions


class RobotCarClip(ScannedClip, ImageClip, PosedClip):
    """Consecutive images of one lens in one traversal; ``targets`` are time stamps [us]."""

    def __init__(self, name: str, scene: Scene, paths: list[Path], targets: set[int]) -> None:
        super().__init__(name, f"{scene.name}/{scene.lens}", paths, scene.description)
        self.scene = scene
        self.lengths_from = "poses" if scene.motions else None
        self.times = [int(path.stem) for path in paths]
        self._is_target = [time in targets for time in self.times]

    def is_target(self, index: int) -> bool:
        """Images that the list names and its filter does not; the others are neighbours."""
        return self._is_target[index]

    def measured(self, index: int) -> Measured | None:
        """Laser points of four seconds before and after [m]; None where there is no cloud."""
        path = self.cloud_file(index)
        if not path.exists():
            return None
        assert self.camera is not None
        return project(read_cloud(path), self.scene.model.T_optical_to_head, self.camera)

    def cloud_file(self, index: int) -> Path:
        """Where the laser points of an image stand, if there are any."""
        return self.scene.folder / CLOUDS / f"{self.paths[index].stem}.pcd.bin"

    def distance(self, index: int, other: int) -> float | None:
        """Metres that the car moves between two images, as published training has it; None if unknown.

        The lens, beside and above the car's own point, moves a little more or less in a bend.
        """
        metres = float(np.linalg.norm(self._T_vehicle(index, other)[:3, 3]))
        return None if np.isnan(metres) else metres

    def knows_neighbours(self, index: int) -> bool:
        """Whether the way to the images before and after is known, as far as they are there."""
        known, time = self.scene.motions.keys(), self.times[index]
        beside = self.times[max(index - 1, 0) : index] + self.times[index + 1 : index + 2]
        return all(time in known or other in known for other in beside)

    def T_target_to_source(self, target: int, source: int) -> np.ndarray:
        """(4, 4) float64 [m], from the camera at one image to the camera at another; NaN if unknown."""
        T_optical_to_vehicle = self.scene.T_head_to_vehicle @ self.scene.model.T_optical_to_head
        return np.linalg.inv(T_optical_to_vehicle) @ self._T_vehicle(target, source) @ T_optical_to_vehicle

    def _T_vehicle(self, target: int, source: int) -> np.ndarray:
        """From the car at one image to the car at another, step by step."""
        T, step = np.eye(4), 1 if source > target else -1
        for here in range(target, source, step):
            T = self._T_step(here, here + step) @ T
        return T

    def _T_step(self, here: int, there: int) -> np.ndarray:
        """The same between neighbours, by what is told of the one or else of the other."""
        ahead, back = (NEXT, PREVIOUS) if there > here else (PREVIOUS, NEXT)
        of_here, of_there = (self.scene.motions.get(self.times[index]) for index in (here, there))
        if of_here is not None:
            return np.linalg.inv(of_here[ahead])
        return UNKNOWN if of_there is None else of_there[back]
