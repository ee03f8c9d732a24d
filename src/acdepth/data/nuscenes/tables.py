"""The JSON tables of nuScenes, as far as depth needs them.

``sample_data.json`` and ``ego_pose.json`` of the full set have 2.6 million records each, of which depth
needs a tenth. So the files are searched in place, and only the records that are wanted are parsed.
"""

import json
import mmap
import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.errors import UserError

_TOKEN = re.compile(rb'"token"\s*:\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Shot:
    """One moment of one sensor: a row of ``sample_data.json``."""

    file: str
    """Relative to the root of the data set."""
    sample: str
    """Token of the annotated moment it belongs to, or stands nearest to."""
    timestamp: int
    """[us]."""
    is_key_frame: bool
    calibration: str
    """Token into `Tables.calibrations`."""
    ego_pose: str
    """Token into `Tables.ego_poses`."""
    size: tuple[int, int]
    """(height, width) [px]; zeros where it is no image."""


@dataclass(frozen=True, slots=True)
class EgoPose:
    """Where the car was: a row of ``ego_pose.json``, parsed when it is asked for."""

    path: Path
    """Of the table."""
    record: bytes
    """As it stands there; to parse all of them would take as long as to find them."""

    def matrix(self) -> np.ndarray:
        """T_ego_to_world, (4, 4) float64 [m].

        Raises:
            UserError: if the record is damaged.
        """
        row = _parsed(self.path, self.record)
        return rigid(row["rotation"], row["translation"])


@dataclass(frozen=True)
class Calibration:
    """How a sensor sits on the car."""

    T_sensor_to_ego: np.ndarray
    """(4, 4) float64 [m]."""
    intrinsics: np.ndarray | None
    """(3, 3) float64 [px]; None where it is no camera."""


@dataclass(frozen=True)
class Scene:
    """A drive of 20 seconds."""

    name: str
    """scene-NNNN."""
    description: str
    """In words: says night and rain."""


@dataclass(frozen=True)
class Tables:
    """What was read of one version."""

    scenes: dict[str, Scene]
    """By token."""
    scene_of_sample: dict[str, str]
    """Token of a sample to token of its scene."""
    shots: dict[str, list[Shot]]
    """By channel, in no order."""
    calibrations: dict[str, Calibration]
    """By token."""
    ego_poses: dict[str, EgoPose]
    """By token; of `shots` only."""


def read_tables(root: Path, version: str, cameras: Set[str], lidar: str = "LIDAR_TOP") -> Tables:
    """Read the tables of one version.

    Args:
        root: folder that holds ``version`` beside ``samples`` and ``sweeps``.
        version: v1.0-trainval, v1.0-mini or v1.0-test.
        cameras: channels of which every image is wanted.
        lidar: channel of which the key frames are wanted.

    Raises:
        UserError: if a table is missing, or is not as nuScenes writes it.
    """
    folder = Path(root) / version
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; nuScenes tables are expected in it")
    scenes = {row["token"]: Scene(row["name"], row["description"]) for row in _rows(folder / "scene.json")}
    samples = {row["token"]: row["scene_token"] for row in _rows(folder / "sample.json")}
    calibrations = {row["token"]: _calibration(row) for row in _rows(folder / "calibrated_sensor.json")}
    shots = _read_shots(folder / "sample_data.json", cameras, lidar)
    wanted = {shot.ego_pose.encode() for of_channel in shots.values() for shot in of_channel}
    return Tables(scenes, samples, shots, calibrations, _read_ego_poses(folder / "ego_pose.json", wanted))


def rigid(rotation: list[float], translation: list[float]) -> np.ndarray:
    """(4, 4) from a unit quaternion w, x, y, z and a translation [m]."""
    w, x, y, z = np.asarray(rotation, dtype=np.float64) / np.linalg.norm(rotation)
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = translation
    return matrix


def _calibration(row: dict[str, Any]) -> Calibration:
    intrinsics = row["camera_intrinsic"]
    return Calibration(
        rigid(row["rotation"], row["translation"]),
        np.array(intrinsics, dtype=np.float64) if intrinsics else None,
    )


def _read_shots(path: Path, cameras: Set[str], lidar: str) -> dict[str, list[Shot]]:
    # samples/CAM_FRONT/..., sweeps/CAM_FRONT/...; only key frames of the LiDAR have a use.
    places = {channel: f"/{channel}/" for channel in cameras} | {lidar: f"samples/{lidar}/"}
    with _content(path) as content:
        return {
            channel: [
                _shot(_parsed(path, _record(content, match.start()))) for match in _found(place, content)
            ]
            for channel, place in places.items()
        }


def _shot(row: dict[str, Any]) -> Shot:
    return Shot(
        file=row["filename"],
        sample=row["sample_token"],
        timestamp=row["timestamp"],
        is_key_frame=row["is_key_frame"],
        calibration=row["calibrated_sensor_token"],
        ego_pose=row["ego_pose_token"],
        size=(row["height"] or 0, row["width"] or 0),
    )


def _read_ego_poses(path: Path, wanted: set[bytes]) -> dict[str, EgoPose]:
    poses = {}
    with _content(path) as content:
        for match in _TOKEN.finditer(content):
            if match[1] in wanted:
                poses[match[1].decode()] = EgoPose(path, _record(content, match.start()))
    if missing := wanted - {token.encode() for token in poses}:
        raise UserError(f"{path}: lacks {len(missing)} poses, such as {min(missing).decode()}; copy it again")
    return poses


@contextmanager
def _content(path: Path) -> Iterator[mmap.mmap]:
    """A table as bytes that are read as they are looked at."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); nuScenes tables are JSON files") from error


def _found(text: str, content: mmap.mmap) -> Iterator[re.Match[bytes]]:
    return re.finditer(re.escape(text.encode()), content)


def _record(content: mmap.mmap, place: int) -> bytes:
    """The record around a place; records of the long tables hold no others."""
    return content[content.rfind(b"{", 0, place) : content.find(b"}", place) + 1]


def _parsed(path: Path, record: bytes) -> dict[str, Any]:
    try:
        return json.loads(record)
    except ValueError as error:
        raise UserError(f"{path}: a record is no JSON ({error}); copy the file again") from error


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not readable as a nuScenes table ({error})") from error
    if not isinstance(rows, list):
        raise UserError(f"{path}: not a nuScenes table, expected a list of records")
    return rows
