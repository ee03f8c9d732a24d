"""What models say about frames, and what a protocol makes of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.evaluation.frames import TrueFrame
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import Checkpoint
from acdepth.inference.metric import NoMetres
from acdepth.inference.model import Confidence, DepthModel
from acdepth.inference.output import depth_of, depth_of_published, enlarge, enlarge_published, fused
from acdepth.inference.view import View, view_of


class Answer(NamedTuple):
    """What a model says about one frame, at whatever size it says it."""

    inverse_depth: Tensor
    """(1, 1, h, w) [1/m]."""
    focal_ratio: float
    """Factor on metres for the frame's lens; 1 where a camera is not known."""
    confidence: Tensor | None = None
    """(1, 1, h, w), of which only the order counts; None where there is none."""
    whole: bool = False
    """Whether it is about the whole image, of which the protocol may show a part."""


class Model(ABC):
    """Anything that says how deep frames are: a network, or files that somebody's network left."""

    name: str
    """What tables call it."""
    metric: bool
    """Whether its metres are metres."""
    camera: Camera | None
    """Training camera; None if unknown."""

    @abstractmethod
    def answer(self, frames: Sequence[TrueFrame], protocol: Protocol) -> list[Answer]:
        """What it says about each frame as the protocol shows it."""

    @abstractmethod
    def describe(self) -> Checkpoint:
        """What ``results.json`` says about it."""


class NetworkModel(Model):
    """A depth model under evaluation, and what its confidence is made from where that is measured too."""

    def __init__(self, network: DepthModel, confidence: Confidence = "none") -> None:
        self.network = network
        self.confidence: Confidence = confidence
        self.name, self.metric, self.camera = network.name, network.metric, network.camera

    def answer(self, frames: Sequence[TrueFrame], protocol: Protocol) -> list[Answer]:
        """Ask the network, all frames of one size together.

        Raises:
            UserError: if it is relative, and a frame does not tell the metres that the protocol asks for.
        """
        network = self.network
        sizes = [self.input_size(frame, protocol) for frame in frames]
        with _needing_metres(self.name, frames):
            answers = network.infer(
                [frame.image for frame in frames],
                sizes,
                night=[frame.clip.condition.dark for frame in frames] if protocol.condition_known else None,
                mirrored=protocol.flip,
                confidence=self.confidence,
                at_once=len(frames),
                views=None if protocol.alignment == "scale_and_shift" else _views(frames, protocol),
            )
        return [
            Answer(fused(answer), network.focal_ratio(frame.camera, size), answer.confidence)
            for frame, size, answer in zip(frames, sizes, answers, strict=True)
        ]

    def input_size(self, frame: TrueFrame, protocol: Protocol) -> tuple[int, int]:
        """(height, width) at which the network sees a frame [px]."""
        if protocol.keep_aspect or self.network.input_size is None:
            return self.network.fit(frame.depth.shape)
        return self.network.input_size

    def resized(self, frame: TrueFrame, size: tuple[int, int]) -> TrueFrame:
        """The frame with its image brought to a (height, width), as the network's images are."""
        return replace(frame, image=self.network.resized(frame.image, size))

    def describe(self) -> Checkpoint:
        """What its checkpoint says about itself."""
        network = self.network
        checkpoint = Checkpoint(
            sha256=network.sha256,
            description=network.description,
            metric=network.metric,
            conditions=network.conditions,
            input_size=network.input_size,
            crop=network.crop and network.crop.to_dict(),
            resize=network.resize,
        )
        # Said only where it is known, so that results of networks from before say what they said.
        return checkpoint.model_copy(update={"metres": network.metres}) if network.metres else checkpoint


@contextmanager
def _needing_metres(model: str, frames: Sequence[TrueFrame]) -> Iterator[None]:
    """Frames without metres are not left out: a mean over those that suit one model compares with nothing."""
    try:
        yield
    except NoMetres as error:
        what = f"{model} says no metres here, as {error.what}"
        remedy = "use --alignment scale_and_shift, which needs none"
        if any(frame.clip.camera_height is None for frame in frames):
            remedy = f"give camera_height in camera.yaml, or {remedy}"
        raise UserError(error.where, what, remedy) from error


def _views(frames: Sequence[TrueFrame], protocol: Protocol) -> list[View]:
    """What is known of the part of each frame that the protocol shows."""
    found = []
    for frame in frames:
        rows, columns = protocol.input_window.slices(*frame.whole)
        height, width = frame.depth.shape
        window = Crop(top=rows.start, left=columns.start, height=height, width=width)
        found.append(view_of(frame.clip, frame.index, window, (frame.image.shape[0], frame.image.shape[1])))
    return found


class Prediction(NamedTuple):
    """A frame's depth at its own size."""

    depth: np.ndarray
    """float32 (H, W) [m]."""
    confidence: np.ndarray | None
    """float32 (H, W); None where the model has none."""
    answer: Answer
    """What it was made from."""


def predict(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[Prediction]:
    """Depth of each frame, aligned and clamped as the protocol says, and its confidence.

    Raises:
        UserError: if a prediction is not finite.
    """
    found = []
    for frame, answer in zip(frames, model.answer(frames, protocol), strict=True):
        depth = _depth(model, frame, answer, protocol)
        if protocol.focal_rescale:
            depth = depth * answer.focal_ratio
        aligned = align(depth, frame.depth, frame.counted, protocol.alignment)
        scored = aligned.clip(protocol.min_depth, protocol.max_depth).astype(np.float32)
        found.append(Prediction(scored, _confidence(frame, answer, protocol), answer))
    return found


def predict_depth(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[np.ndarray]:
    """`predict` without confidence: float32 (H, W) [m] of each frame."""
    return [prediction.depth for prediction in predict(model, frames, protocol)]


def predict_unscored(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[np.ndarray]:
    """What the model says of each frame at its own size, float32 (H, W) [m]: not rescaled to another lens,
    neither aligned nor clamped. Of a relative model it has no unit, as an order needs none.

    Raises:
        UserError: if a prediction is not finite.
    """
    without_metres = protocol.model_copy(update={"alignment": "scale_and_shift"})
    answers = model.answer(frames, without_metres)
    return [_depth(model, frame, answer, protocol) for frame, answer in zip(frames, answers, strict=True)]


def align(predicted: np.ndarray, truth: np.ndarray, counted: np.ndarray, alignment: str) -> np.ndarray:
    """Scale, or scale and shift, predicted depth to the truth of the same image.

    ``median`` multiplies by the ratio of medians, the lower of the two middle values where there are two, as
    the published code; ``scale_and_shift`` fits inverse depth by least squares, as is customary for relative
    depth. All arrays are (H, W), depths in metres; pixels ``counted`` are compared.
    """
    if alignment == "none":
        return predicted
    if alignment == "median":
        return predicted * (_median(truth[counted]) / _median(predicted[counted]))
    inverse = 1 / predicted
    design = np.stack([inverse[counted], np.ones(counted.sum())], 1)
    (scale, shift), *_ = np.linalg.lstsq(design, 1 / truth[counted], rcond=None)
    # A shift may push far pixels to or below infinity; they become as far as the clamp allows.
    return 1 / np.maximum(scale * inverse + shift, 1e-6)


def _depth(model: Model, frame: TrueFrame, answer: Answer, protocol: Protocol) -> np.ndarray:
    enlarged = depth_of if protocol.enlarge == "inverse_depth" else depth_of_published
    depth = _shown(enlarged(answer.inverse_depth, _size(frame, answer)), frame, answer, protocol)
    if not np.isfinite(depth).all():
        what = f"the prediction of {model.name} is not finite"
        raise UserError(frame.key, what, "its weights or files are damaged")
    return depth


def _confidence(frame: TrueFrame, answer: Answer, protocol: Protocol) -> np.ndarray | None:
    if answer.confidence is None:
        return None
    enlarged = enlarge if protocol.enlarge == "inverse_depth" else enlarge_published
    return _shown(enlarged(answer.confidence, _size(frame, answer)), frame, answer, protocol)


def _size(frame: TrueFrame, answer: Answer) -> tuple[int, ...]:
    return frame.whole if answer.whole else frame.depth.shape


def _shown(values: Tensor, frame: TrueFrame, answer: Answer, protocol: Protocol) -> np.ndarray:
    """(1, 1, H, W) as an array of what the protocol shows."""
    array = values[0, 0].cpu().numpy()
    return array[protocol.input_window.slices(*frame.whole)] if answer.whole else array


def _median(values: np.ndarray) -> np.floating:
    middle = (values.size - 1) // 2
    return np.partition(values, middle)[middle]
