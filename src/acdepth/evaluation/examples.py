"""The frames a report shows: of each condition the best, the median and the worst."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, inside, write_bytes, write_json
from acdepth.evaluation.frames import TrueFrame, read_frame
from acdepth.evaluation.predict import Model, predict_depth
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import Example, FrameRow, Rank

RANKS: dict[Rank, float] = {"best": 0.0, "median": 0.5, "worst": 1.0}
"""Where in the order of absRel each shown frame stands."""
EXAMPLE_FILES = (
    "index.json",
    *(f"{of}_{rank}{end}" for of in Condition for rank in RANKS for end in (".png", "_*.npy")),
)
"""Patterns of all files that `export_examples` may write."""


def export_examples(
    rows: Sequence[FrameRow],
    models: Sequence[Model],
    chosen_by: str,
    footage: Sequence[Clip],
    protocol: Protocol,
    out: Path,
) -> None:
    """Write ``out/index.json`` and, for each shown frame, image, truth and depth of ``models`` as scored.

    The frames are chosen by the absRel that the model called ``chosen_by`` has in ``rows``.
    """
    places = {clip.key(index): (clip, index) for clip in footage for index in range(len(clip))}
    errors = {(row.model, row.key): row.metrics["abs_rel"] for row in rows}
    shown: list[Example] = []
    for condition in Condition:
        for rank, key in _choose(rows, chosen_by, condition).items():
            frame = read_frame(*places[key], protocol)
            if frame is None:
                raise UserError(key, "changed since it was scored", "evaluate again")
            files = _write_example(out, f"{condition.value}_{rank}", frame, models, protocol)
            files |= {f"{model.name}_abs_rel": errors[model.name, key] for model in models}
            shown.append(Example(condition=condition, rank=rank, key=key, **files))
    write_json(out / "index.json", [example.to_dict() for example in shown])


def _choose(rows: Sequence[FrameRow], model: str, condition: Condition) -> dict[Rank, str]:
    """Key of the frame at each rank; equal errors in the order of keys. Few frames fill the first ranks."""
    counted = [row for row in rows if row.model == model and row.condition is condition]
    ranked = sorted((row.metrics["abs_rel"], row.key) for row in counted)
    chosen: dict[Rank, str] = {}
    for rank, part in RANKS.items() if ranked else ():
        key = ranked[round(part * (len(ranked) - 1))][1]
        if key not in chosen.values():
            chosen[rank] = key
    return chosen


def _write_example(
    out: Path, name: str, frame: TrueFrame, models: Sequence[Model], protocol: Protocol
) -> dict[str, Any]:
    """Write the files of one frame; their paths start with the folder's name, as the index stores them."""
    write_bytes(out / f"{name}.png", encode(".png", frame.image))
    _write_depth(out / f"{name}_truth.npy", frame.truth.image())
    for model in models:
        file = inside(out, f"{name}_{model.name}.npy", "a model's name")
        _write_depth(file, predict_depth(model, [frame], protocol)[0])
    return {
        "image": f"{out.name}/{name}.png",
        "truth": f"{out.name}/{name}_truth.npy",
        "depth": {model.name: f"{out.name}/{name}_{model.name}.npy" for model in models},
    }


def _write_depth(path: Path, depth: np.ndarray) -> None:
    """Write depth [m] in half precision: 1/16 m at 80 m is finer than any colour shows."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, depth.astype(np.float16))
