"""The JSON tables of nuScenes, as far as depth needs them."""

import gc
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.errors import OnFault, UserError, raise_fault, telling
from acdepth.core.files import inside
from acdepth.core.images import LONGEST_SIDE, MOST_PIXELS
from acdepth.data.nuscenes.records import find_records, find_rows, parse, read_rows
from acdepth.data.rigid import from_quaternion

LIDAR = "LIDAR_TOP"
"""Channel of the scanner."""
SCENE_ROW = {"token": str, "name": str, "description": str}
SAMPLE_ROW = {"token": str, "scene_token": str}
CALIBRATION_ROW = {"token": str, "rotation": list, "translation": list, "camera_intrinsic": list}
SHOT_ROW = {"token": str, "filename": str, "sample_token": str, "timestamp": int, "is_key_frame": bool}
SHOT_ROW |= {"calibrated_sensor_token": str, "ego_pose_token": str, "height": int, "width": int}
"""Keys of the tables that are read, and the types of their values."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One moment of one sensor: a row of ``sample_data.json``."""

    file: str
    """Relative to the root of the data set, and within it."""
    sample: str
    """Token of the annotated moment it belongs to, or stands nearest to."""
    timestamp: int
    """[us]."""
    is_key_frame: bool
    calibration: str
    ego_pose: str
    """Tokens into `Tables.calibrations` and `Tables.ego_poses`."""
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
        row = parse(self.record, self.path)
        try:
            return from_quaternion(row["rotation"], row["translation"])
        except (KeyError, TypeError, ValueError) as error:
            name = f"record {row.get('token', '?')}"
            raise UserError(self.path, f"{name} is no pose ({error!r})", "copy it again") from error


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
    """What was read of one version, by token."""

    scenes: dict[str, Scene]
    scene_of_sample: dict[str, str]
    """Token of a sample to token of its scene."""
    shots: dict[str, list[Shot]]
    """By channel, in no order."""
    calibrations: dict[str, Calibration]
    ego_poses: dict[str, EgoPose]
    """Of `shots` only."""


def read_tables(root: Path, version: str, cameras: Set[str], on_fault: OnFault = raise_fault) -> Tables:
    """Read the tables of one version.

    Args:
        root: folder that holds ``version`` beside ``samples`` and ``sweeps``.
        version: v1.0-trainval, v1.0-mini or v1.0-test.
        cameras: channels of which every image is wanted; of `LIDAR` it is the key frames.
        on_fault: told about each damaged or dangling record, which is then left out.

    Raises:
        UserError: if there is no such folder, or by ``on_fault``.
    """
    tables = read_loose_tables(root, version, cameras, on_fault)
    return without_dangling(tables, Path(root) / version, on_fault)


def read_loose_tables(root: Path, version: str, cameras: Set[str], on_fault: OnFault) -> Tables:
    """Read the tables as they stand, see `read_tables`; shots may point to records that are not there.

    Raises:
        UserError: if there is no such folder, or by ``on_fault``.
    """
    root, folder = Path(root), Path(root) / version
    if not folder.is_dir():
        raise UserError(folder, "no such folder", "unpack the metadata of this version there")
    with _without_collection():
        rows = read_rows(folder / "scene.json", SCENE_ROW, on_fault)
        scenes = {row["token"]: Scene(row["name"], row["description"]) for row in rows}
        rows = read_rows(folder / "sample.json", SAMPLE_ROW, on_fault)
        samples = {row["token"]: row["scene_token"] for row in rows}
        calibrations = _read_calibrations(folder / "calibrated_sensor.json", on_fault)
        shots = _read_shots(root, folder / "sample_data.json", cameras, on_fault)
        path = folder / "ego_pose.json"
        wanted = {shot.ego_pose.encode() for of_channel in shots.values() for shot in of_channel}
        poses = {name: EgoPose(path, row) for name, row in find_records(path, wanted, on_fault).items()}
    return Tables(scenes, samples, shots, calibrations, poses)


def _read_calibrations(path: Path, on_fault: OnFault) -> dict[str, Calibration]:
    calibrations = {}
    for row in read_rows(path, CALIBRATION_ROW, on_fault):
        try:
            calibrations[row["token"]] = _calibration(row)
        except (TypeError, ValueError) as error:
            on_fault(UserError(path, f"record {row['token']} is no calibration ({error})", "copy it again"))
    return calibrations


def _calibration(row: dict[str, Any]) -> Calibration:
    numbers = row["camera_intrinsic"]
    intrinsics = np.array(numbers, dtype=np.float64) if numbers else None
    if intrinsics is not None and (intrinsics.shape != (3, 3) or not np.isfinite(intrinsics).all()):
        raise ValueError("camera_intrinsic is no finite 3x3 matrix")
    return Calibration(from_quaternion(row["rotation"], row["translation"]), intrinsics)


def _read_shots(root: Path, path: Path, cameras: Set[str], on_fault: OnFault) -> dict[str, list[Shot]]:
    # samples/CAM_FRONT/..., sweeps/CAM_FRONT/...; only key frames of the LiDAR have a use.
    places = {f"/{channel}/": channel for channel in cameras} | {f"samples/{LIDAR}/": LIDAR}
    shots: dict[str, list[Shot]] = {channel: [] for channel in places.values()}
    for place, row in find_rows(path, places, SHOT_ROW, on_fault):
        with telling(on_fault):
            inside(root, row["filename"], path)
            shots[places[place]].append(_shot(row, path))
    return shots


def _shot(row: dict[str, Any], path: Path) -> Shot:
    height, width = row["height"], row["width"]
    if not 0 <= height * width <= MOST_PIXELS or max(height, width) > LONGEST_SIDE or min(height, width) < 0:
        told = f"record {row['token']} has {width}x{height} pixels"
        raise UserError(path, told, "usual are 1600x900: copy the file again")
    return Shot(
        file=row["filename"],
        sample=row["sample_token"],
        timestamp=row["timestamp"],
        is_key_frame=row["is_key_frame"],
        calibration=row["calibrated_sensor_token"],
        ego_pose=row["ego_pose_token"],
        size=(height, width),
    )


def without_dangling(tables: Tables, folder: Path, on_fault: OnFault) -> Tables:
    """Leave out shots that point to records that are not there; a fault tells how many of each kind."""
    shots = [shot for of_channel in tables.shots.values() for shot in of_channel]
    samples = {shot.sample for shot in shots}
    scenes = {tables.scene_of_sample[sample] for sample in samples & tables.scene_of_sample.keys()}
    missing = {
        "sample": samples - tables.scene_of_sample.keys(),
        "scene": scenes - tables.scenes.keys(),
        "calibrated_sensor": {shot.calibration for shot in shots} - tables.calibrations.keys(),
        "ego_pose": {shot.ego_pose for shot in shots} - tables.ego_poses.keys(),
    }
    for table, tokens in missing.items():
        if tokens:
            records = "1 record" if len(tokens) == 1 else f"{len(tokens)} records"
            told = f"lacks {records} that others point to, such as {min(tokens)}"
            on_fault(UserError(f"{folder / table}.json", told, "copy it again"))
    if not any(missing.values()):
        return tables

    def is_whole(shot: Shot) -> bool:
        return (
            tables.scene_of_sample.get(shot.sample) in tables.scenes
            and shot.calibration in tables.calibrations
            and shot.ego_pose in tables.ego_poses
        )

    whole = {channel: [shot for shot in some if is_whole(shot)] for channel, some in tables.shots.items()}
    return replace(tables, shots=whole)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking through a million new records again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
