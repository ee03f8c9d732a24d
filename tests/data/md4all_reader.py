"""RobotCar read as md4all's readers are described, without a line of acdepth or of theirs.

Written from the description alone: a camera model is fx fy cx cy and a 4x4 matrix that takes the lens' frame
to the stereo head's; clouds are float32 of all x, all y, all z in the head's frame; points ahead of the lens
count whose coordinates lie within 0.5 and the size less 1, at the pixel they are rounded to, the nearest of
several; lists of train and val name three time stamps a line, those of test begin with one.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

LENS, MODEL = "stereo/left", "stereo_wide_left"
CLOUDS = "lms_front_synchronized/vo/time_margin=+-4.0e+06"


@dataclass
class Sample:
    """One line of a list."""

    scene: Path
    stamps: dict[int, str]
    """Time stamps by place in time: -1, 0, 1, or 0 alone."""

    def image(self, place: int) -> np.ndarray:
        with Image.open(self.scene / LENS / f"{self.stamps[place]}.png") as picture:
            return np.array(picture)

    def intrinsics(self) -> np.ndarray:
        fx, fy, cx, cy = self._model()[0]
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])

    def depth(self) -> np.ndarray:
        width, height = Image.open(self.scene / LENS / f"{self.stamps[0]}.png").size
        values = np.fromfile(self.scene / CLOUDS / f"{self.stamps[0]}.pcd.bin", "<f4")
        points = np.vstack([values.reshape(3, -1), np.ones(len(values) // 3)])
        x, y, z, _ = np.linalg.solve(np.array(self._model()[1:]), points)
        K, depth = self.intrinsics(), np.zeros((height, width))
        for a, b, c in zip(x, y, z, strict=True):
            if c > 0:
                u, v, _ = K @ [a / c, b / c, 1]
                if 0.5 <= u <= width - 1 and 0.5 <= v <= height - 1:
                    pixel = round(v), round(u)
                    depth[pixel] = min(c, depth[pixel]) if depth[pixel] else c
        return depth

    def pose(self, place: int) -> np.ndarray:
        """The car at the previous (-1) or next (1) image in its frame at this one."""
        entries = json.loads((self.scene / "poses_synchronized.json").read_text())
        by_time = {entry["timestamp"]: entry for entry in entries}
        return np.array(by_time[int(self.stamps[0])]["pose_to_prev" if place < 0 else "pose_to_next"])

    def _model(self) -> list[list[float]]:
        models = self.scene.parent / "models"
        width, height = Image.open(self.scene / LENS / f"{self.stamps[0]}.png").size
        table = np.fromfile(models / f"{MODEL}_distortion_lut.bin", np.float64)
        assert table.size == 2 * width * height
        lines = (models / f"{MODEL}.txt").read_text().splitlines()
        return [[float(word) for word in line.split()] for line in lines]


def read_samples(root: Path, scene: str, split: str) -> list[Sample]:
    """The samples of a scene's split: train, val or test."""
    ending = "test" if split == "test" else f"{split}_stride_1"
    left_out = (root / "filter" / "filter_train_samples.txt").read_text().split() if split == "train" else []
    samples = []
    for line in (root / "splits" / f"{scene}_{ending}.txt").read_text().splitlines():
        words = line.split(" ")
        places = [0] if split == "test" else [-1, 0, 1]
        stamps = dict(zip(places, words[:1] if split == "test" else words, strict=True))
        if stamps[0] not in left_out:
            samples.append(Sample(root / scene, stamps))
    return samples
