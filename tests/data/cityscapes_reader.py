"""Cityscapes, Foggy Cityscapes and ACDC read as they are described, without a line of acdepth or of theirs.

Written from the descriptions alone. Cityscapes: files are ``{root}/{type}{_sequence}/{split}/{city}/
{city}_{sequence}_{frame}_{type}{ext}``; disparity of a pixel p > 0 is (p - 1) / 256, 0 is invalid, and depth
is baseline times focal length over it; time stamps are nanoseconds; a vehicle's speed is in metres a second.
ACDC: ``{root}/rgb_anon/{condition}/{split}/{recording}/{recording}_frame_{number}_rgb_anon.png``, and the
clear image of the same place in ``{split}_ref`` with ``_rgb_ref_anon`` in its name.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


@dataclass(frozen=True)
class Moment:
    """One annotated image of Cityscapes, and the frames around it."""

    root: Path
    split: str
    city: str
    sequence: str
    frame: int

    def file(self, kind: str, ending: str, folder: str = "", step: int = 0) -> Path:
        name = f"{self.city}_{self.sequence}_{self.frame + step:06d}_{kind}{ending}"
        return self.root / (folder or kind) / self.split / self.city / name

    def image(self, step: int = 0) -> np.ndarray:
        folder = "leftImg8bit_sequence" if step else "leftImg8bit"
        return pixels(self.file("leftImg8bit", ".png", folder, step))

    def fog(self, beta: str) -> np.ndarray:
        return pixels(self.file("leftImg8bit", f"_foggy_beta_{beta}.png", "leftImg8bit_foggy"))

    def intrinsics(self) -> np.ndarray:
        of = self._camera()["intrinsic"]
        return np.array([[of["fx"], 0, of["u0"]], [0, of["fy"], of["v0"]], [0, 0, 1]])

    def baseline_times_focal(self) -> float:
        return self._camera()["extrinsic"]["baseline"] * self._camera()["intrinsic"]["fx"]

    def disparity(self) -> np.ndarray:
        """[px]; -1 where invalid."""
        p = pixels(self.file("disparity", ".png")).astype(np.float64)
        return np.where(p > 0, (p - 1) / 256, -1)

    def depth(self) -> np.ndarray:
        """[m]; 0 where unknown."""
        d = self.disparity()
        return np.where(d > 0, self.baseline_times_focal() / np.where(d > 0, d, 1), 0)

    def speed(self, step: int) -> float:
        return json.loads(self.file("vehicle", ".json", "vehicle_sequence", step).read_text())["speed"]

    def time(self, step: int) -> float:
        return int(self.file("timestamp", ".txt", "timestamp_sequence", step).read_text()) / 1e9

    def _camera(self) -> dict:
        return json.loads(self.file("camera", ".json").read_text())


def read_moments(root: Path, split: str) -> list[Moment]:
    found = []
    for path in sorted((root / "leftImg8bit" / split).glob("*/*_leftImg8bit.png")):
        city, sequence, frame, _ = path.stem.rsplit("_", 3)
        found.append(Moment(root, split, city, sequence, int(frame)))
    return found


def read_pairs(root: Path, condition: str, split: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """ACDC's adverse images, each with its clear reference, by name."""
    pairs = {}
    for path in sorted((root / "rgb_anon" / condition / split).glob("*/*_rgb_anon.png")):
        reference = Path(str(path).replace(f"/{split}/", f"/{split}_ref/").replace("_rgb_", "_rgb_ref_"))
        pairs[path.name.removesuffix("_rgb_anon.png")] = (pixels(path), pixels(reference))
    return pairs
