"""Reading: every file is looked for, and a sample of frames is decoded."""

from collections.abc import Sequence as Row
from dataclasses import dataclass

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.sample import Sequence
from acdepth.data.check.findings import Findings
from acdepth.data.check.opening import Part, distinct
from acdepth.data.stored import StoredSequence


@dataclass(frozen=True)
class Place:
    """Where a frame stands."""

    split: str
    sequence: Sequence
    index: int

    @property
    def of(self) -> tuple[str, str]:
        """Split and name of its sequence."""
        return self.split, self.sequence.name


def places(parts: Row[Part]) -> list[Place]:
    """All targets, in order."""
    return [
        Place(part.split, sequence, index)
        for part in parts
        for sequence in part.sequences
        for index in sequence.targets()
    ]


def find_files(parts: Row[Part], findings: Findings) -> None:
    """Look for the image of every frame, without opening it."""
    stored = [one for one in distinct(parts) if isinstance(one, StoredSequence)]
    with progress("files", sum(map(len, stored)), unit="file") as advance:
        for sequence in stored:
            for index in range(len(sequence)):
                try:
                    sequence.stamp(index)
                except UserError as error:
                    findings.file_fault(error)
                advance()


def read_place(place: Place, findings: Findings) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Image (H, W, 3) uint8 and measured depth (H, W) [m] of a frame; what cannot be read is told.

    Returns:
        None for an image that is not readable, and for depth that is not there or not usable.
    """
    sequence, index = place.sequence, place.index
    image = depth = None
    try:
        image = sequence.image(index)
    except UserError as error:
        findings.file_fault(error)
    try:
        depth = sequence.depth(index)
    except UserError as error:
        findings.file_fault(error)
    mismatches = _mismatches(sequence, image, depth)
    for fault in mismatches:
        findings.fault(UserError(f"{sequence.key(index)}: {fault}"))
    return image, None if mismatches else depth


def _mismatches(sequence: Sequence, image: np.ndarray | None, depth: np.ndarray | None) -> list[str]:
    faults, camera = [], sequence.camera
    if image is not None and camera and image.shape[:2] != (camera.height, camera.width):
        faults.append(
            f"the image has {_size(image)} pixels, its camera {camera.width}x{camera.height}; "
            "correct the camera"
        )
    if image is not None and depth is not None and depth.shape != image.shape[:2]:
        faults.append(
            f"its depth has {_size(depth)} pixels, the image {_size(image)}; make them the same size"
        )
    if depth is not None and not (np.isfinite(depth) & (depth >= 0)).all():
        faults.append("its depth holds values that are negative or not finite; write 0 where there is none")
    return faults


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
