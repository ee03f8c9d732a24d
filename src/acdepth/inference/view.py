"""What is known of where an image was taken: what brings depth without a unit to metres."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.crop import Crop
from acdepth.core.resize import camera_after, crop_and_resize

BEST_MOTION = 1.0
"""[m] between two images that are compared, if the drive has such: less shows depth near by only."""
LEAST_MOTION = 0.2
"""[m]; below it the camera counts as standing."""
FARTHEST_NEIGHBOUR = 5
"""Images before or after that are tried for `BEST_MOTION`."""


@dataclass(frozen=True)
class View:
    """What is known of one image, of which all may be unknown."""

    camera: Camera | None = None
    """Of the image at its size."""
    camera_height: float | None = None
    """Of the lens above the road [m]."""
    own: np.ndarray | None = None
    """bool (H, W): True where the image shows the vehicle itself; None where nobody says."""
    moved: float | None = None
    """[m] from here to where ``other`` was taken; None where the camera stands, or that is not known."""
    other: Callable[[], np.ndarray] | None = None
    """Reads the image, uint8 (H, W, 3), that the same camera took there."""
    knows_lengths: bool = False
    """Whether the drive tells how far the camera moves, though it may stand here."""
    key: str | None = None
    """Name of the image, for messages."""


def view_of(clip: Clip, index: int, crop: Crop | None, size: tuple[int, int]) -> View:
    """What a clip knows of one of its images, of which ``crop`` is shown at (height, width)."""
    camera = clip.camera and camera_after(clip.camera, crop, size)
    knows_lengths = clip.in_time and clip.lengths_from is not None
    neighbour = _neighbour(clip, index) if camera and knows_lengths else None
    own = clip.ego_mask
    if own is not None:
        seen = np.repeat(own.astype(np.uint8)[..., None] * 255, 3, 2)
        own = crop_and_resize(seen, crop, size, clip.name)[..., 0] > 0
    if neighbour is None:
        return View(camera, clip.camera_height, own, knows_lengths=knows_lengths, key=clip.key(index))
    other, moved = neighbour

    def read() -> np.ndarray:
        return crop_and_resize(clip.image(other), crop, size, clip.key(other))

    return View(camera, clip.camera_height, own, moved, read, knows_lengths, clip.key(index))


def _neighbour(clip: Clip, index: int) -> tuple[int, float] | None:
    """The nearest image at least `BEST_MOTION` away, else the one that is farthest away, and how far."""
    best: tuple[int, float] | None = None
    for step in range(1, FARTHEST_NEIGHBOUR + 1):
        for other in (index + step, index - step):
            moved = clip.distance(index, other) if 0 <= other < len(clip) else None
            if moved is None or moved < LEAST_MOTION:
                continue
            if moved >= BEST_MOTION:
                return other, moved
            if best is None or moved > best[1]:
                best = other, moved
    return best
