"""Score models on clear frames, as they are and in every kind and severity of corruption."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.core.share import Share
from acdepth.evaluation.corruptions.kinds import SEVERITIES, corrupt
from acdepth.evaluation.evaluate import in_batches
from acdepth.evaluation.frames import TrueFrame, read_frame
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import NetworkModel, Sight, predict
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import FrameRow

SEED = 0
"""Of the corruptions: a frame is corrupted alike in every evaluation."""
MEASURED = ("abs_rel", "d1")
Size = tuple[int, int]
"""(height, width) [px]."""
CorruptedAt = Literal["input", "image"] | Size
"""The size at which images are corrupted: the network's, to which they are brought first (RoboDepth); their
own; or this one. Noise and blur count in pixels, so it decides how much of them is left for the network."""


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
    sizes: dict[str, tuple[Size, ...]]
    """Per model, those at which its images were corrupted."""


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
    models: Sequence[NetworkModel],
    frames: Sequence[Frame],
    protocol: Protocol,
    kinds: Sequence[str],
    at: CorruptedAt = "input",
    advance: Callable[[int], object] = lambda pieces: None,
    batch_size: int = 8,
) -> CorruptionErrors:
    """Score every model on frames as they are, and corrupted in every kind and severity.

    Images are brought to the size ``at`` which they are corrupted, the clean ones too. Models of one size and
    filter see the same pictures; others see their own, with what is random drawn from the same seeds.
    ``advance`` is told how many images were made and scored, N times K times L in all; ``batch_size`` frames
    are in memory at a time.

    Raises:
        UserError: if a frame cannot be read, or has no measured depth.
    """
    shape = (len(frames), len(kinds), len(SEVERITIES), len(MEASURED))
    clean = {model.name: np.empty((len(frames), len(MEASURED))) for model in models}
    corrupted = {model.name: np.empty(shape) for model in models}
    sizes: dict[str, dict[Size, None]] = {model.name: {} for model in models}
    first = 0
    for some in in_batches(_read(frames, protocol), batch_size):
        here = slice(first, first + len(some))
        groups = _seen_alike(models, some, protocol, at)
        for members, seen in groups:
            for model in members:
                clean[model.name][here] = _score(model, seen, protocol)
                sizes[model.name] |= dict.fromkeys(_size(frame.image) for frame in seen)
        for row, kind in enumerate(kinds):
            for column, severity in enumerate(SEVERITIES):
                for members, seen in groups:
                    changed = [corrupt_frame(frame, kind, severity) for frame in seen]
                    for model in members:
                        corrupted[model.name][here, row, column] = _score(model, changed, protocol)
                advance(len(some))
        first += len(some)
    clips = tuple(frame.clip.name for frame in frames)
    found = {name: tuple(sorted(some)) for name, some in sizes.items()}
    return CorruptionErrors(tuple(kinds), clips, clean, corrupted, found)


def errors_of_all(own: CorruptionErrors, numbers: Sequence[int], share: Share) -> CorruptionErrors:
    """What several processes measured, each on its frames, of these ``numbers`` among all, as one would."""
    found = share.gather((own, numbers))
    order = np.argsort([number for _, some in found for number in some])

    def joined(arrays: list[dict[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
        return {name: np.concatenate([some[name] for some in arrays])[order] for name in own.clean}

    clips = [clip for one, _ in found for clip in one.clips]
    return CorruptionErrors(
        kinds=own.kinds,
        clips=tuple(clips[place] for place in order),
        clean=joined([one.clean for one, _ in found]),
        corrupted=joined([one.corrupted for one, _ in found]),
        sizes={
            name: tuple(sorted({size for one, _ in found for size in one.sizes[name]})) for name in own.sizes
        },
    )


def resize_to_corrupt(
    model: NetworkModel, frame: TrueFrame, protocol: Protocol, at: CorruptedAt
) -> TrueFrame:
    """The frame with its image at the size at which it is corrupted for a model."""
    return Sight(_corrupted_size(model, frame, protocol, at), model.network.resize).of(frame)


def corrupt_frame(frame: TrueFrame, kind: str, severity: int) -> TrueFrame:
    """The frame with its image corrupted at the size it has, as its name, the kind and the severity decide.

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


def _seen_alike(
    models: Sequence[NetworkModel], frames: Sequence[TrueFrame], protocol: Protocol, at: CorruptedAt
) -> list[tuple[list[NetworkModel], list[TrueFrame]]]:
    """Models that see the same pictures, with the frames that are to be corrupted for them."""
    groups: dict[object, list[NetworkModel]] = defaultdict(list)
    for model in models:
        sizes = tuple(_corrupted_size(model, frame, protocol, at) for frame in frames)
        groups[sizes, model.network.resize].append(model)
    return [
        (members, [resize_to_corrupt(members[0], frame, protocol, at) for frame in frames])
        for members in groups.values()
    ]


def _corrupted_size(model: NetworkModel, frame: TrueFrame, protocol: Protocol, at: CorruptedAt) -> Size:
    if at == "input":
        return model.input_size(frame, protocol)
    return _size(frame.image) if at == "image" else at


def _size(image: np.ndarray) -> Size:
    return image.shape[0], image.shape[1]


def _score(model: NetworkModel, frames: Sequence[TrueFrame], protocol: Protocol) -> np.ndarray:
    """`MEASURED` of some frames, (B, 2)."""
    metrics = [
        depth_metrics(prediction.depth, frame.truth.depth)
        for frame, prediction in zip(frames, predict(model, frames, protocol), strict=True)
    ]
    return np.array([[of_frame[name] for name in MEASURED] for of_frame in metrics])
