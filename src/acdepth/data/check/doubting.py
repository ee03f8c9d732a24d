"""Which sequences are doubted, and why: cameras, motion, measured depth."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.data.check.findings import Findings
from acdepth.data.check.opening import Part, distinct
from acdepth.data.check.plausible import (
    DepthFacts,
    camera_doubts,
    depth_doubts,
    direction_doubts,
    speed_doubts,
)


@runtime_checkable
class Posed(Protocol):
    """A sequence that knows more about motion than its length."""

    def T_target_to_source(self, target: int, source: int) -> np.ndarray:
        """(4, 4) float64 [m]: from the camera at one image to the camera at another."""
        ...


def doubt_cameras(parts: Sequence[Part], findings: Findings) -> None:
    """Doubt each implausible camera once, however many sequences share it."""
    names: dict[Camera | None, list[str]] = {}
    for clip in distinct(parts):
        names.setdefault(clip.camera, []).append(clip.name)
    for camera, of_camera in names.items():
        doubts = camera_doubts(camera) if camera else ["no camera; good for prediction only"]
        for doubt in doubts:
            findings.doubt("cameras", f"{_listed(of_camera)}: {doubt}")


def doubt_motion(parts: Sequence[Part], findings: Findings) -> None:
    """Doubt sequences that move in a way cars do not; poses that cannot be read are faults."""
    clips = [clip for clip in distinct(parts) if len(clip) > 1]
    with progress("motion", len(clips), unit="sequence") as advance:
        for clip in clips:
            try:
                doubts = _motion_doubts(clip)
            except UserError as error:
                findings.fault(error)
                doubts = []
            for doubt in doubts:
                findings.doubt("motion", f"{clip.name}: {doubt}")
            advance()


def doubt_depth(facts: Mapping[tuple[str, str], list[DepthFacts]], findings: Findings) -> None:
    """Doubt measured depth; ``facts`` are of the decoded frames, by split and name of their sequence."""
    for (_, name), of_sequence in facts.items():
        for doubt in depth_doubts(of_sequence):
            findings.doubt("depth", f"{name}: {doubt}")


def _motion_doubts(clip: Clip) -> list[str]:
    followers = range(1, len(clip))
    if isinstance(clip, Posed):
        translations = np.stack([clip.T_target_to_source(i, i - 1)[:3, 3] for i in followers])
        return [
            *speed_doubts(np.linalg.norm(translations, axis=1) * (clip.frame_rate or np.nan)),
            *direction_doubts(translations),
        ]
    distances = [clip.distance(i - 1, i) for i in followers]
    metres = np.array([np.nan if distance is None else distance for distance in distances])
    return speed_doubts(metres * (clip.frame_rate or np.nan))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 1} others" if len(names) > 1 else ""
    return f"{names[0]}{more}"
