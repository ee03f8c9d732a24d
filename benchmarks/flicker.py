"""How much depth of a video flickers, frame by frame and steadied: drives through the built-in world.

    python benchmarks/flicker.py OUT [--weights WEIGHTS] [--towns 9201 9206 9211] [--frames 24]

OUT keeps the drives, rendered once, and gets flicker.json. Per condition, means over the frames of all
drives:

- flicker: mean change of the error of log depth from one frame to the next at the same static point. Its way
  through the picture is known: true depth and true motion of the camera say where the frame before saw it.
- scale: mean change of a frame's median error of log depth.
- abs_rel: of all pixels up to 80 m, not aligned; `moving` of what moves by itself, with `moving_bias`, its
  mean error of log depth: above 0 is too far.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from acdepth import Condition, Steady, load
from acdepth.core.files import write_json
from acdepth.core.provenance import provenance
from acdepth.data import Clip, open_data
from acdepth.world import Renderer, prepare
from acdepth.world.export import DriveSettings, write_towns

TOWNS = (9201, 9206, 9211)
"""None that ships was trained or tuned on."""
CONDITIONS = (Condition.CLEAR, Condition.NIGHT, Condition.RAIN)
SIZE, FARTHEST = (192, 320), 80.0
SAME = 0.04
"""A point is seen in both frames where depths there differ by less than this part."""


class Truth:
    """What is known of a town's drive."""

    def __init__(self, drive: Renderer, clip: Clip) -> None:
        frames = range(len(clip))
        self.depth = np.stack([depth for index in frames if (depth := clip.depth(index)) is not None])
        bare = replace(drive, town=replace(drive.town, movers=()))
        self.moving = np.stack(
            [np.abs(bare.frame(i, []).depth.numpy() - self.depth[i]) > 0.02 for i in frames]
        )
        self.known = (self.depth > 0) & (self.depth < FARTHEST)
        self.camera, self.poses = drive.camera, drive.town.drive.poses.numpy()

    def before(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Which static pixels of a frame the one before saw as well, and there x, y [px] and depth [m]."""
        camera, z = self.camera, self.depth[index]
        row, column = np.mgrid[: camera.height, : camera.width].astype(float)
        points = np.stack([(column - camera.cx) / camera.fx * z, (row - camera.cy) / camera.fy * z, z], -1)
        T = np.linalg.inv(self.poses[index - 1]) @ self.poses[index]
        points = points @ T[:3, :3].T + T[:3, 3]
        depth = np.maximum(points[..., 2], 0.1)
        x, y = (points[..., :2] / depth[..., None] * (camera.fx, camera.fy) + (camera.cx, camera.cy)).T
        x, y = x.T.astype(np.float32), y.T.astype(np.float32)
        inside = (x >= 0) & (x < camera.width - 1) & (y >= 0) & (y < camera.height - 1)
        seen = inside & self.known[index] & ~self.moving[index]
        left, top = (np.where(inside, values, 0).astype(int) for values in (x, y))
        for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            there = top + down, left + right
            seen &= (np.abs(self.depth[index - 1][there] / depth - 1) < SAME) & ~self.moving[index - 1][there]
        return seen, x, y, depth


def measure(truth: Truth, said: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Numbers of each frame of a drive, of depths (H, W) [m]."""
    rows: dict[str, list[float]] = {
        name: [] for name in ("flicker", "scale", "abs_rel", "moving", "moving_bias")
    }
    logs = [np.log(depth).astype(np.float32) for depth in said]
    errors = [log - np.log(np.maximum(true, 0.01)) for log, true in zip(logs, truth.depth, strict=True)]
    middles = [np.median(error[known]) for error, known in zip(errors, truth.known, strict=True)]
    for index, error in enumerate(errors):
        relative = np.abs(np.expm1(error))
        rows["abs_rel"].append(float(relative[truth.known[index]].mean()))
        moving = truth.known[index] & truth.moving[index]
        if moving.any():
            rows["moving"].append(float(relative[moving].mean()))
            rows["moving_bias"].append(float(error[moving].mean()))
        if index:
            seen, x, y, depth = truth.before(index)
            was = cv2.remap(logs[index - 1], x, y, cv2.INTER_LINEAR) - np.log(depth)
            rows["flicker"].append(float(np.abs(error - was)[seen].mean()))
            rows["scale"].append(float(np.abs(middles[index] - middles[index - 1])))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--towns", type=int, nargs="+", default=TOWNS)
    parser.add_argument("--frames", type=int, default=24)
    given = parser.parse_args()
    drives = given.out / "drives"
    write_towns(drives, given.towns, CONDITIONS, DriveSettings(given.frames, SIZE), "cpu")
    predictor = load(given.weights, device="cpu")
    gathered: dict[str, dict[str, dict[str, list[float]]]] = {}
    for town in given.towns:
        clips = {clip.condition: clip for clip in open_data(drives / f"town_{town:04d}")}
        truth = Truth(prepare(town, given.frames, SIZE), clips[CONDITIONS[0]])
        for condition in CONDITIONS:
            clip, steady = clips[condition], Steady()
            plain, steadied = [], []
            for index in range(len(clip)):
                image = clip.image(index)
                prediction = predictor(image, clip.camera, confidence=False)
                plain.append(prediction.depth)
                steadied.append(steady(image, prediction, clip.time(index)).depth)
            for name, said in {"frame by frame": plain, "steady": steadied}.items():
                kept = gathered.setdefault(condition.value, {}).setdefault(name, {})
                for key, values in measure(truth, said).items():
                    kept.setdefault(key, []).extend(values)
    result = {}
    for condition, kinds in gathered.items():
        means = {
            name: {key: float(np.mean(values)) for key, values in kept.items() if values}
            for name, kept in kinds.items()
        }
        plain, steady = means["frame by frame"], means["steady"]
        means["change"] = {key: steady[key] / plain[key] - 1 for key in plain if key != "moving_bias"}
        result[condition] = means
    settings = {"weights": given.weights, "towns": list(given.towns), "frames": given.frames}
    write_json(given.out / "flicker.json", {"made_by": provenance(), "settings": settings, **result})
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
