"""Translations side by side with their sources: of several folders with the truth, or of one folder alone."""

from collections.abc import Sequence as Many
from pathlib import Path

import numpy as np

from acdepth.core.clip import Clip, target_frames
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.resize import crop_and_resize
from acdepth.core.sheet import draw_block, save_sheet
from acdepth.core.spread import spread
from acdepth.data.manifest import Manifest
from acdepth.translator.scoring.cases import SOURCES, TRUTH, Case

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
    shown = {name: pictures.pixels[places].permute(0, 2, 3, 1).numpy() for name, pictures in columns.items()}
    return draw_block({name: list(images) for name, images in shown.items()})


def write_sheet_of_folder(path: Path, manifest: Manifest, clear: list[Clip], rows: int) -> None:
    """Write sources spread over the footage, each beside all that became of it, at the translations' size."""
    made = sorted({Condition(condition) for condition, _ in manifest.entries}, key=lambda one: one.index)
    frames = target_frames(clear)
    whole = [frame for frame in frames if all((one, frame.key) in manifest.entries for one in made)]
    if not whole:
        raise UserError(manifest.folder, f"no source was turned into all of {', '.join(made)}")
    crop = manifest.settings["crop"] and Crop.from_dict(manifest.settings["crop"], where=str(manifest.folder))
    columns = {name: [] for name in ("source", *made)}
    size = None
    for frame in spread(whole, rows):
        pictures = {one: read_image(manifest.file(one, frame.key)) for one in made}
        size = size or pictures[made[0]].shape[:2]
        columns["source"].append(crop_and_resize(frame.clip.image(frame.index), crop, size, frame.key))
        for one, picture in pictures.items():
            columns[one].append(crop_and_resize(picture, None, size, frame.key))
    save_sheet(path, [draw_block(columns)])
