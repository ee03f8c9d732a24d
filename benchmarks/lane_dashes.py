"""The distance from one lane dash to the next, by a network's depth: no LiDAR is needed to check its metres.

    python benchmarks/lane_dashes.py FOOTAGE [--network shipped] [--height 1.25] [--every 25]

In California a dash begins every 14.6 m (48 ft) on motorways, elsewhere in the US every 12.2 m (40 ft); in
the country of the built-in world every 18 m on motorways and every 12 m on roads. Each image that is looked
at is seen from above, by the plane that lies the camera's height below it and along which it moves, as
optical flow tells (or at which it looks down by --pitch). It is straightened along its lines, and the dashes'
period is the lag at which all images together agree best with themselves. Depth has no part in that. Then
the network's depth is asked how long one such period of road is, from 7 to 12 m ahead on, in the own lane,
which should be free. Printed are JSON with

    road       the period by lens, height and motion alone [m]: whether these are right at all; and the bounds
               within which it lies in 90 of 100 draws of the images
    depth      what depth says of as much road [m]: the median of the images, and their quartiles
    by_height  the same where depth is multiplied by the camera's height over that of `road_plane` in it

and how many periods of road were looked at. FOOTAGE needs a camera. With --network truth its measured depth
is asked, also for the plane, and --times multiplies depth, to try the measure itself. Of 25 images a second
--every 25 shows each dash about once.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
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
FIRST = np.arange(7.0, 12.1, 1.0)
"""Where the periods begin that depth is asked about [m]."""
OWN_LANE = 1.5
"""To either side, where that is looked at: there a car is the least likely [m]."""
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

    @property
    def ahead(self) -> np.ndarray:
        """(3,) of length 1, where the camera looks along it."""
        ahead = np.array([0, 0, 1]) - self.down[2] * self.down
        return ahead / np.linalg.norm(ahead)

    def pixels(self, camera: Camera, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where its points are seen (R, C) each: R so far ahead (R,) [m], C from left to right."""
        far, aside = np.meshgrid(far, np.arange(-ASIDE, ASIDE, STEP), indexing="ij")
        points = self.height * self.down + far[..., None] * self.ahead
        points = points + aside[..., None] * np.cross(self.down, self.ahead)
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
    rows, columns = np.mgrid[: lines.shape[0], : lines.shape[1]].astype(np.float32)

    def slanted(slant: float, bend: float, every: int) -> np.ndarray:
        row, column = rows[::every], columns[::every]
        shifted = column + np.float32(slant) * row + np.float32(bend * STEP) * row**2
        return cv2.remap(lines, shifted, row, cv2.INTER_LINEAR)

    tried = [(slant, bend) for slant in SLANTS for bend in BENDS]
    sharp = [float((slanted(*one, every=4).mean(0) ** 2).sum()) for one in tried]
    return slanted(*tried[int(np.argmax(sharp))], every=1)


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
                found.append(np.arcsin(motion.way[1]))
    return -float(np.median(found)) if found else float("nan")


def plane_of(clip: Clip, depth: np.ndarray) -> Plane | None:
    """The road as depth (H, W) shows it; None where it shows none."""
    assert clip.camera is not None
    counted = None if clip.ego_mask is None else torch.from_numpy(~clip.ego_mask)[None, None]
    found = road_plane(torch.from_numpy(depth)[None, None], clip.camera.matrix()[None].double(), counted)
    height = float(found.height)
    return None if np.isnan(height) else Plane(found.normal[0].numpy(), height)


def lengths(camera: Camera, plane: Plane, depth: np.ndarray, period: float) -> float:
    """What depth (H, W) says of ``period`` of a plane [m], the median of those that begin at `FIRST`."""
    near, far = (_said(camera, plane, depth, FIRST + more) for more in (0.0, period))
    return float(np.median(far - near))


def _said(camera: Camera, plane: Plane, depth: np.ndarray, far: np.ndarray) -> np.ndarray:
    """How far ahead depth (H, W) says that the own lane is, which is ``far`` (R,) ahead on a plane [m]."""
    x, y = plane.pixels(camera, far)
    middle = slice(int((ASIDE - OWN_LANE) / STEP), int((ASIDE + OWN_LANE) / STEP))
    x, y = x[:, middle], y[:, middle]
    there = cv2.remap(depth.astype(np.float32), x, y, cv2.INTER_LINEAR)
    rays = np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], -1)
    return np.median(there * (rays @ plane.ahead), 1)


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


def draws(agreements: np.ndarray) -> list[float]:
    """The 5 % and 95 % quantiles of `period_of` over draws of as many of the images (N, L)."""
    generator, count = np.random.default_rng(0), len(agreements)
    drawn = [period_of(agreements[generator.integers(count, size=count)]) for _ in range(DRAWS)]
    return [round(float(one), 2) for one in np.nanquantile(drawn, (0.05, 0.95))]


class Seen(NamedTuple):
    """What was looked at of one image."""

    clip: Clip
    index: int
    plane: Plane
    agreed: np.ndarray
    """(L,) `agreement`."""


def see(clip: Clip, every: int, height: float | None, pitch: float | None, truth: Say | None) -> list[Seen]:
    """Look at every so many-th image of a drive; by the road's own plane where the truth is known."""
    chosen, seen = range(0, len(clip), every), []
    if not truth:
        assumed = height or clip.camera_height
        assert assumed is not None, "give --height"
        follows = [index for index in chosen if clip.in_time and index + LATER[-1] < len(clip)]
        looks_down = pitch_of_motion(clip, follows) if pitch is None else np.radians(pitch)
        assert np.isfinite(looks_down), "the images do not tell how the camera moves: give --pitch"
        print(f"{clip.name}: looks down by {np.degrees(looks_down):.2f} degrees", file=sys.stderr)
    for index in chosen:
        plane = plane_of(clip, truth(clip, index)) if truth else along(looks_down, assumed)
        if plane:
            lines = lines_from_above(clip, index, plane, np.arange(*AHEAD, STEP))
            seen.append(Seen(clip, index, plane, agreement(straightened(lines))))
    return seen


def measure(seen: Sequence[Seen], say: Say) -> dict[str, object]:
    """The period, and what depth says of it."""
    agreements = np.stack([one.agreed for one in seen])
    period, said, heights = period_of(agreements), [], []
    for one in seen:
        assert one.clip.camera is not None
        depth = say(one.clip, one.index)
        road = plane_of(one.clip, depth)
        said.append(lengths(one.clip.camera, one.plane, depth, period))
        heights.append(road.height / one.plane.height if road else np.nan)
    return {
        "road": {"period": round(period, 2), "within": draws(agreements)},
        "depth": _spread(said),
        "by_height": _spread(np.array(said) / heights),
        "height_over_given": _spread(heights),
        "images": len(seen),
        "periods": round(len(seen) * (AHEAD[1] - AHEAD[0]) / period),
    }


def _spread(values: Sequence[float] | np.ndarray) -> dict[str, object]:
    low, middle, high = (round(float(one), 2) for one in np.nanquantile(values, (0.25, 0.5, 0.75)))
    return {"median": middle, "quartiles": [low, high]}


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
    truth = measured if given.network == "truth" else None
    clips = open_data(given.footage)
    seen = [one for clip in clips for one in see(clip, given.every, given.height, given.pitch, truth)]
    print(json.dumps({**measure(seen, say), "made_by": provenance()}, indent=1))


if __name__ == "__main__":
    main()
