"""Translations side by side: source, each folder's, truth."""

from collections.abc import Mapping
from collections.abc import Sequence as Many
from pathlib import Path

import cv2
import numpy as np

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
    save_sheet(path, [_case_block(case, rows) for case in cases])


def save_sheet(path: Path, blocks: Many[np.ndarray]) -> None:
    """Write blocks below each other as a picture."""
    width = max(block.shape[1] for block in blocks)
    padded = [
        np.pad(block, ((0, 0), (0, width - block.shape[1]), (0, 0)), constant_values=BACKGROUND)
        for block in blocks
    ]
    sheet = cv2.cvtColor(np.concatenate(padded), cv2.COLOR_RGB2BGR)
    write_bytes(path, cv2.imencode(path.suffix, sheet)[1].tobytes())


def draw_block(columns: Mapping[str, Many[np.ndarray]]) -> np.ndarray:
    """Pictures (H, W, 3) uint8 of one size, as many in each column, with the columns' names above."""
    strips = [np.concatenate([_framed(one) for one in row], 1) for row in zip(*columns.values(), strict=True)]
    tile = strips[0].shape[1] // len(columns)
    heading = np.full((HEADING, strips[0].shape[1], 3), BACKGROUND, np.uint8)
    for number, name in enumerate(columns):
        place = (number * tile + GAP, HEADING - 5)
        cv2.putText(heading, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (TEXT,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([heading, *strips])


def _case_block(case: Case, rows: int) -> np.ndarray:
    columns = {f"{case.condition}: {SOURCES}": case.sources, **case.made}
    if case.truth is not None:
        columns[TRUTH] = case.truth
    places = np.unique(np.linspace(0, len(case.sources) - 1, rows).round().astype(int))
    return draw_block(
        {
            name: [pictures.pixels[place].permute(1, 2, 0).numpy() for place in places]
            for name, pictures in columns.items()
        }
    )


def _framed(picture: np.ndarray) -> np.ndarray:
    """With a margin below and to the right."""
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=BACKGROUND)
