"""What the sheets of a check are drawn with: strips of pictures and words, one below the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from acdepth.core.errors import shown

COLUMNS = 3
TILE = (360, 640)
"""Height and width that a picture is fitted into [px]."""
GAP, CAPTION, HEADING = 8, 22, 36
"""Heights [px]."""
BACKGROUND, TEXT, WARNING = (24, 24, 24), (220, 220, 220), (255, 120, 100)


@dataclass(frozen=True)
class Tile:
    """One picture of the sheet."""

    pixels: np.ndarray
    """RGB uint8, no larger than `TILE`."""
    name: str
    note: str
    is_measured: bool = False
    """Whether measured depth is drawn in."""


def picture_row(tiles: Sequence[Tile]) -> np.ndarray:
    """A strip of up to `COLUMNS` pictures with their captions."""
    height = max(len(tile.pixels) for tile in tiles)
    strip = blank(height + CAPTION + GAP)
    for number, tile in enumerate(tiles):
        left = GAP + number * (TILE[1] + GAP)
        strip[: tile.pixels.shape[0], left : left + tile.pixels.shape[1]] = tile.pixels
        colour = WARNING if tile.note == "cannot be read" else TEXT
        width = write(strip, tile.note, left + TILE[1], height + 15, colour, right=True)
        write(strip, fitted(tile.name, TILE[1] - width - 12), left, height + 15)
    return strip


def heading(text: str) -> np.ndarray:
    """A strip that begins what follows."""
    strip = blank(HEADING)
    write(strip, text, GAP, HEADING - 12, size=0.7)
    return strip


def blank(height: int) -> np.ndarray:
    """An empty strip as wide as the sheet, uint8 (height, W, 3)."""
    return np.full((height, COLUMNS * (TILE[1] + GAP) + GAP, 3), BACKGROUND, np.uint8)


def write(
    strip: np.ndarray,
    text: str,
    left: int,
    bottom: int,
    colour: tuple[int, int, int] = TEXT,
    right: bool = False,
    size: float = 0.42,
) -> int:
    """Write text that begins at ``left``, or with ``right`` ends there; returns its width."""
    width = text_width(text, size)
    place = (left - width if right else left, bottom)
    cv2.putText(strip, shown(text), place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
    return width


def fitted(text: str, width: int) -> str:
    """The end of a name that fits."""
    if text_width(text, 0.42) <= width:
        return text
    while text and text_width(f"...{text}", 0.42) > width:
        text = text[1:]
    return f"...{text}"


def text_width(text: str, size: float = 0.42) -> int:
    """How wide a text is [px]."""
    # OpenCV ends the process at a name that is no UTF-8.
    return cv2.getTextSize(shown(text), cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0]
