"""Score models on clear frames, as they are and in every kind and severity of corruption."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.evaluation.corruptions.kinds import SEVERITIES, corrupt
from acdepth.evaluation.evaluate import in_batches
from acdepth.evaluation.frames import TrueFrame, read_frame
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import Model, predict_depth
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import FrameRow

SEED = 0
"""Of the corruptions: a frame is corrupted alike in every evaluation."""
MEASURED = ("abs_rel", "d1")


@dataclass(frozen=True)
class CorruptionErrors:
    """`MEASURED` of every model on the same N frames, in K kinds and L severities."""

    kinds: tuple[str, ...]
    clips: tuple[str, ...]
    """Of each frame; (N,)."""
    clean: dict[str, NDArray[np.float64]]
    """Per model, (N, 2)."""
    corrupted: dict[str, NDArray[np.float64]]
    """Per model, (N, K, L, 2)."""


def choose_frames(footage: Sequence[Clip], rows: Sequence[FrameRow], every: int = 1) -> list[Frame]:
    """The frames to corrupt: those of clear weather that were scored, of each clip each n-th from the first.

    Raises:
        UserError: if there is none.
    """
    scored = {row.key for row in rows if row.condition is Condition.CLEAR}
    of_clips = [[frame for frame in target_frames([clip]) if frame.key in scored] for clip in footage]
    frames = [frame for of_clip in of_clips for frame in of_clip[::every]]
    if not frames:
        what = "only clear images are corrupted, and none of them has measured depth"
        raise UserError("--corruptions", what)
    return frames


def evaluate_corrupted(
    models: Sequence[Model],
    frames: Sequence[Frame],
    protocol: Protocol,
    kinds: Sequence[str],
    advance: Callable[[int], object] = lambda pieces: None,
    batch_size: int = 8,
) -> CorruptionErrors:
    """Score every model on frames as they are, and corrupted in every kind and severity.

    ``advance`` is told how many images were made and scored, N times K times L in all; ``batch_size`` frames
    are in memory at a time.

    Raises:
        UserError: if a frame cannot be read, or has no measured depth.
    """
    shape = (len(frames), len(kinds), len(SEVERITIES), len(MEASURED))
    clean = {model.name: np.empty((len(frames), len(MEASURED))) for model in models}
    corrupted = {model.name: np.empty(shape) for model in models}
    first = 0
    for some in in_batches(_read(frames, protocol), batch_size):
        here = slice(first, first + len(some))
        for model in models:
            clean[model.name][here] = _score(model, some, protocol)
        for row, kind in enumerate(kinds):
            for column, severity in enumerate(SEVERITIES):
                changed = [corrupt_frame(frame, kind, severity) for frame in some]
                for model in models:
                    corrupted[model.name][here, row, column] = _score(model, changed, protocol)
                advance(len(some))
        first += len(some)
    return CorruptionErrors(tuple(kinds), tuple(frame.clip.name for frame in frames), clean, corrupted)


def corrupt_frame(frame: TrueFrame, kind: str, severity: int) -> TrueFrame:
    """The frame with its image corrupted at its own size, as its name, the kind and the severity decide.

    Its depth stays, although some kinds move pixels a little: so do the published benchmarks.
    """
    generator = make_generator(SEED, "corruption", kind, severity, frame.key)
    return replace(frame, image=corrupt(frame.image, kind, severity, generator))


def _read(frames: Sequence[Frame], protocol: Protocol) -> Iterator[TrueFrame]:
    for clip, index in frames:
        frame = read_frame(clip, index, protocol)
        if frame is None:
            raise UserError(clip.key(index), "changed since it was scored", "evaluate again")
        yield frame


def _score(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> np.ndarray:
    """`MEASURED` of some frames, (B, 2)."""
    metrics = [
        depth_metrics(depth[frame.counted], frame.depth[frame.counted])
        for frame, depth in zip(frames, predict_depth(model, frames, protocol), strict=True)
    ]
    return np.array([[of_frame[name] for name in MEASURED] for of_frame in metrics])
