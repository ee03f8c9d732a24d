"""The distance from one lane dash to the next by a network's depth.

    python benchmarks/lane_dashes.py FOOTAGE NETWORK [--every 25]

Where dashes repeat every 12.2 m, as on US motorways, this measures metres without LiDAR. In each image that
is looked at, the road is the plane on which most of the depth below the horizon lies. The image is seen from
above by it and straightened along its lines, and the dashes' period is the lag at which it agrees best with
itself. Footage needs a known camera; of 25 images a second --every 25 shows each dash about once.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

import acdepth
from acdepth.core.camera import Camera
from acdepth.data.folder import open_data
from acdepth.geometry.ground import road_plane
from acdepth.inference.model import DepthModel

STEP = 0.1
"""Of the view from above [m]."""
AHEAD, ASIDE = (5.0, 40.0), 5.0
"""What of the road is looked at [m]."""
PERIODS = (7.0, 18.0)
"""Shortest and longest that is looked for [m]."""
LINE = 9
"""Width within which a line stands out of the asphalt [steps]."""
SLANTS, BENDS = np.linspace(-0.2, 0.2, 41), np.linspace(-0.004, 0.004, 9)
"""Of lines against the view: columns per row, and their change per metre."""
SIDEWAYS = np.linspace(-0.1, 0.1, 21)
"""By which dashes may still run aside then."""
IMAGES_AT_ONCE = 10
"""Whose agreements are averaged before the best lag is taken."""


def from_above(
    image: np.ndarray, depth: np.ndarray, camera: Camera, counted: np.ndarray | None
) -> np.ndarray | None:
    """The road from above, gray (rows ahead, columns aside), near first; None where no road is seen."""
    intrinsics = camera.matrix()[None].double()
    seen = torch.from_numpy(depth)[None, None]
    plane = road_plane(seen, intrinsics, None if counted is None else torch.from_numpy(counted)[None, None])
    if not torch.isfinite(plane.height[0]):
        return None
    down, height = plane.normal[0].numpy(), float(plane.height[0])
    ahead = np.array([0, 0, 1]) - down[2] * down
    ahead /= np.linalg.norm(ahead)
    far, aside = np.meshgrid(np.arange(*AHEAD, STEP), np.arange(-ASIDE, ASIDE, STEP), indexing="ij")
    points = height * down + far[..., None] * ahead + aside[..., None] * np.cross(down, ahead)
    x = camera.fx * points[..., 0] / points[..., 2] + camera.cx
    y = camera.fy * points[..., 1] / points[..., 2] + camera.cy
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cv2.remap(gray, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR).astype(np.float32)


def straightened(above: np.ndarray) -> np.ndarray:
    """The view from above with lines along its columns: of all slants and bends the one with the sharpest."""
    lines = np.clip(above - cv2.medianBlur(above.clip(0, 255).astype(np.uint8), 2 * LINE + 1), 0, 60)
    rows, columns = np.indices(lines.shape, np.float32)
    best, most = lines, -1.0
    for slant in SLANTS:
        for bend in BENDS:
            shifted = columns + slant * rows + bend * STEP * rows**2
            straight = cv2.remap(lines, shifted.astype(np.float32), rows, cv2.INTER_LINEAR)
            sharp = float((straight.mean(0) ** 2).sum())
            if sharp > most:
                best, most = straight, sharp
    return best


def agreement(lines: np.ndarray) -> np.ndarray:
    """How well lines agree with themselves so many steps farther ahead, by lag; whole lines do not count.

    Lines beside the sharpest may still run a little aside: of all slants the one that agrees best counts.
    """
    lines = cv2.GaussianBlur(lines, (0, 0), 2)
    lines = lines - lines.mean(0)
    aside, agreed = int(SIDEWAYS.max() * PERIODS[1] / STEP) + 1, []
    for lag in range(int(PERIODS[1] / STEP)):
        near, far = lines[: len(lines) - lag, aside:-aside], lines[lag:]
        shifts = np.rint(SIDEWAYS * lag).astype(int) + aside
        agreed.append(max(float((near * far[:, at : at + near.shape[1]]).mean()) for at in shifts))
    return np.array(agreed)


def measure(footage: Path, model: DepthModel, every: int) -> dict[str, object]:
    """The period, over all images and over `IMAGES_AT_ONCE` of them at a time."""
    agreements, heights = [], 0
    for clip in open_data(footage):
        assert clip.camera is not None, "the camera is not known"
        for index in range(0, len(clip), every):
            image = clip.image(index)
            depth = model(image, camera=clip.camera).depth
            counted = None if clip.ego_mask is None else ~clip.ego_mask
            above = from_above(image, depth, clip.camera, counted)
            heights += above is not None
            if above is not None:
                agreements.append(agreement(straightened(above)))
    parts = [
        agreements[i : i + IMAGES_AT_ONCE]
        for i in range(0, len(agreements) - IMAGES_AT_ONCE + 1, IMAGES_AT_ONCE)
    ]
    periods = [_best(np.mean(part, 0)) for part in parts]
    return {
        "period": _best(np.mean(agreements, 0)),
        "periods": periods,
        "images_with_a_road": len(agreements),
        "dashes": round(len(agreements) * (AHEAD[1] - AHEAD[0]) / _best(np.mean(agreements, 0))),
    }


def _best(agreed: np.ndarray) -> float:
    start = int(PERIODS[0] / STEP)
    return round((start + int(np.argmax(agreed[start:]))) * STEP, 1)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("footage", type=Path)
    parser.add_argument("network")
    parser.add_argument("--every", type=int, default=25)
    given = parser.parse_args()
    print(json.dumps(measure(given.footage, acdepth.load(given.network), given.every)))


if __name__ == "__main__":
    main()
