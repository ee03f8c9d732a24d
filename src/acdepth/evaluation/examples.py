"""The frames that a report shows: best, median and worst of each condition, with what each model said."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, write_json
from acdepth.core.sample import Sequence as Footage
from acdepth.evaluation.evaluate import Model, predict_depth, read_frame
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.rows import FrameRow

RANKS = {"best": 0.0, "median": 0.5, "worst": 1.0}
"""Where in the order of absRel each shown frame stands."""


def export_examples(
    rows: Sequence[FrameRow],
    models: Sequence[Model],
    chosen_by: str,
    footage: Sequence[Footage],
    protocol: Protocol,
    out: Path,
) -> None:
    """Write ``out/index.json`` and, for each shown frame, image, truth and every model's depth.

    Args:
        rows: of the evaluation.
        models: those that are shown.
        chosen_by: name of the model by whose absRel the frames are chosen.
        footage: that was evaluated.
        protocol: of the evaluation.
        out: folder for the pictures.
    """
    places = {
        sequence.key(index): (sequence, index) for sequence in footage for index in range(len(sequence))
    }
    errors = {(row.model, row.key): row.metrics["abs_rel"] for row in rows}
    index: list[dict[str, Any]] = []
    for condition in Condition:
        ranked = sorted(
            (row for row in rows if row.model == chosen_by and row.condition is condition),
            key=lambda row: (row.metrics["abs_rel"], row.key),
        )
        for rank, part in RANKS.items() if ranked else ():
            key = ranked[round(part * (len(ranked) - 1))].key
            name = f"{condition.value}_{rank}"
            image, truth, _ = read_frame(*places[key])
            assert truth is not None
            _write_picture(out / f"{name}.png", image)
            _write_depth(out / f"{name}_truth.npy", truth)
            for model in models:
                _write_depth(out / f"{name}_{model.name}.npy", predict_depth(model, image, protocol))
            index.append(
                {
                    "condition": condition.value,
                    "rank": rank,
                    "key": key,
                    "image": f"{out.name}/{name}.png",
                    "truth": f"{out.name}/{name}_truth.npy",
                    "depth": {model.name: f"{out.name}/{name}_{model.name}.npy" for model in models},
                    **{f"{model.name}_abs_rel": round(errors[model.name, key], 6) for model in models},
                }
            )
    write_json(out / "index.json", index)


def _write_picture(path: Path, image: np.ndarray) -> None:
    with atomic_path(path) as temporary:
        if not cv2.imwrite(str(temporary), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
            raise UserError(f"{path}: cannot write; free some space or choose another folder")


def _write_depth(path: Path, depth: np.ndarray) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, depth.astype(np.float16))
