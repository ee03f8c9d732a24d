"""Score models on every frame with measured depth: over the image, and per class where classes are known."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np

from acdepth.core.clip import Clip, target_frames
from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share
from acdepth.evaluation.edges import edge_metrics, is_dense
from acdepth.evaluation.frames import TrueFrame, read_frames
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import Answer, Model, Prediction, predict
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

    ``advance`` and ``on_warning`` are as in `read_frames`, ``batch_size`` frames are in memory at a time, and
    ``on_answer`` gets what a model says about a frame, before the protocol makes depth of it. Several
    processes score each its ``share`` of the frames, and all get the rows of all.

    Returns:
        The rows of the first model, then those of the second; each in the order of the frames.

    Raises:
        UserError: if no frame has measured depth, or more than 1 % of them cannot be read.
    """
    frames = read_frames(footage, protocol, advance, on_warning, share, batch_size)
    rows: dict[str, list[FrameRow]] = {model.name: [] for model in models}
    for some in in_batches(frames, batch_size):
        for model in models:
            predictions = predict(model, some, protocol)
            rows[model.name] += map(_score, [model.name] * len(some), some, predictions)
            for frame, prediction in zip(some, predictions, strict=True):
                on_answer(model, frame, prediction.answer)
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


def _score(model: str, frame: TrueFrame, prediction: Prediction) -> FrameRow:
    predicted, sure = prediction.depth, prediction.confidence

    def metrics(pixels: np.ndarray) -> dict[str, float]:
        return depth_metrics(predicted[pixels], frame.depth[pixels])

    names = () if frame.classes is None else frame.clip.class_names
    here = {name: frame.counted & (frame.classes == number) for number, name in enumerate(names)}
    edges = edge_metrics(predicted, frame.depth, frame.counted) if is_dense(frame.counted) else {}
    return FrameRow(
        model=model,
        sequence=frame.clip.name,
        key=frame.key,
        index=frame.index,
        condition=frame.clip.condition,
        metrics={**metrics(frame.counted), **edges},
        classes={name: metrics(pixels) for name, pixels in here.items() if pixels.any()},
        confidence=None if sure is None else _sparsified(frame, predicted, sure),
    )


def _sparsified(frame: TrueFrame, predicted: np.ndarray, sure: np.ndarray) -> Sparsification | None:
    depth, truth = predicted[frame.counted], frame.depth[frame.counted]
    return sparsify(np.abs(depth - truth) / truth, sure[frame.counted], depth)
