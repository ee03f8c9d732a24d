"""The benchmark of corruptions: planned and refused before any work, then run and summarised."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.share import ALL, Share
from acdepth.core.sheet import draw_block, save_sheet
from acdepth.evaluation.corruptions.kinds import GROUPS, KINDS, SEVERITIES
from acdepth.evaluation.corruptions.scoring import (
    CorruptedAt,
    choose_frames,
    corrupt_frame,
    errors_of_all,
    evaluate_corrupted,
    resize_to_corrupt,
)
from acdepth.evaluation.corruptions.summary import summarise_corruptions
from acdepth.evaluation.frames import TrueFrame, read_frame
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import CorruptionResults, FrameRow

SHEET = "corruptions.jpg"
SHOWN = (3, 5)
"""Severities, below each other."""
QUALITY = 75
"""Of the JPEG: noise takes much room."""
WIDEST = 320
"""Pixels; wider pictures are shrunk after they were corrupted."""


@dataclass(frozen=True)
class Benchmark:
    """Which corruptions are measured, on what, and against whom."""

    kinds: tuple[str, ...]
    at: CorruptedAt
    every: int
    baseline: str


def plan_benchmark(
    corruptions: tuple[str, ...] | None,
    at: CorruptedAt,
    every: int,
    baseline: str | None,
    models: Sequence[str],
    footage: Sequence[Clip],
) -> Benchmark | None:
    """The benchmark that the flags ask for, None for none; refused before any work.

    Raises:
        UserError: if a kind or the baseline is unknown, nothing is clear, or a flag lacks its benchmark.
    """
    if corruptions is None:
        flags = {
            "--corruption-size": at != "input",
            "--corruption-every": every != 1,
            "--baseline": baseline is not None,
        }
        for flag, given in flags.items():
            if given:
                raise UserError(flag, "is of the corruption benchmark", "give --corruptions too, or none")
        return None
    for kind in corruptions:
        if kind not in KINDS:
            raise UserError(f"--corruptions {kind}", "no such kind", f"choose from {', '.join(KINDS)}")
    if every < 1:
        raise UserError(f"--corruption-every {every}", "must be at least 1")
    if baseline is not None and baseline not in models:
        raise UserError(f"--baseline {baseline}", f"not among --weights, which are {', '.join(models)}")
    if all(clip.condition is not Condition.CLEAR for clip in footage):
        raise UserError("--corruptions", "only clear images are corrupted", "choose footage that has some")
    kinds = tuple(kind for kind in KINDS if not corruptions or kind in corruptions)
    return Benchmark(kinds, at, every, baseline or models[0])


def run_benchmark(
    benchmark: Benchmark,
    models: Sequence[NetworkModel],
    footage: Sequence[Clip],
    rows: Sequence[FrameRow],
    protocol: Protocol,
    batch_size: int,
    seed: int,
    sheet: Path | None,
    share: Share = ALL,
) -> CorruptionResults:
    """What ``results.json`` holds of it, after an evaluation on ``footage`` with these rows.

    Where ``sheet`` is given, it becomes a picture of the first frame in all kinds, for the first model.
    """
    places = choose_frames(footage, rows, benchmark.every)
    if sheet and share.leads and (frame := read_frame(*places[0], protocol)):
        shown = resize_to_corrupt(models[0], frame, protocol, benchmark.at)
        write_corruption_sheet(sheet, shown, benchmark.kinds)
    own = share.part(list(range(len(places))), batch_size)
    total = len(own) * len(benchmark.kinds) * len(SEVERITIES)
    kinds, at = benchmark.kinds, benchmark.at
    with progress(share.title("corruptions"), total, unit="image") as advance:
        chosen = [places[number] for number in own]
        measured = evaluate_corrupted(models, chosen, protocol, kinds, at, advance, batch_size)
    measured = errors_of_all(measured, own, share)
    return summarise_corruptions(measured, benchmark.baseline, at, benchmark.every, seed)


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
