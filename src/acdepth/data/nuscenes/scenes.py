"""Scenes of nuScenes as clips: every image of a camera in order, with depth at the key frames."""

import re
from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import numpy as np
import yaml

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import OnFault, UserError, raise_fault, telling
from acdepth.core.images import read_image
from acdepth.core.measured import Measured
from acdepth.data.nuscenes.lidar import moved, moved_back, project, read_points
from acdepth.data.nuscenes.tables import LIDAR, Calibration, Shot, Tables, read_tables
from acdepth.data.scans import ScannedClip
from acdepth.data.stored import PosedClip, stamp_file

FRAME_RATE = 12.0
"""Images per second of every camera, nearly."""
VERSIONS = {"train": "v1.0-trainval", "val": "v1.0-trainval", "test": "v1.0-test"}
VERSIONS |= {"mini_train": "v1.0-mini", "mini_val": "v1.0-mini"}
"""Which tables hold a split."""


class NuScenesClip(ScannedClip, PosedClip):
    """The images of one camera in one scene, sweeps and key frames, in the order of time.

    Args:
        root: of the data set.
        tables: of its version.
        scene: token of the scene.
        channel: of the camera.
        shots: its images, in order.
        lidar: key frames of the LiDAR, by sample.
    """

    def __init__(
        self, root: Path, tables: Tables, scene: str, channel: str, shots: list[Shot], lidar: dict[str, Shot]
    ) -> None:
        about = tables.scenes[scene]
        self.root, self.tables, self.shots, self._lidar = root, tables, shots, lidar
        self.name = f"{about.name}/{channel}"
        self.condition = condition_of(about.description)
        self.frame_rate, self.lengths_from = FRAME_RATE, "poses"
        self.calibration = _only_calibration(tables, shots, self.name)
        self.camera = _camera(self.calibration, shots[0])

    def __len__(self) -> int:
        return len(self.shots)

    def key(self, index: int) -> str:
        """The image's file, relative to the root of the data set."""
        return self.shots[index].file

    def stamp(self, index: int) -> str:
        """Size and time of last change of the image file."""
        return stamp_file(self.root / self.shots[index].file)

    def is_target(self, index: int) -> bool:
        """Key frames are; the sweeps between them are neighbours."""
        return self.shots[index].is_key_frame

    def image(self, index: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        return read_image(self.root / self.shots[index].file)

    def measured(self, index: int) -> Measured | None:
        """LiDAR points of the key frame in the image [m]; None between key frames.

        Image and sweep are some hundredths of a second apart; the points go through the world, with the pose
        of the car at either moment.
        """
        shot = self.shots[index]
        sweep = self._lidar.get(shot.sample) if shot.is_key_frame else None
        if sweep is None:
            return None
        assert self.calibration.intrinsics is not None
        points = read_points(self.root / sweep.file)
        for T in (self.tables.calibrations[sweep.calibration].T_sensor_to_ego, self._ego_pose(sweep)):
            points = moved(points, T)
        for T in (self._ego_pose(shot), self.calibration.T_sensor_to_ego):
            points = moved_back(points, T)
        return project(points, self.calibration.intrinsics, shot.size)

    def distance(self, index: int, other: int) -> float | None:
        """Metres between the camera's places at two images."""
        return float(np.linalg.norm(self.T_target_to_source(index, other)[:3, 3]))

    def T_target_to_source(self, target: int, source: int) -> np.ndarray:
        """(4, 4) float64 [m], from the camera at one image to the camera at another."""
        return np.linalg.inv(self.T_camera_to_world(source)) @ self.T_camera_to_world(target)

    def T_camera_to_world(self, index: int) -> np.ndarray:
        """(4, 4) float64 [m]."""
        return self._ego_pose(self.shots[index]) @ self.calibration.T_sensor_to_ego

    def _ego_pose(self, shot: Shot) -> np.ndarray:
        return self.tables.ego_poses[shot.ego_pose].matrix()


def is_nuscenes(root: Path) -> bool:
    """Whether a folder holds tables of nuScenes."""
    return any((Path(root) / version).is_dir() for version in VERSIONS.values())


def split_names(root: Path) -> list[str]:
    """The official splits whose tables are there."""
    return [name for name, version in VERSIONS.items() if (Path(root) / version).is_dir()]


def open_nuscenes(
    root: Path, split: str | None, cameras: Iterable[str] = ("CAM_FRONT",)
) -> list[NuScenesClip]:
    """Open the scenes of an official split.

    Args:
        root: folder that holds ``v1.0-trainval``, ``samples`` and ``sweeps``.
        split: one of `VERSIONS`.
        cameras: channels, such as CAM_FRONT, CAM_FRONT_LEFT, CAM_BACK.

    Raises:
        UserError: if there is no such split, or tables are missing, damaged or without a scene of it.
    """
    if split not in VERSIONS:
        raise UserError(root, "is nuScenes", f"say which part with --split {', '.join(VERSIONS)}")
    root, tables = Path(root), read_tables(root, VERSIONS[split], frozenset(cameras))
    return open_scenes(root, tables, split, cameras)


def open_scenes(
    root: Path, tables: Tables, split: str, cameras: Iterable[str], on_fault: OnFault = raise_fault
) -> list[NuScenesClip]:
    """The scenes of an official split in tables that are read; a scene at fault is told and left out."""
    wanted, found = scene_names(split), []
    scenes = {token for token, scene in tables.scenes.items() if scene.name in wanted}
    lidar = {shot.sample: shot for shot in tables.shots[LIDAR]}
    for channel in cameras:
        for scene, shots in _by_scene(tables, tables.shots[channel]).items():
            if scene in scenes:
                with telling(on_fault):
                    found.append(NuScenesClip(root, tables, scene, channel, shots, lidar))
    if not found:
        remedy = "its tables hold no such scene, so give another split"
        if scenes and any(tables.shots[channel] for channel in cameras):
            remedy = "those of its scenes have no whole records, so copy the tables again"
        elif scenes:
            remedy = f"are there images of {', '.join(cameras)}? give channels such as CAM_FRONT"
        on_fault(UserError(root / VERSIONS[split], f"has no images of split {split}", remedy))
    return sorted(found, key=lambda clip: clip.name)


def scene_names(split: str) -> frozenset[str]:
    """Names of the scenes of an official split; their source is in ``splits.yaml``."""
    text = (files("acdepth") / "data" / "nuscenes" / "splits.yaml").read_text(encoding="utf-8")
    names = set()
    for span in yaml.safe_load(text)[split].split():
        first, _, last = span.partition("-")
        names |= {f"scene-{number:04d}" for number in range(int(first), int(last or first) + 1)}
    return frozenset(names)


def condition_of(description: str) -> Condition:
    """The condition that a scene's description tells by the words night and rain (md4all, ACDepth)."""
    night, rain = (re.search(word, description, re.IGNORECASE) for word in ("night", "rain"))
    if night:
        return Condition.NIGHT_RAIN if rain else Condition.NIGHT
    return Condition.RAIN if rain else Condition.CLEAR


def _by_scene(tables: Tables, shots: list[Shot]) -> dict[str, list[Shot]]:
    of_scene: dict[str, list[Shot]] = defaultdict(list)
    for shot in sorted(shots, key=lambda shot: shot.timestamp):
        of_scene[tables.scene_of_sample[shot.sample]].append(shot)
    return of_scene


def _only_calibration(tables: Tables, shots: list[Shot], name: str) -> Calibration:
    tokens = {shot.calibration for shot in shots}
    if len(tokens) != 1:
        told = f"its camera has {len(tokens)} calibrations, nuScenes has one per scene"
        raise UserError(name, told, "copy the tables again")
    return tables.calibrations[tokens.pop()]


def _camera(calibration: Calibration, shot: Shot) -> Camera:
    if calibration.intrinsics is None:
        raise UserError(shot.file, "is no camera's, it has no intrinsics", "give cameras such as CAM_FRONT")
    (fx, _, cx), (_, fy, cy), _ = calibration.intrinsics.tolist()
    height, width = shot.size
    try:
        return Camera(fx, fy, cx, cy, width, height)
    except UserError as error:
        raise UserError(shot.file, error, "copy the tables again") from error
