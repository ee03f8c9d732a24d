"""Numbers that would be read without complaint and are likely wrong all the same."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from acdepth.checking.findings import Findings
from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.errors import telling
from acdepth.core.progress import progress
from acdepth.data.own.gps import FASTEST
from acdepth.data.stored import PosedClip

PLAUSIBLE_VIEW = (20.0, 140.0)
"""Horizontal field of view [degrees]: a telephoto lens, the widest that a pinhole camera describes."""
JUMP_FACTOR, JUMP_SPEED = 2.5, 5.0
"""Two neighbouring speeds differ too much if the larger exceeds JUMP_FACTOR * smaller + JUMP_SPEED [m/s]. A
frame that was dropped doubles a speed and is no jump."""
MOVING = 0.05
"""Metres from one image to the next above which a direction means something."""
FORWARD = 0.7
"""Least median part of a motion that lies along the optical axis."""
FEWEST_POINTS = 200
"""Measured pixels of an image."""
PLAUSIBLE_MEDIAN_DEPTH = (2.0, 60.0)
"""[m], over the measured pixels of an image."""
MIDDLE, LOWER = (0.45, 0.6), (0.75, 1.0)
"""Parts of the height between which depth falls where there is a road."""
FEWEST_IN_BAND = 20
"""Measured pixels, below which a band of rows tells nothing."""


@dataclass(frozen=True)
class DepthFacts:
    """What the measured depth of one image is like."""

    points: int
    """Measured pixels."""
    median: float
    """[m]; 0 without points."""
    falls: bool | None
    """Whether the lower rows are nearer than the middle ones; None where too few points tell."""


def doubt_cameras(clips: Sequence[Clip], findings: Findings) -> None:
    """Doubt each implausible camera once, however many clips share it."""
    names: dict[Camera | None, list[str]] = {}
    for clip in clips:
        names.setdefault(clip.camera, []).append(clip.name)
    for camera, of_camera in names.items():
        doubts = camera_doubts(camera) if camera else ["no camera; good for prediction only"]
        for doubt in doubts:
            findings.doubt("cameras", f"{_first_of(of_camera)}: {doubt}")


def doubt_motion(clips: Sequence[Clip], findings: Findings) -> None:
    """Doubt clips that move in a way cars do not; poses that cannot be read are faults."""
    clips = [clip for clip in clips if len(clip) > 1]
    with progress("motion", len(clips), unit="sequence") as advance:
        for clip in clips:
            with telling(findings.fault):
                for doubt in _motion_doubts(clip):
                    findings.doubt("motion", f"{clip.name}: {doubt}")
            advance()


def doubt_depth(facts: Mapping[Clip, list[DepthFacts]], findings: Findings) -> None:
    """Doubt measured depth; ``facts`` are of the decoded frames, by their clip."""
    for clip, of_clip in facts.items():
        for doubt in depth_doubts(of_clip):
            findings.doubt("depth", f"{clip.name}: {doubt}")


def camera_doubts(camera: Camera) -> list[str]:
    """What is unusual about intrinsics, in phrases."""
    doubts = []
    view = math.degrees(2 * math.atan(camera.width / 2 / camera.fx))
    low, high = PLAUSIBLE_VIEW
    if not low <= view <= high:
        seen = f"fx = {camera.fx:g} for {camera.width} pixels sees {view:.0f} degrees"
        expected = f"expected {low:g} to {high:g}; do intrinsics and images have the same size?"
        doubts.append(f"{seen}, {expected}")
    for name, centre, side in (("cx", camera.cx, camera.width), ("cy", camera.cy, camera.height)):
        if not side / 4 <= centre <= side * 3 / 4:
            doubts.append(f"{name} = {centre:g} of {side} pixels lies outside the image's central half")
    return doubts


def speed_doubts(speeds: np.ndarray) -> list[str]:
    """What is unusual about the speeds (N,) [m/s] between neighbouring images, NaN where unknown."""
    known = speeds[np.isfinite(speeds)]
    if not known.size:
        return []
    if not known.any():
        return ["the camera never moves, every distance is 0"]
    doubts, unknown = [], np.flatnonzero(~np.isfinite(speeds))
    if unknown.size:
        doubts.append(f"how far the camera went is unknown {_images(unknown)}")
    fast = np.flatnonzero(speeds > FASTEST)
    if fast.size:
        worst = np.nanmax(speeds)
        doubts.append(f"{_images(fast)} at up to {worst:.0f} m/s, expected at most {FASTEST:g}")
    slower, faster = np.fmin(speeds[1:], speeds[:-1]), np.fmax(speeds[1:], speeds[:-1])
    jumps = np.flatnonzero((faster > JUMP_FACTOR * slower + JUMP_SPEED) & (faster <= FASTEST))
    if jumps.size:
        before, after = speeds[jumps[0]], speeds[jumps[0] + 1]
        doubts.append(f"speed jumps from {before:.1f} to {after:.1f} m/s, {_images(jumps + 1)}")
    return doubts


def direction_doubts(translations: np.ndarray) -> list[str]:
    """What is unusual about where the camera goes.

    Args:
        translations: (N, 3) [m]: of T_target_to_source, from each image to the one before it, so that a
            camera that drives forwards has positive z. NaN where unknown.
    """
    lengths = np.linalg.norm(translations, axis=1)
    moving = lengths > MOVING
    if not moving.any():
        return []
    along = np.median(translations[moving] / lengths[moving, None], axis=0)
    if along[2] <= -FORWARD:
        return ["drives backwards; does it look back, or are its poses inverted?"]
    if abs(along[2]) < FORWARD:
        x, y, z = along
        told = f"moves along ({x:.2f}, {y:.2f}, {z:.2f}) of x right, y down, z forward"
        return [f"{told}; does it look sideways, or are its poses in other axes?"]
    return []


def depth_facts(depth: np.ndarray) -> DepthFacts:
    """Look at measured depth (H, W) [m], 0 where there is none."""
    known = depth > 0
    middle, lower = (_median_of_rows(depth, *band) for band in (MIDDLE, LOWER))
    return DepthFacts(
        points=int(known.sum()),
        median=float(np.median(depth[known])) if known.any() else 0.0,
        falls=None if middle is None or lower is None else lower < middle,
    )


def depth_doubts(images: Sequence[DepthFacts]) -> list[str]:
    """What is unusual in more than half of a clip's images: one lorry ahead is no reason to doubt."""
    doubts, low, high = [], *PLAUSIBLE_MEDIAN_DEPTH
    points = np.median([facts.points for facts in images])
    median = np.median([facts.median for facts in images])
    falls = [facts.falls for facts in images if facts.falls is not None]
    if points < FEWEST_POINTS:
        doubts.append(f"only {points:.0f} pixels of an image have measured depth")
    elif not low <= median <= high:
        doubts.append(f"the median depth is {median:.1f} m, expected {low:g} to {high:g}; is it in metres?")
    if falls and sum(falls) < len(falls) / 2:
        doubts.append("depth does not fall towards the lower rows; do points and image belong together?")
    return doubts


def _motion_doubts(clip: Clip) -> list[str]:
    followers = range(1, len(clip))
    if isinstance(clip, PosedClip):
        translations = np.stack([clip.T_target_to_source(i, i - 1)[:3, 3] for i in followers])
        speeds = np.linalg.norm(translations, axis=1) * (clip.frame_rate or np.nan)
        return speed_doubts(speeds) + direction_doubts(translations)
    distances = [clip.distance(i - 1, i) for i in followers]
    metres = np.array([np.nan if distance is None else distance for distance in distances])
    return speed_doubts(metres * (clip.frame_rate or np.nan))


def _median_of_rows(depth: np.ndarray, top: float, bottom: float) -> float | None:
    height = len(depth)
    band = depth[round(top * height) : round(bottom * height)]
    known = band[band > 0]
    return float(np.median(known)) if known.size >= FEWEST_IN_BAND else None


def _images(numbers: np.ndarray) -> str:
    return f"at image {_first_of(numbers.tolist())}"


def _first_of(some: Sequence[object]) -> str:
    more = len(some) - 1
    return f"{some[0]} and {more} other{'s' * (more > 1)}" if more else f"{some[0]}"
