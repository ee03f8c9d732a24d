"""The distance from one lane dash to the next, by a network's depth: no LiDAR is needed to check its metres.

    python benchmarks/lane_dashes.py FOOTAGE [--network shipped] [--height 1.25] [--every 25]

On US motorways a dash begins every 12.2 m (40 ft); in the country of the built-in world every 18 m on
motorways and every 12 m on roads. Each image that is looked at is seen from above by a plane and straightened
along its lines, and the dashes' period is the lag at which all of them together agree best with themselves.
What the plane is, and how far away what lies on it is, is told in four ways:

    depth     the road lies where the network's depth says, row by row
    plane     the road is the plane of `acdepth.geometry.road_plane`, as the network says it
    height    the same plane, moved to where the camera's height above it is right
    motion    the plane at the camera's height along which the camera moves, as optical flow tells (or
              at which it looks down by --pitch): depth has no part in it

The last tells whether lens and height are right at all. FOOTAGE needs a camera; --network truth takes its
measured depth, and --times multiplies depth, to try the measure itself. Of 25 images a second --every 25
shows each dash about once. Printed are JSON with each way's period [m], the bounds within which it lies in
90 of 100 draws of the images, and how many periods of road were looked at.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

import acdepth
from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.evaluation.unlabelled.places import LATER, read_place
from acdepth.geometry.ground import road_plane

STEP = 0.1
"""Of the view from above [m]."""
AHEAD, ASIDE = (7.0, 42.0), 6.0
"""What of the road is looked at [m]."""
PERIODS = (7.0, 25.0)
"""Shortest and longest that is looked for [m]."""
AS_GOOD = 0.7
"""Part of the best agreement that a shorter lag must have to be the period: twice the period agrees too."""
LINE = 9
"""Width within which a line stands out of the asphalt [steps]."""
SLANTS, BENDS = np.linspace(-0.2, 0.2, 41), np.linspace(-0.004, 0.004, 9)
"""Of lines against the view: columns per row, and their change per metre."""
SIDEWAYS = np.linspace(-0.1, 0.1, 21)
"""By which dashes may still run aside then."""
DRAWS = 200
"""Of as many images as there are, with replacement."""

Say = Callable[[Clip, int], np.ndarray]
"""Depth (H, W) [m] of a frame; 0 where it is not known."""


class Plane(NamedTuple):
    """The road, in the camera's frame."""

    down: np.ndarray
    """(3,) of length 1, across it."""
    height: float
    """Of the camera above it [m]."""

    def pixels(self, camera: Camera, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where its points are seen (R, C) each: R so far ahead (R,) [m], C from left to right."""
        ahead = np.array([0, 0, 1]) - self.down[2] * self.down
        ahead /= np.linalg.norm(ahead)
        far, aside = np.meshgrid(far, np.arange(-ASIDE, ASIDE, STEP), indexing="ij")
        points = self.height * self.down + far[..., None] * ahead
        points = points + aside[..., None] * np.cross(self.down, ahead)
        x = camera.fx * points[..., 0] / points[..., 2] + camera.cx
        y = camera.fy * points[..., 1] / points[..., 2] + camera.cy
        return x.astype(np.float32), y.astype(np.float32)


def along(pitch: float, height: float) -> Plane:
    """Of a camera that looks down by an angle [rad] and does not lean."""
    return Plane(np.array([0.0, np.cos(pitch), np.sin(pitch)]), height)


def lines_from_above(clip: Clip, index: int, plane: Plane, far: np.ndarray) -> np.ndarray:
    """How far paint stands out of the asphalt, float32 (R, C), near first; 0 where the vehicle is in view."""
    assert clip.camera is not None, "the camera is not known"
    x, y = plane.pixels(clip.camera, far)
    gray = cv2.cvtColor(clip.image(index), cv2.COLOR_RGB2GRAY)
    above = cv2.remap(gray, x, y, cv2.INTER_LINEAR)
    lines = np.clip(above.astype(np.float32) - cv2.medianBlur(above, 2 * LINE + 1), 0, 60)
    if clip.ego_mask is not None:
        lines[cv2.remap(clip.ego_mask.astype(np.float32), x, y, cv2.INTER_LINEAR) > 0] = 0
    return lines


def straightened(lines: np.ndarray) -> np.ndarray:
    """The same with lines along the columns: of all slants and bends the one with the sharpest."""
    rows, columns = np.indices(lines.shape, np.float32)

    def along(slant: float, bend: float, every: int) -> np.ndarray:
        row, column = rows[::every], columns[::every]
        shifted = column + np.float32(slant) * row + np.float32(bend * STEP) * row**2
        return cv2.remap(lines, shifted, row, cv2.INTER_LINEAR)

    tried = [(slant, bend) for slant in SLANTS for bend in BENDS]
    sharp = [float((along(*one, every=4).mean(0) ** 2).sum()) for one in tried]
    return along(*tried[int(np.argmax(sharp))], every=1)


def agreement(lines: np.ndarray) -> np.ndarray:
    """How well lines agree with themselves so many steps farther ahead, by lag; whole lines do not count.

    Lines beside the sharpest may still run a little aside: of all slants the one that agrees best counts.
    """
    lines = cv2.GaussianBlur(lines, (0, 0), 2)
    lines = lines - lines.mean(0)
    aside, agreed = int(SIDEWAYS.max() * PERIODS[1] / STEP) + 1, []
    for lag in range(int(PERIODS[1] / STEP)):
        near, far = lines[: len(lines) - lag, aside:-aside], lines[lag:]
        shifts = np.unique(np.rint(SIDEWAYS * lag).astype(int)) + aside
        agreed.append(max(float((near * far[:, at : at + near.shape[1]]).mean()) for at in shifts))
    return np.array(agreed)


def pitch_of_motion(clip: Clip, chosen: Sequence[int]) -> float:
    """By which the camera looks down at the way it goes [rad], median of some images; NaN if none tells."""
    found = []
    for index in chosen:
        for motion in read_place(clip, index).motions:
            if motion is not None:
                T = motion.T_target_to_source
                found.append(np.arcsin(-(T[:3, :3].T @ T[:3, 3])[1]))
    return -float(np.median(found)) if found else float("nan")


def plane_of(clip: Clip, depth: np.ndarray) -> Plane | None:
    """The road as depth (H, W) shows it; None where it shows none."""
    assert clip.camera is not None
    counted = None if clip.ego_mask is None else torch.from_numpy(~clip.ego_mask)[None, None]
    found = road_plane(torch.from_numpy(depth)[None, None], clip.camera.matrix()[None].double(), counted)
    height = float(found.height)
    return None if np.isnan(height) else Plane(found.normal[0].numpy(), height)


def reached(camera: Camera, plane: Plane, depth: np.ndarray, far: np.ndarray) -> np.ndarray:
    """How far ahead on a plane (R,) pixels lie that depth (H, W) puts so far ahead (R,) [m]; NaN beyond."""
    tried = np.arange(AHEAD[0] / 3, 3 * AHEAD[1], STEP)
    x, y = plane.pixels(camera, tried)
    middle = slice(x.shape[1] // 4, -x.shape[1] // 4)
    said = np.median(cv2.remap(depth.astype(np.float32), x[:, middle], y[:, middle], cv2.INTER_LINEAR), 1)
    # Along the road rather than along the optical axis: both are points of one ray.
    on_plane = plane.height / ((y[:, 0] - camera.cy) / camera.fy * plane.down[1] + plane.down[2])
    said = np.maximum.accumulate(said * tried / on_plane)
    return np.interp(far, said, tried, left=np.nan, right=np.nan)


def look(clip: Clip, index: int, depth: np.ndarray, motion: Plane) -> Mapping[str, np.ndarray] | None:
    """Agreement by lag (L,) of an image in each way; None where depth (H, W) shows no road."""
    plane, far = plane_of(clip, depth), np.arange(*AHEAD, STEP)
    if plane is None:
        return None
    assert clip.camera is not None
    ways = {
        "plane": (plane, far),
        "height": (plane._replace(height=motion.height), far),
        "motion": (motion, far),
    }
    if np.isnan(motion.down).any():  # the images do not tell
        motion = ways.pop("motion")[0] and ways["height"][0]
    ways["depth"] = (motion, reached(clip.camera, motion, depth, far))
    found = {}
    for name, (seen_by, rows) in ways.items():
        above = lines_from_above(clip, index, seen_by, np.nan_to_num(rows, nan=AHEAD[0]))
        above[np.isnan(rows)] = 0
        found[name] = agreement(straightened(above))
    return found


def period_of(agreements: np.ndarray) -> float:
    """The lag [m] at which images (N, L) agree best, taken together."""
    agreed, first = agreements.mean(0), int(PERIODS[0] / STEP)
    tops = [
        lag
        for lag in range(first, len(agreed) - 1)
        if agreed[lag] == agreed[max(0, lag - 10) : lag + 11].max()
    ]
    if not tops:
        return float("nan")
    best = max(agreed[lag] for lag in tops)
    return _summit(agreed, next(lag for lag in tops if agreed[lag] >= AS_GOOD * best)) * STEP


def _summit(values: np.ndarray, top: int) -> float:
    """Where a parabola through a value above its neighbours and these is highest."""
    before, here, after = values[top - 1 : top + 2]
    return top + 0.5 * (before - after) / min(before - 2 * here + after, -1e-12)


def summary(agreements: np.ndarray) -> dict[str, object]:
    """What one way says of N images (N, L)."""
    period, draws = period_of(agreements), np.random.default_rng(0)
    drawn = [
        period_of(agreements[draws.integers(len(agreements), size=len(agreements))]) for _ in range(DRAWS)
    ]
    low, high = np.nanquantile(drawn, (0.05, 0.95))
    periods = len(agreements) * (AHEAD[1] - AHEAD[0]) / period
    return {"period": round(period, 2), "within": [round(low, 2), round(high, 2)], "periods": round(periods)}


def measure(
    footage: Path, say: Say, height: float | None, every: int, pitch: float | None
) -> dict[str, object]:
    """Each way's period, and what it was found by."""
    found, pitches, looked_at = [], {}, 0
    for clip in open_data(footage):
        chosen, assumed = range(0, len(clip), every), height or clip.camera_height
        assert assumed is not None, "give --height"
        follows = [index for index in chosen if clip.in_time and index + LATER[-1] < len(clip)]
        looks_down = pitch_of_motion(clip, follows) if pitch is None else np.radians(pitch)
        pitches[clip.name] = round(float(np.degrees(looks_down)), 2)
        seen = [look(clip, index, say(clip, index), along(looks_down, assumed)) for index in chosen]
        looked_at += len(seen)
        found += [one for one in seen if one is not None]
    return {
        **{name: summary(np.stack([one[name] for one in found])) for name in found[0]},
        "images": looked_at,
        "images_with_a_road": len(found),
        "pitch": pitches,
    }


def says(network: str, times: float) -> Say:
    """What a network says, or the truth where there is any, multiplied."""
    if network == "truth":
        return lambda clip, index: times * measured(clip, index)
    model = acdepth.load(network)
    return lambda clip, index: times * model(clip.image(index), camera=clip.camera).depth


def measured(clip: Clip, index: int) -> np.ndarray:
    """Measured depth."""
    depth = clip.depth(index)
    assert depth is not None, f"{clip.key(index)} has no measured depth"
    return depth


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("footage", type=Path)
    parser.add_argument("--network", default="shipped")
    parser.add_argument("--height", type=float, help="of the camera [m], where camera.yaml says none")
    parser.add_argument("--every", type=int, default=25)
    parser.add_argument("--pitch", type=float, help="by which the camera looks down at the road [degrees]")
    parser.add_argument("--times", type=float, default=1.0)
    given = parser.parse_args()
    say = says(given.network, given.times)
    result = measure(given.footage, say, given.height, given.every, given.pitch)
    print(json.dumps({**result, "made_by": provenance()}, indent=1))


if __name__ == "__main__":
    main()
