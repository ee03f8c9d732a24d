"""The world as nuScenes v1.0-trainval: tables, camera images, LiDAR sweeps."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.encoding import jpeg
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes, write_json
from acdepth.core.images import read_image
from acdepth.data.nuscenes.scenes import condition_of, scene_names
from acdepth.recipes.layouts.drives import TO_Z_UP, WorldDrive
from acdepth.world.styles import TOWN

VERSION = "v1.0-trainval"
KEY_STEP = 6
"""Every sixth image of the camera's twelve a second is annotated."""
FIRST_TIME = 1_532_402_927_000_000
"""[us]."""
INTERVAL, BETWEEN_SCENES = 83_333, 60_000_000
"""[us] between images, and between the beginnings of scenes."""
JPEG_QUALITY = 95
WORDS = {
    Condition.CLEAR: "Parked cars, pedestrians, buildings",
    Condition.NIGHT: "Night, parked cars, street lamps",
    Condition.RAIN: "Rain, parked cars, wet road",
    Condition.NIGHT_RAIN: "Night, rain, parked cars",
    Condition.FOG: "Fog, parked cars",
    Condition.SNOW: "Snow, parked cars",
}
"""Descriptions; nuScenes itself knows night and rain alone, so fog and snow read as clear."""
T_CAMERA_TO_EGO = np.eye(4)
T_CAMERA_TO_EGO[:3, :3], T_CAMERA_TO_EGO[:3, 3] = TO_Z_UP, (1.7, 0.0, 1.5)
T_LIDAR_TO_EGO = np.eye(4)
# nuScenes' scanner: x right, y forward, z up.
T_LIDAR_TO_EGO[:3, :3], T_LIDAR_TO_EGO[:3, 3] = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], (0.94, 0.0, 1.84)
NO_RECORDS = ("attribute", "category", "instance", "sample_annotation", "visibility")


def write_nuscenes(
    drives: list[WorldDrive], out: Path, evaluation: frozenset[int], progress: Callable[[], object]
) -> None:
    """Write drives as scenes: training towns under names of the train split, the others of val."""
    there = {drive.condition for drive in drives}
    if unsaid := sorted(one for one in there if condition_of(WORDS[one]) != one):
        logging.getLogger("acdepth").warning(f"nuScenes has no {', '.join(unsaid)}: will be read as clear")
    tables = _Tables(dict.fromkeys(drive.style for drive in drives))
    free = {split: iter(sorted(scene_names(split))) for split in ("train", "val")}
    for drive in drives:
        name = next(free["val" if drive.town in evaluation else "train"], None)
        if name is None:
            raise UserError(drive.folder, "nuScenes has no more scene names", "export fewer drives")
        _write_scene(tables, drive, name, out, progress)
    for table, rows in tables.rows.items():
        write_json(out / VERSION / f"{table}.json", rows)


class _Tables:
    """Rows by table; tokens are hashes of names, so the same drives give the same files."""

    def __init__(self, styles: Iterable[str]) -> None:
        self.rows: dict[str, list[dict]] = {table: [] for table in NO_RECORDS}
        self.logs = {style: self._add_log(style) for style in styles}
        self.add("map", "map", log_tokens=list(self.logs.values()), category="semantic_prior", filename="")
        for channel, modality in (("CAM_FRONT", "camera"), ("LIDAR_TOP", "lidar")):
            self.add("sensor", channel, channel=channel, modality=modality)

    def _add_log(self, style: str) -> str:
        """The drives of each style of the world are of another log, taken in another place."""
        usual = style == TOWN.name
        world = "world" if usual else f"world-{style}"
        place = "boston-seaport" if usual else "singapore-onenorth"
        values = {"logfile": world, "vehicle": world, "date_captured": "2018-07-24", "location": place}
        return self.add("log", "log" if usual else f"log {style}", **values)

    def add(self, table: str, what: str, **values: object) -> str:
        key = token(f"{table} {what}")
        self.rows.setdefault(table, []).append({"token": key, **values})
        return key


def token(name: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def quaternion(R: np.ndarray) -> list[float]:
    """Unit quaternion w, x, y, z of a rotation (3, 3): the eigenvector that stays exact at any angle."""
    xx, xy, xz, yx, yy, yz, zx, zy, zz = R.flatten().tolist()
    K = np.array(
        [
            [xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, yy - xx - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, zz - xx - yy],
        ]
    )
    _, vectors = np.linalg.eigh(K)
    found = vectors[:, -1]
    return (found * (1.0 if found[0] >= 0 else -1.0)).tolist()


def _write_scene(
    tables: _Tables, drive: WorldDrive, name: str, out: Path, progress: Callable[[], object]
) -> None:
    key_frames = sorted({*range(0, len(drive.images), KEY_STEP), len(drive.images) - 1})
    samples = [token(f"sample {name} {index}") for index in key_frames]
    scene = tables.add(
        "scene",
        name,
        log_token=tables.logs[drive.style],
        nbr_samples=len(samples),
        first_sample_token=samples[0],
        last_sample_token=samples[-1],
        name=name,
        description=WORDS[drive.condition],
    )
    for index in key_frames:
        told = {"timestamp": _time(name, index), "scene_token": scene, "prev": "", "next": ""}
        tables.add("sample", f"{name} {index}", **told)
    _link(tables.rows["sample"][-len(samples) :])
    camera, lidar = _write_calibrations(tables, drive, name)
    for index, image in enumerate(drive.images):
        nearest = min(key_frames, key=lambda key, index=index: abs(key - index))
        shot = _shot(tables, drive, name, "CAM_FRONT", camera, index, nearest)
        write_bytes(out / shot["filename"], jpeg(read_image(image), JPEG_QUALITY))
        progress()
    _link(tables.rows["sample_data"][-len(drive.images) :])
    for index in key_frames:
        shot = _shot(tables, drive, name, "LIDAR_TOP", lidar, index, index)
        write_bytes(out / shot["filename"], _sweep(drive, index).tobytes())
    _link(tables.rows["sample_data"][-len(key_frames) :])


def _write_calibrations(tables: _Tables, drive: WorldDrive, name: str) -> tuple[str, str]:
    camera = drive.camera
    intrinsics = [[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy], [0.0, 0.0, 1.0]]
    sensors = {"CAM_FRONT": (T_CAMERA_TO_EGO, intrinsics), "LIDAR_TOP": (T_LIDAR_TO_EGO, [])}
    first, second = (
        tables.add(
            "calibrated_sensor",
            f"{name} {channel}",
            sensor_token=token(f"sensor {channel}"),
            camera_intrinsic=matrix,
            **_placed(T),
        )
        for channel, (T, matrix) in sensors.items()
    )
    return first, second


def _placed(T: np.ndarray) -> dict[str, list[float]]:
    return {"translation": T[:3, 3].tolist(), "rotation": quaternion(T[:3, :3])}


def _shot(
    tables: _Tables, drive: WorldDrive, name: str, channel: str, calibration: str, index: int, sample: int
) -> dict:
    """The record of an image or a sweep; ``sample`` is the annotated frame that is nearest to it."""
    is_camera, is_key = channel == "CAM_FRONT", index == sample
    T_camera_to_global = np.eye(4)
    T_camera_to_global[:3] = TO_Z_UP @ drive.T_camera_to_world[index, :3]
    T_ego_to_global = T_camera_to_global @ np.linalg.inv(T_CAMERA_TO_EGO)
    place = _placed(T_ego_to_global)
    pose = tables.add("ego_pose", f"{name} {channel} {index}", timestamp=_time(name, index), **place)
    folder, ending = ("samples" if is_key else "sweeps"), ("jpg" if is_camera else "pcd.bin")
    tables.add(
        "sample_data",
        f"{name} {channel} {index}",
        sample_token=token(f"sample {name} {sample}"),
        ego_pose_token=pose,
        calibrated_sensor_token=calibration,
        timestamp=_time(name, index),
        fileformat="jpg" if is_camera else "pcd",
        is_key_frame=is_key,
        height=drive.camera.height if is_camera else 0,
        width=drive.camera.width if is_camera else 0,
        filename=f"{folder}/{channel}/{name}__{channel}__{_time(name, index)}.{ending}",
        prev="",
        next="",
    )
    return tables.rows["sample_data"][-1]


def _sweep(drive: WorldDrive, index: int) -> np.ndarray:
    """(M, 5) float32: x, y, z in the scanner's frame, intensity, ring."""
    T_camera_to_lidar = np.linalg.inv(T_LIDAR_TO_EGO) @ T_CAMERA_TO_EGO
    points = drive.scan(index, shift=0.5) @ T_camera_to_lidar[:3, :3].T + T_camera_to_lidar[:3, 3]
    return np.c_[points, np.zeros((len(points), 2))].astype("<f4")


def _time(scene: str, index: int) -> int:
    """[us]; no two scenes begin at the same moment, as the devkit sorts them by it."""
    return FIRST_TIME + BETWEEN_SCENES * int(scene.removeprefix("scene-")) + INTERVAL * index


def _link(rows: list[dict]) -> None:
    for before, after in pairwise(rows):
        before["next"], after["prev"] = after["token"], before["token"]
