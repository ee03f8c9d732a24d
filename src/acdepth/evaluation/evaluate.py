"""Score models on every frame with measured depth: over the image, and per class where classes are known."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
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
) -> list[FrameRow]:
    """Score every model on every frame with measured depth, reading each frame once.

    Args:
        models: one or more, with names of their own.
        footage: frames without measured depth within the protocol's range are passed over.
        protocol: range, windows, alignment, flip.
        advance: called once per target of ``footage``.
        on_warning: told about unreadable frames; more than 1 % stop the evaluation.
        batch_size: frames predicted at a time; as many are in memory.
        on_answer: gets what a model says about a frame, before the protocol makes depth of it.

    Returns:
        The rows of the first model, then those of the second; each in the order of the frames.

    Raises:
        UserError: if no frame has measured depth, or too many cannot be read.
    """
    frames = read_frames(footage, protocol, advance, on_warning)
    rows: dict[str, list[FrameRow]] = {model.name: [] for model in models}
    for some in in_batches(frames, batch_size):
        for model in models:
            predictions = predict(model, some, protocol)
            rows[model.name] += map(_score, [model.name] * len(some), some, predictions)
            for frame, prediction in zip(some, predictions, strict=True):
                on_answer(model, frame, prediction.answer)
    if not any(rows.values()):
        raise UserError(
            None,
            f"no frame has measured depth from {protocol.min_depth:g} to {protocol.max_depth:g} m, so "
            "there is nothing to compare with",
            "depth/ of a sequence folder holds 16-bit PNGs, metres * 256",
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

    here = {name: frame.counted & pixels for name, pixels in _classes(frame)}
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


def _classes(frame: TrueFrame) -> Iterator[tuple[str, np.ndarray]]:
    if frame.classes is not None:
        for number, name in enumerate(frame.clip.class_names):
            yield name, frame.classes == number
