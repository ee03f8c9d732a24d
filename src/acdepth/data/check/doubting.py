"""Which sequences are doubted, and why: cameras, motion, measured depth."""

from collections.abc import Mapping
from collections.abc import Sequence as Row
from typing import Protocol, runtime_checkable

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.sample import Sequence
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


def doubt_cameras(parts: Row[Part], findings: Findings) -> None:
    """Doubt each implausible camera once, however many sequences share it."""
    names: dict[Camera | None, list[str]] = {}
    for sequence in distinct(parts):
        names.setdefault(sequence.camera, []).append(sequence.name)
    for camera, of_camera in names.items():
        doubts = camera_doubts(camera) if camera else ["no camera; good for prediction only"]
        for doubt in doubts:
            findings.doubt("cameras", f"{_listed(of_camera)}: {doubt}")


def doubt_motion(parts: Row[Part], findings: Findings) -> None:
    """Doubt sequences that move in a way cars do not; poses that cannot be read are faults."""
    sequences = [sequence for sequence in distinct(parts) if len(sequence) > 1]
    with progress("motion", len(sequences), unit="sequence") as advance:
        for sequence in sequences:
            try:
                doubts = _motion_doubts(sequence)
            except UserError as error:
                findings.fault(error)
                doubts = []
            for doubt in doubts:
                findings.doubt("motion", f"{sequence.name}: {doubt}")
            advance()


def doubt_depth(facts: Mapping[tuple[str, str], list[DepthFacts]], findings: Findings) -> None:
    """Doubt measured depth; ``facts`` are of the decoded frames, by split and name of their sequence."""
    for (_, name), of_sequence in facts.items():
        for doubt in depth_doubts(of_sequence):
            findings.doubt("depth", f"{name}: {doubt}")


def _motion_doubts(sequence: Sequence) -> list[str]:
    followers = range(1, len(sequence))
    if isinstance(sequence, Posed):
        translations = np.stack([sequence.T_target_to_source(i, i - 1)[:3, 3] for i in followers])
        return [
            *speed_doubts(np.linalg.norm(translations, axis=1) * (sequence.frame_rate or np.nan)),
            *direction_doubts(translations),
        ]
    distances = [sequence.distance(i - 1, i) for i in followers]
    metres = np.array([np.nan if distance is None else distance for distance in distances])
    return speed_doubts(metres * (sequence.frame_rate or np.nan))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 1} others" if len(names) > 1 else ""
    return f"{names[0]}{more}"
