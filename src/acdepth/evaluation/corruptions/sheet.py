"""What the corruptions look like: one frame in all of them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.sheet import draw_block, save_sheet
from acdepth.evaluation.corruptions.kinds import GROUPS
from acdepth.evaluation.corruptions.scoring import corrupt_frame
from acdepth.evaluation.frames import TrueFrame

SHOWN = (3, 5)
"""Severities, below each other."""
QUALITY = 75
"""Of the JPEG: noise takes much room."""
WIDEST = 320
"""Pixels; wider pictures are shrunk after they were corrupted."""


def write_corruption_sheet(path: Path, frame: TrueFrame, kinds: Sequence[str]) -> None:
    """Write a clear frame in some kinds, a group in each two rows: above in severity 3, below in 5."""
    blocks = []
    for group in GROUPS.values():
        columns = {
            kind: [_shown(corrupt_frame(frame, kind, severity).image) for severity in SHOWN]
            for kind in group
            if kind in kinds
        }
        if columns:
            blocks.append(draw_block(columns))
    save_sheet(path, blocks, QUALITY)


def _shown(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if width <= WIDEST:
        return image
    size = WIDEST, round(height * WIDEST / width)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
