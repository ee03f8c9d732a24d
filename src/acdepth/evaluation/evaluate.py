"""Score models on every frame with measured depth: over the image, and per class where classes are known."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np

from acdepth.core.clip import Clip, target_frames
from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share
from acdepth.core.stream import in_order, threads_beside
from acdepth.evaluation.edges import edge_metrics
from acdepth.evaluation.frames import TrueFrame, read_frames
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import Answer, Model, Prediction, predict, seen_by
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import FrameRow, Sparsification
from acdepth.evaluation.sparsification import sparsify

Item = TypeVar("Item")


def evaluate(
    models: Sequence[Model],
    footage: Sequence[Clip],
    protocol: Protocol,
    advance: Callable[[], object] = lambda: None,
    on_warning: Callable[[str], object] | None = None,
    batch_size: int = 8,
    on_answer: Callable[[Model, TrueFrame, Answer], object] = lambda model, frame, answer: None,
    share: Share = ALL,
) -> list[FrameRow]:
    """Score models, of different names, on every frame with measured depth, reading each frame once.

    While the network works, threads read and resize images before their turn, and score dense truth.
    ``advance`` and ``on_warning`` are as in `read_frames`, ``batch_size`` frames are in memory at a time, and
    ``on_answer`` gets what a model says about a frame, before the protocol makes depth of it. Several
    processes score each its ``share`` of the frames, and all get the rows of all.

    Returns:
        The rows of the first model, then those of the second; each in the order of the frames.

    Raises:
        UserError: if no frame has measured depth, or more than 1 % of them cannot be read.
    """
    frames = read_frames(
        footage, protocol, advance, on_warning, lambda one: seen_by(models, one, protocol), share, batch_size
    )
    rows: dict[str, list[FrameRow]] = {model.name: [] for model in models}

    def scores() -> Iterator[Callable[[], FrameRow]]:
        for some in in_batches(frames, batch_size):
            for model, seen in zip(models, zip(*some, strict=True), strict=True):
                for frame, prediction in zip(seen, predict(model, seen, protocol), strict=True):
                    on_answer(model, frame, prediction.answer)
                    score = partial(_score, model.name, frame, prediction)
                    # Of few pixels a thread costs more than it saves: Python runs in one at a time.
                    yield score if frame.is_dense else partial(_same, score())

    for row in in_order(lambda score: score(), scores(), threads_beside()):
        rows[row.model].append(row)
    if share.count > 1:
        number = {frame.key: place for place, frame in enumerate(target_frames(footage))}
        rows = {name: share.sorted(some, lambda row: number[row.key]) for name, some in rows.items()}
    if not any(rows.values()):
        span = f"from {protocol.min_depth:g} to {protocol.max_depth:g} m"
        what = f"no frame has measured depth {span}, so there is nothing to compare with"
        remedy = (
            "depth/ of a sequence folder holds 16-bit PNGs, metres * 256; footage without any, such as of "
        )
        raise UserError(
            None, what, f"{remedy}ACDC, is scored by pairs of points that people ordered, --pairs"
        )
    return [row for of_model in rows.values() for row in of_model]


def in_batches(frames: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Up to ``size`` frames at a time, in order."""
    remaining = iter(frames)
    while some := list(islice(remaining, size)):
        yield some


def _same(row: FrameRow) -> FrameRow:
    return row


def _score(model: str, frame: TrueFrame, prediction: Prediction) -> FrameRow:
    predicted, truth, edges = prediction.depth, frame.truth, {}

    def metrics(pixels: np.ndarray) -> dict[str, float]:
        return depth_metrics(predicted[pixels], truth.depth[pixels])

    names = () if frame.classes is None else frame.clip.class_names
    here = {name: frame.classes == number for number, name in enumerate(names)}
    if prediction.image is not None:
        depth = truth.image()
        edges = edge_metrics(prediction.image, depth, depth > 0)
    return FrameRow(
        model=model,
        sequence=frame.clip.name,
        key=frame.key,
        index=frame.index,
        condition=frame.clip.condition,
        metrics={**depth_metrics(predicted, truth.depth), **edges},
        classes={name: metrics(pixels) for name, pixels in here.items() if pixels.any()},
        confidence=None if prediction.confidence is None else _sparsified(truth.depth, prediction),
    )


def _sparsified(truth: np.ndarray, prediction: Prediction) -> Sparsification | None:
    assert prediction.confidence is not None
    error = np.abs(prediction.depth - truth) / truth
    return sparsify(error, prediction.confidence, prediction.depth)
