"""Score models on clear frames, as they are and in every kind and severity of corruption."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.sample import Sequence as Footage
from acdepth.core.seeding import make_generator
from acdepth.evaluation.corruptions import SEVERITIES, corrupt
from acdepth.evaluation.evaluate import in_batches
from acdepth.evaluation.frames import TrueFrame, read_frame
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import Model, predict_depth
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.rows import FrameRow

SEED = 0
"""Of the corruptions: a frame is corrupted alike in every evaluation."""
MEASURED = ("abs_rel", "d1")

Place = tuple[Footage, int]
"""A frame by its sequence and its position in it."""


@dataclass(frozen=True)
class CorruptionErrors:
    """`MEASURED` of every model on the same N frames, in K kinds and L severities."""

    kinds: tuple[str, ...]
    sequences: tuple[str, ...]
    """Of each frame; (N,)."""
    clean: dict[str, NDArray[np.float64]]
    """Per model, (N, 2)."""
    corrupted: dict[str, NDArray[np.float64]]
    """Per model, (N, K, L, 2)."""


def choose_frames(footage: Sequence[Footage], rows: Sequence[FrameRow], every: int = 1) -> list[Place]:
    """The frames to corrupt: those of clear weather that were scored; of each sequence the first, then each
    n-th.

    Args:
        footage: that was evaluated.
        rows: of that evaluation.
        every: n.

    Raises:
        UserError: if there is none.
    """
    scored = {row.key for row in rows if row.condition is Condition.CLEAR}
    places = [
        (sequence, index)
        for sequence in footage
        for index in [index for index in sequence.targets() if sequence.key(index) in scored][::every]
    ]
    if not places:
        raise UserError("--corruptions: only clear images are corrupted, and none of them has measured depth")
    return places


def evaluate_corrupted(
    models: Sequence[Model],
    places: Sequence[Place],
    protocol: Protocol,
    kinds: Sequence[str],
    advance: Callable[[int], object] = lambda pieces: None,
    batch_size: int = 8,
) -> CorruptionErrors:
    """Score every model on frames as they are, and corrupted in every kind and severity.

    Args:
        models: one or more, with names of their own.
        places: N frames with measured depth within the protocol's range.
        protocol: range, windows, alignment, flip.
        kinds: of `KINDS`.
        advance: told how many images were made and scored; N times K times L in all.
        batch_size: frames predicted at a time; as many are in memory.

    Raises:
        UserError: if a frame cannot be read, or has no measured depth.
    """
    shape = (len(places), len(kinds), len(SEVERITIES), len(MEASURED))
    clean = {model.name: np.empty((len(places), len(MEASURED))) for model in models}
    corrupted = {model.name: np.empty(shape) for model in models}
    first = 0
    for frames in in_batches(_read(places, protocol), batch_size):
        here = slice(first, first + len(frames))
        for model in models:
            clean[model.name][here] = _score(model, frames, protocol)
        for row, kind in enumerate(kinds):
            for column, severity in enumerate(SEVERITIES):
                changed = [corrupt_frame(frame, kind, severity) for frame in frames]
                for model in models:
                    corrupted[model.name][here, row, column] = _score(model, changed, protocol)
                advance(len(frames))
        first += len(frames)
    return CorruptionErrors(tuple(kinds), tuple(sequence.name for sequence, _ in places), clean, corrupted)


def corrupt_frame(frame: TrueFrame, kind: str, severity: int) -> TrueFrame:
    """The frame with its image corrupted at its own size, as its name, the kind and the severity decide.

    Its depth stays, although some kinds move pixels a little: so do the published benchmarks.
    """
    generator = make_generator(SEED, "corruption", kind, severity, frame.key)
    return replace(frame, image=corrupt(frame.image, kind, severity, generator))


def _read(places: Sequence[Place], protocol: Protocol) -> Iterator[TrueFrame]:
    for sequence, index in places:
        frame = read_frame(sequence, index, protocol)
        if frame is None:
            raise UserError(f"{sequence.key(index)}: changed since it was scored; evaluate again")
        yield frame


def _score(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> np.ndarray:
    """`MEASURED` of some frames, (B, 2)."""
    metrics = [
        depth_metrics(depth[frame.counted], frame.depth[frame.counted])
        for frame, depth in zip(frames, predict_depth(model, frames, protocol), strict=True)
    ]
    return np.array([[of_frame[name] for name in MEASURED] for of_frame in metrics])
