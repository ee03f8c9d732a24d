"""What is looked at: neighbouring frames at places spread over the footage, and how the camera moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.resize import at_most_wide
from acdepth.core.spread import spread
from acdepth.geometry.flow_motion import MotionDepth, depth_by_motion, find_matches

WIDTH = 320
"""Width at which everything is compared [px], whatever the network's own; smaller images stay as they are."""
LATER = (0, 1, 3)
"""Frames of a place: one, its neighbour, and one a few steps later."""


@dataclass(frozen=True)
class Place:
    """Neighbouring frames of one clip, before any network was asked."""

    clip: Clip
    index: int
    """Of the first frame."""
    originals: Sequence[np.ndarray]
    """As the clip gives them, RGB, uint8 (H, W, 3); empty once networks have been asked."""
    images: Sequence[np.ndarray]
    """The same at `WIDTH`, uint8 (h, w, 3)."""
    K: np.ndarray | None
    """(3, 3) of these [px]; None where no camera is known."""
    counted: np.ndarray | None
    """bool (h, w), False where the vehicle itself is in view; None for all."""
    motions: Sequence[MotionDepth | None]
    """From the first frame to each other one; None where images do not tell it."""

    @property
    def size(self) -> tuple[int, int]:
        """(h, w)."""
        height, width = self.images[0].shape[:2]
        return height, width

    def gray(self, number: int = 0) -> np.ndarray:
        """uint8 (h, w)."""
        return as_gray(self.images[number])


def find_places(footage: Sequence[Clip], most: int) -> list[tuple[Clip, int]]:
    """First frames of places, evenly spread; frames that do not follow in time are places of their own."""
    starts = []
    for clip in footage:
        last = LATER[-1] if _follows(clip, 0) else 0
        starts += [(clip, index) for index in clip.targets() if index + last < len(clip)]
    return spread(starts, most)


def read_place(clip: Clip, index: int) -> Place:
    """Read the frames, and find out how the camera moved.

    Raises:
        UserError: if a frame cannot be read.
    """
    offsets = LATER if _follows(clip, index) else LATER[:1]
    originals = [clip.image(index + offset) for offset in offsets]
    if any(one.shape != originals[0].shape for one in originals):
        raise UserError(clip.key(index), "the images after it are of other sizes", "keep those of one size")
    images = [at_most_wide(one, WIDTH) for one in originals]
    height, width = images[0].shape[:2]
    counted = _counted(clip, (height, width))
    if clip.camera is None:
        return Place(clip, index, originals, images, None, counted, [None] * (len(images) - 1))
    camera = clip.camera.at_size(*originals[0].shape[:2]).resized(height, width)
    K = camera.matrix().double().numpy()
    first, *others = map(as_gray, images)
    motions = [depth_by_motion(find_matches(first, other, counted), K) for other in others]
    return Place(clip, index, originals, images, K, counted, motions)


def as_gray(image: np.ndarray) -> np.ndarray:
    """RGB, uint8 (h, w, 3), as gray (h, w)."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _follows(clip: Clip, index: int) -> bool:
    return clip.in_time and index + LATER[-1] < len(clip)


def _counted(clip: Clip, size: tuple[int, int]) -> np.ndarray | None:
    own = clip.ego_mask
    if own is None:
        return None
    return cv2.resize(own.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA) == 0
