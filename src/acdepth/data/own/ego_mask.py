"""What moves with the camera, found in the footage: bonnet or dashboard at the bottom, text burnt in.

The world slides through the image, so that over a drive the slopes of gray values at a pixel point anywhere
and cancel; at the edge of the bonnet, and in text, they always point the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.progress import Advance
from acdepth.core.resize import at_most_wide
from acdepth.core.spread import spread
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.ego_line import below_line
from acdepth.data.own.folder import IMAGES
from acdepth.data.own.persistence import FINE, Slopes, Statistics
from acdepth.data.own.source import ImageFiles
from acdepth.data.stored import MASK_FILE

LARGEST_WIDTH = 640
"""Width that is looked at [px]; smaller images stay as they are."""
LOOKED_AT, FEWEST = 120, 40
"""Images of a drive, evenly spread; and how many must differ, or the world has not moved enough to tell."""
TEXT_EDGE, TEXT_FILLED = 0.85, 0.6
"""Persistence of the strokes of text, and the part of its rectangle that they fill."""
LEAST_TEXT = 6
"""Height below which letters are no letters [px]."""
TEXT_HEIGHT, TEXT_WIDTH = (1 / 45, 1 / 8), (1 / 30, 0.9)
"""Least and largest parts of the image's height and width; what spans all of it may be the horizon."""


@dataclass(frozen=True)
class EgoMask:
    """What was found in one drive."""

    mask: np.ndarray | None
    """bool (H, W), True where the image shows the vehicle itself; None where nothing was found."""
    looked_at: int
    """Images that differ."""
    is_unclear: bool = False
    """Whether there is an edge at the bottom that may be the vehicle's or the road's."""

    @property
    def is_told(self) -> bool:
        """Whether it is known if the vehicle is in view."""
        return self.looked_at >= FEWEST and not self.is_unclear

    @property
    def told(self) -> str:
        """What came of it, in words."""
        if self.mask is not None:
            more = "; whether the vehicle does at the bottom cannot be told" if self.is_unclear else ""
            return f"{100 * self.mask.mean():.1f} % of the image moves with the camera{more}"
        if self.looked_at < FEWEST:
            return f"cannot be told from {self.looked_at} images that differ, {FEWEST} are needed"
        if self.is_unclear:
            return f"cannot be told from {self.looked_at} images: what keeps its place there may be road"
        return "nothing was found that moves with the camera: no edge at the bottom keeps its place"


def find_ego_mask(clips: Sequence[OwnClip], advance: Advance | None = None) -> EgoMask:
    """Look for what moves with the camera in the clips of one drive, as its images were taken.

    Images that cannot be read are passed over.
    """
    everything = [(clip, number) for clip in clips for number in clip.numbers]
    if len(everything) < FEWEST:
        return EgoMask(None, len(everything))
    numbers = spread(everything, LOOKED_AT)
    seen = Statistics()
    size = None
    for clip, number in numbers:
        try:
            image = clip.source.image(number)
        except UserError:
            continue
        finally:
            if advance:
                advance()
        size = size or image.shape[:2]
        if image.shape[:2] == size:
            seen.add(at_most_wide(image, LARGEST_WIDTH))
    if size is None or seen.count < FEWEST:
        return EgoMask(None, seen.count)
    own, is_unclear = below_line(seen)
    own |= _text(seen.slopes[FINE])
    if not own.any():
        return EgoMask(None, seen.count, is_unclear)
    own = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8))
    whole = cv2.resize(own, size[::-1], interpolation=cv2.INTER_NEAREST)
    return EgoMask(whole > 0, seen.count, is_unclear)


def mask_file(drive: OwnClip, out: Path | None = None) -> Path:
    """Where the mask of a drive is looked for, beside its images; with ``out`` the same place below that."""
    source = drive.source
    if isinstance(source, ImageFiles):
        images = out / drive.key_folder if out else source.place
        return (images.parent if source.place.name == IMAGES else images) / MASK_FILE
    name = f"{source.place.stem}.{MASK_FILE}"
    return (out / drive.key_folder).parent / name if out else source.place.parent / name


def write_ego_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask, bool (H, W), as `folder.read_ego_mask` reads it: black where the vehicle is.

    Raises:
        UserError: if it cannot be written.
    """
    shades = np.where(mask, 0, 255).astype(np.uint8)
    write_bytes(path, encode(".png", shades, where=path))


def _text(fine: Slopes) -> np.ndarray:
    """bool (H, W): rectangles around small dense groups of edges that never move."""
    height, width = fine.persistence.shape
    strokes = (fine.persistence > TEXT_EDGE) & (fine.strength > np.clip(fine.usual, 3, 8))
    (lowest, tallest), (narrowest, widest) = TEXT_HEIGHT, TEXT_WIDTH
    across, down = max(3, width // 40), max(3, width // 80)
    near = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((down, across), np.uint8))
    own = np.zeros((height, width), bool)
    for left, top, wide, high, _ in cv2.connectedComponentsWithStats(near)[2][1:]:
        rim = high // 4
        rows = slice(max(0, top - rim), top + high + rim)
        columns = slice(max(0, left - rim), left + wide + rim)
        filled = strokes[top : top + high, left : left + wide].mean()
        fits = max(LEAST_TEXT, lowest * height) <= high <= tallest * height
        fits &= narrowest * width <= wide <= widest * width
        if fits and filled >= TEXT_FILLED:
            own[rows, columns] = True
    return own
