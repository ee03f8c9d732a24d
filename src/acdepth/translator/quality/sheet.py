"""Translations side by side: source, each folder's, truth."""

from collections.abc import Sequence as Many
from pathlib import Path

import numpy as np

from acdepth.core.sheet import draw_block, save_sheet
from acdepth.core.spread import spread
from acdepth.translator.quality.cases import Case
from acdepth.translator.quality.rate import SOURCES, TRUTH

ROWS = 3
"""Sources per condition."""


def write_sheet(path: Path, cases: Many[Case], rows: int = ROWS) -> None:
    """Write some sources of each condition, spread over the drives, each beside what became of it."""
    save_sheet(path, [_case_block(case, rows) for case in cases])


def _case_block(case: Case, rows: int) -> np.ndarray:
    columns = {f"{case.condition}: {SOURCES}": case.sources, **case.made}
    if case.truth is not None:
        columns[TRUTH] = case.truth
    places = spread(range(len(case.sources)), rows)
    return draw_block(
        {
            name: [pictures.pixels[place].permute(1, 2, 0).numpy() for place in places]
            for name, pictures in columns.items()
        }
    )
