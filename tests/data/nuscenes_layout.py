"""A small data set in nuScenes' layout: real tables and sweeps, with poses drawn at random."""

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 160, 90
INTRINSICS = [[126.6, 0.0, 81.6], [0.0, 126.6, 49.2], [0.0, 0.0, 1.0]]
CAMERA_ROTATION = [0.5, -0.5, 0.5, -0.5]
"""w, x, y, z: a camera that looks along the car's x."""
CHANNELS = {"CAM_FRONT": "camera", "CAM_BACK": "camera", "LIDAR_TOP": "lidar"}


def write_nuscenes(
    root: Path, scenes: dict[str, str], version: str = "v1.0-mini", samples: int = 3, sweeps: int = 5
) -> Path:
    """Write tables, images and sweeps.

    Args:
        root: gets ``version``, ``samples`` and ``sweeps``.
        scenes: name to description.
        version: of the tables.
        samples: key frames of each scene.
        sweeps: images from one key frame to the next.
    """
    tables = _Tables(np.random.default_rng(5), root)
    for name, description in scenes.items():
        tables.add_scene(name, description, samples, sweeps)
    for table, rows in tables.rows.items():
        path = root / version / f"{table}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows, indent=0))
    return root


class _Tables:
    def __init__(self, draw: np.random.Generator, root: Path) -> None:
        self.draw, self.root, self.rows = draw, root, {}
        for table in ("attribute", "instance", "map", "sample_annotation", "visibility"):
            self.rows[table] = []
        self.add("category", name="car", description="")
        log = self.add(
            "log", logfile="n0", vehicle="n", date_captured="2018-07-24", location="boston-seaport"
        )
        self.add("map", log_tokens=[log], category="semantic_prior", filename="")
        self.log = log
        self.sensors = {
            channel: self.add("sensor", channel=channel, modality=modality)
            for channel, modality in CHANNELS.items()
        }

    def add(self, table: str, **values: object) -> str:
        token = bytes(self.draw.integers(0, 256, 16, dtype=np.uint8)).hex()
        self.rows.setdefault(table, []).append({"token": token, **values})
        return token

    def add_scene(self, name: str, description: str, samples: int, sweeps: int) -> None:
        scene = self.add(
            "scene",
            log_token=self.log,
            nbr_samples=samples,
            first_sample_token="",
            last_sample_token="",
            name=name,
            description=description,
        )
        calibrations = {channel: self._calibration(channel) for channel in CHANNELS}
        tokens = [self._sample(scene, number) for number in range(samples)]
        _link(self.rows["sample"][-samples:])
        self.rows["scene"][-1].update(first_sample_token=tokens[0], last_sample_token=tokens[-1])
        for channel, calibration in calibrations.items():
            first = len(self.rows.get("sample_data", []))
            for number in range((samples - 1) * sweeps + 1):
                sample, rest = divmod(number, sweeps)
                nearest = tokens[sample + (rest > sweeps // 2)]
                self._shot(name, channel, calibration, nearest, number, key=rest == 0)
            _link(self.rows["sample_data"][first:])

    def _calibration(self, channel: str) -> str:
        camera = CHANNELS[channel] == "camera"
        return self.add(
            "calibrated_sensor",
            sensor_token=self.sensors[channel],
            translation=[1.7, 0.0, 1.5] if camera else [0.9, 0.0, 1.8],
            rotation=self._turned(CAMERA_ROTATION if camera else [1.0, 0.0, 0.0, 0.0]),
            camera_intrinsic=INTRINSICS if camera else [],
        )

    def _sample(self, scene: str, number: int) -> str:
        return self.add("sample", timestamp=1_000_000 + 500_000 * number, scene_token=scene, prev="", next="")

    def _shot(self, scene: str, channel: str, calibration: str, sample: str, number: int, key: bool) -> None:
        camera = CHANNELS[channel] == "camera"
        time = 1_000_000 + 100_000 * number + (0 if camera else 35_000)
        file = f"{'samples' if key else 'sweeps'}/{channel}/{scene}__{channel}__{time}"
        file += ".jpg" if camera else ".pcd.bin"
        pose = self.add(
            "ego_pose",
            timestamp=time,
            rotation=self._turned([1.0, 0.0, 0.0, 0.0]),
            translation=[600.0 + 8e-6 * time, 1600.0, 0.0],
        )
        self.add(
            "sample_data",
            sample_token=sample,
            ego_pose_token=pose,
            calibrated_sensor_token=calibration,
            timestamp=time,
            fileformat="jpg" if camera else "pcd",
            is_key_frame=key,
            height=HEIGHT if camera else 0,
            width=WIDTH if camera else 0,
            filename=file,
            prev="",
            next="",
        )
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if camera:
            cv2.imwrite(str(path), np.full((HEIGHT, WIDTH, 3), 10 * number % 256, np.uint8))
        else:
            points = self.draw.uniform([-40, -30, -3, 0, 0], [40, 30, 5, 255, 31], (2000, 5))
            points.astype(np.float32).tofile(path)

    def _turned(self, rotation: list[float]) -> list[float]:
        turned = np.array(rotation) + self.draw.normal(0, 0.01, 4)
        return (turned / np.linalg.norm(turned)).tolist()


def _link(rows: list[dict]) -> None:
    for before, after in pairwise(rows):
        before["next"], after["prev"] = after["token"], before["token"]
