"""Pictures side by side with names above them, in one file."""

from collections.abc import Mapping
from collections.abc import Sequence as Many
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.encoding import encode
from acdepth.core.errors import UserError, shown
from acdepth.core.files import write_bytes
from acdepth.core.images import WRITTEN_SUFFIXES

GAP = 4
"""Pixels between pictures."""
HEADING = 18
"""Pixels above each block."""
BACKGROUND, TEXT = 24, 230


def check_sheet_name(path: Path) -> None:
    """Refuse, before any work, what is no name of a picture.

    Raises:
        UserError: naming the endings that are.
    """
    if path.suffix.lower() not in WRITTEN_SUFFIXES:
        remedy = f"let it end in {', '.join(sorted(WRITTEN_SUFFIXES))}"
        raise UserError(path, "not the name of a picture", remedy)


def save_sheet(path: Path, blocks: Many[np.ndarray], quality: int = 95) -> None:
    """Write blocks below each other as a picture; ``quality``, of 100, is that of a JPEG."""
    width = max(block.shape[1] for block in blocks)
    padded = [
        np.pad(block, ((0, 0), (0, width - block.shape[1]), (0, 0)), constant_values=BACKGROUND)
        for block in blocks
    ]
    sheet = np.concatenate(padded)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix.lower() in (".jpg", ".jpeg") else []
    write_bytes(path, encode(path.suffix, sheet, options, path))


def draw_block(columns: Mapping[str, Many[np.ndarray]]) -> np.ndarray:
    """Pictures (H, W, 3) uint8 of one size, as many in each column, with the columns' names above."""
    strips = [np.concatenate([_framed(one) for one in row], 1) for row in zip(*columns.values(), strict=True)]
    tile = strips[0].shape[1] // len(columns)
    heading = np.full((HEADING, strips[0].shape[1], 3), BACKGROUND, np.uint8)
    for number, name in enumerate(columns):
        place = (number * tile + GAP, HEADING - 5)
        font, colour = cv2.FONT_HERSHEY_SIMPLEX, (TEXT,) * 3
        cv2.putText(heading, shown(name), place, font, 0.4, colour, 1, cv2.LINE_AA)
    return np.concatenate([heading, *strips])


def _framed(picture: np.ndarray) -> np.ndarray:
    """With a margin below and to the right."""
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=BACKGROUND)
