"""How high above the road a trained network sees the camera: metres where no speed is known, and how steady
they are where one is."""

import logging
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from acdepth.core.files import write_json
from acdepth.core.spread import spread
from acdepth.data.frames import Frames
from acdepth.data.order import as_floats, counted_pixels
from acdepth.data.prepared import Prepared
from acdepth.geometry.ground import quartiles_apart, road_plane, steadiness
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.metres import Metres, Source

METRES_FILE = "metres.json"
"""What a run folder says of this, clip by clip."""
MOST_FRAMES = 240
"""That are looked at, spread evenly over the footage."""
LEAST_FRAMES = 20
"""In which the road must be found where metres depend on it."""
FRAMES_AT_ONCE = 8
LARGEST_MISMATCH = 0.1
"""By which metres from known motion and from the camera's height may differ without a word."""

log = logging.getLogger("acdepth")


@dataclass(frozen=True)
class RoadHeights:
    """The camera's height above the road in F frames."""

    clip: np.ndarray
    """(F,) number of the clip."""
    seen: np.ndarray
    """(F,) in the units of the network's depth; NaN where no road was found."""
    given: np.ndarray
    """(F,) [m]; NaN where nobody gave it."""

    def where(self, some: np.ndarray) -> "RoadHeights":
        """Some of the frames, (F,) bool."""
        return RoadHeights(*(getattr(self, one.name)[some] for one in fields(self)))

    def clips(self) -> "list[RoadHeights]":
        """One for each clip."""
        return [self.where(self.clip == number) for number in np.unique(self.clip)]


def see_road(network: DepthNet, prepared: Prepared) -> RoadHeights:
    """Ask the network about frames spread over the footage, or over the part with a known camera height."""
    frames = prepared.frames
    usable = ~np.isnan(frames.clip_intrinsics[:, 0])[frames.clip] & frames.target
    given = usable & ~np.isnan(frames.clip_camera_height)[frames.clip]
    numbers = np.flatnonzero(given if given.any() else usable)
    chosen = np.array(spread(numbers.tolist(), MOST_FRAMES), int)
    clip = frames.clip[chosen]
    return RoadHeights(clip, heights_seen(network, prepared, chosen), frames.clip_camera_height[clip])


def heights_seen(network: DepthNet, prepared: Prepared, numbers: np.ndarray) -> np.ndarray:
    """(F,) of the camera above the road in some frames, in the units of depth; NaN where there is no road."""
    network.eval()
    parts = [numbers[start : start + FRAMES_AT_ONCE] for start in range(0, len(numbers), FRAMES_AT_ONCE)]
    return np.concatenate([_heights(network, prepared, part) for part in parts] or [np.zeros(0)])


def find_metres(road: RoadHeights, motion: Source | None, held: bool = False) -> Metres:
    """Where metres come from: ``motion`` that was learnt from, else the camera's height, else, if depth was
    ``held`` to one in metres, from there, else from nowhere."""
    found = road.where(~np.isnan(road.seen))
    measured = found.where(~np.isnan(found.given))
    if motion is not None:
        _warn_of_mismatch(measured, motion)
        return Metres(
            source=motion, spread=_spread(steadiness(found.clip, found.seen)), frames=len(found.seen)
        )
    if held and len(measured.seen) < LEAST_FRAMES:
        return Metres(
            source="start", spread=_spread(steadiness(found.clip, found.seen)), frames=len(found.seen)
        )
    if np.isnan(road.given).all():
        return Metres(source="none")
    if len(measured.seen) < LEAST_FRAMES:
        log.warning(
            "a camera height is given, but the road was found in %d of %d frames only (%d are needed), so "
            "depth has no scale; does the camera look along a road?",
            *(len(measured.seen), np.count_nonzero(~np.isnan(road.given)), LEAST_FRAMES),
        )
        return Metres(source="none")
    factors = measured.given / measured.seen
    scale = float(np.median(factors))
    of_clips = [np.median(one.given / one.seen) for one in measured.clips()]
    error = float(np.std(of_clips, ddof=1) / len(of_clips) ** 0.5 / scale) if of_clips[1:] else None
    told = {"spread": _spread(factors), "error": error, "frames": len(factors)}
    return Metres(source="camera height", scale=scale, **told)


def write_metres(out: Path, metres: Metres, road: RoadHeights, frames: Frames) -> None:
    """Write ``metres.json``: what is known of the metres, and of each clip the median height seen."""
    clips = {}
    for one in road.clips():
        seen, given = one.seen[~np.isnan(one.seen)], one.given[0]
        clips[frames.clip_name(int(one.clip[0]))] = {
            "frames": len(one.seen),
            "with_road": len(seen),
            "camera_height": None if np.isnan(given) else float(given),
            "seen_height": float(np.median(seen)) * metres.scale if len(seen) else None,
        }
    write_json(out / METRES_FILE, {"metres": metres.to_dict(), "clips": clips})


@torch.no_grad()
def _heights(network: DepthNet, prepared: Prepared, numbers: np.ndarray) -> np.ndarray:
    device = next(network.parameters()).device
    inverse = network(as_floats([prepared.images[number] for number in numbers]).to(device)).inverse_depths[0]
    fx, fy, cx, cy = prepared.frames.clip_intrinsics[prepared.frames.clip[numbers]].T
    intrinsics = torch.eye(3, dtype=torch.float64).repeat(len(numbers), 1, 1)
    for (row, column), values in {(0, 0): fx, (1, 1): fy, (0, 2): cx, (1, 2): cy}.items():
        intrinsics[:, row, column] = torch.from_numpy(values)
    counted = counted_pixels(prepared, numbers.tolist(), [False] * len(numbers))
    return road_plane(1 / inverse.float().cpu(), intrinsics, counted).height.numpy()


def _spread(factors: np.ndarray) -> float | None:
    return None if len(factors) < LEAST_FRAMES else quartiles_apart(factors)


def _warn_of_mismatch(measured: RoadHeights, motion: Source) -> None:
    if len(measured.seen) < LEAST_FRAMES:
        return
    factor = float(np.median(measured.given / measured.seen))
    if abs(factor - 1) > LARGEST_MISMATCH:
        log.warning(
            "by the %s the camera is %.2f m above the road, by its camera_height %.2f m; metres are those of "
            "the %s, so check both",
            *(motion, np.median(measured.seen), np.median(measured.given), motion),
        )
