"""Reading: every file is looked for, and a sample of frames is decoded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.data.check.findings import Findings
from acdepth.data.check.opening import Part, distinct
from acdepth.data.stored import StoredClip


@dataclass(frozen=True)
class Place:
    """Where a frame stands."""

    split: str
    clip: Clip
    index: int

    @property
    def of(self) -> tuple[str, str]:
        """Split and name of its sequence."""
        return self.split, self.clip.name


def places(parts: Sequence[Part]) -> list[Place]:
    """All targets, in order."""
    return [
        Place(part.split, clip, index) for part in parts for clip in part.clips for index in clip.targets()
    ]


def find_files(parts: Sequence[Part], findings: Findings) -> None:
    """Look for the image of every frame, without opening it."""
    stored = [one for one in distinct(parts) if isinstance(one, StoredClip)]
    with progress("files", sum(map(len, stored)), unit="file") as advance:
        for clip in stored:
            for index in range(len(clip)):
                try:
                    clip.stamp(index)
                except UserError as error:
                    findings.file_fault(error)
                advance()


def read_place(place: Place, findings: Findings) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Image (H, W, 3) uint8 and measured depth (H, W) [m] of a frame; what cannot be read is told.

    Returns:
        None for an image that is not readable, and for depth that is not there or not usable.
    """
    clip, index = place.clip, place.index
    image = depth = None
    try:
        image = clip.image(index)
    except UserError as error:
        findings.file_fault(error)
    try:
        depth = clip.depth(index)
    except UserError as error:
        findings.file_fault(error)
    mismatches = _mismatches(clip, image, depth)
    for fault in mismatches:
        findings.fault(UserError(clip.key(index), fault))
    return image, None if mismatches else depth


def _mismatches(clip: Clip, image: np.ndarray | None, depth: np.ndarray | None) -> list[str]:
    faults, camera = [], clip.camera
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
