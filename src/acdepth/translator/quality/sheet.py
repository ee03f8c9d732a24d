"""Translations side by side: source, each folder's, truth."""

from collections.abc import Sequence as Many
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.images import PICTURE_SUFFIXES
from acdepth.translator.quality.cases import Case
from acdepth.translator.quality.rate import SOURCES, TRUTH

GAP = 4
"""Pixels between pictures."""
HEADING = 18
"""Pixels above each condition."""
ROWS = 3
"""Sources per condition."""
BACKGROUND, TEXT = 24, 230


def check_sheet_name(path: Path) -> None:
    """Refuse, before any work, what is no name of a picture.

    Raises:
        UserError: naming the endings that are.
    """
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise UserError(
            f"{path}: not the name of a picture; let it end in {', '.join(sorted(PICTURE_SUFFIXES))}"
        )


def write_sheet(path: Path, cases: Many[Case], rows: int = ROWS) -> None:
    """Write some sources of each condition, spread over the drives, each beside what became of it."""
    blocks = [_block(case, rows) for case in cases]
    width = max(block.shape[1] for block in blocks)
    padded = [
        np.pad(block, ((0, 0), (0, width - block.shape[1]), (0, 0)), constant_values=BACKGROUND)
        for block in blocks
    ]
    sheet = cv2.cvtColor(np.concatenate(padded), cv2.COLOR_RGB2BGR)
    write_bytes(path, cv2.imencode(path.suffix, sheet)[1].tobytes())


def _block(case: Case, rows: int) -> np.ndarray:
    columns = {SOURCES: case.sources, **case.made}
    if case.truth is not None:
        columns[TRUTH] = case.truth
    places = np.unique(np.linspace(0, len(case.sources) - 1, rows).round().astype(int))
    strips = [
        np.concatenate([_framed(pictures.pixels[place]) for pictures in columns.values()], 1)
        for place in places
    ]
    tile = strips[0].shape[1] // len(columns)
    heading = np.full((HEADING, strips[0].shape[1], 3), BACKGROUND, np.uint8)
    for number, name in enumerate(columns):
        text = f"{case.condition}: {name}" if number == 0 else name
        place = (number * tile + GAP, HEADING - 5)
        cv2.putText(heading, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (TEXT,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([heading, *strips])


def _framed(pixels: Tensor) -> np.ndarray:
    """(3, H, W) as (H, W, 3) with a margin below and to the right."""
    picture = pixels.permute(1, 2, 0).numpy()
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=BACKGROUND)
