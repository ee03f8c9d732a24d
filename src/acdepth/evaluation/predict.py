"""What models say about frames, and what a protocol makes of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.evaluation.frames import TrueFrame
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import Checkpoint
from acdepth.inference.metric import NoMetres
from acdepth.inference.model import Confidence, DepthModel
from acdepth.inference.output import depth_of, depth_of_published, enlarge, enlarge_published, fused
from acdepth.inference.view import View, view_of


class Sight(NamedTuple):
    """How an image is brought to a network."""

    size: tuple[int, int]
    """(height, width) [px]."""
    filter: Resize

    def of(self, frame: TrueFrame) -> TrueFrame:
        """The frame with its image brought there."""
        return replace(frame, image=crop_and_resize(frame.image, None, self.size, frame.key, self.filter))


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

    def sees(self, frame: TrueFrame, protocol: Protocol) -> Sight | None:
        """What may be made of the frame's image before it is asked about it; None for nothing."""
        return None

    @abstractmethod
    def describe(self) -> Checkpoint:
        """What ``results.json`` says about it."""


def seen_by(models: Sequence[Model], frame: TrueFrame, protocol: Protocol) -> list[TrueFrame]:
    """The frame as each of the models sees it; those that see it alike share one image."""
    sights = [model.sees(frame, protocol) for model in models]
    made = {sight: sight.of(frame) if sight else frame for sight in set(sights)}
    return [made[sight] for sight in sights]


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
                views=_views(frames, protocol) if self.needs_views(protocol) else None,
            )
        return [
            Answer(fused(answer), network.focal_ratio(frame.camera, size), answer.confidence)
            for frame, size, answer in zip(frames, sizes, answers, strict=True)
        ]

    def input_size(self, frame: TrueFrame, protocol: Protocol) -> tuple[int, int]:
        """(height, width) at which the network sees a frame [px]."""
        if protocol.keep_aspect or self.network.input_size is None:
            return self.network.fit(frame.size)
        return self.network.input_size

    def needs_views(self, protocol: Protocol) -> bool:
        """Whether metres are found by what an image at its own size shows, and what is known of it."""
        return self.network.relative and protocol.alignment != "scale_and_shift"

    def sees(self, frame: TrueFrame, protocol: Protocol) -> Sight | None:
        """The network's size and filter, where nothing else is asked of the image."""
        if self.network.input_size is None or self.needs_views(protocol):
            return None
        return Sight(self.input_size(frame, protocol), self.network.resize)

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
        height, width = frame.size
        window = Crop(top=rows.start, left=columns.start, height=height, width=width)
        found.append(view_of(frame.clip, frame.index, window, (frame.image.shape[0], frame.image.shape[1])))
    return found


class Prediction(NamedTuple):
    """A frame's depth as scored."""

    depth: np.ndarray
    """float32 (N,) [m], of the pixels that count."""
    image: np.ndarray | None
    """float32 (H, W) [m], where these are dense."""
    confidence: np.ndarray | None
    """float32 (N,); None where the model has none."""
    answer: Answer
    """What it was made from."""


def predict(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[Prediction]:
    """Depth of each frame as the protocol scores it: rescaled, aligned, clamped.

    Where few pixels count, only these are brought to the size of the measurement.

    Raises:
        UserError: if a prediction is not finite.
    """
    found = []
    for frame, answer in zip(frames, _answers(model, frames, protocol), strict=True):
        if frame.is_dense:
            image = _scored_image(frame, answer, protocol)
            depth = image.reshape(-1)[frame.truth.pixels]
        else:
            image, truth = None, frame.truth.depth
            said = _depth(frame, answer, protocol, everywhere=False)
            depth = _scored(said, truth, np.ones(truth.shape, bool), answer, protocol)
        found.append(Prediction(depth, image, _confidence(frame, answer, protocol), answer))
    return found


def predict_depth(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[np.ndarray]:
    """The same of all pixels: float32 (H, W) [m] of each frame."""
    answers = _answers(model, frames, protocol)
    return [_scored_image(frame, answer, protocol) for frame, answer in zip(frames, answers, strict=True)]


def predict_unscored(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[np.ndarray]:
    """What the model says of each frame's pixels that count, float32 (N,) [m]: not rescaled to another lens,
    neither aligned nor clamped. Of a relative model it has no unit, as an order needs none.

    Raises:
        UserError: if a prediction is not finite.
    """
    without_metres = protocol.model_copy(update={"alignment": "scale_and_shift"})
    answers = _answers(model, frames, without_metres)
    return [
        _depth(frame, answer, protocol, everywhere=False)
        for frame, answer in zip(frames, answers, strict=True)
    ]


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


def _answers(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[Answer]:
    answers = model.answer(frames, protocol)
    finite = torch.stack([answer.inverse_depth.isfinite().all() for answer in answers]).tolist()
    for frame, good in zip(frames, finite, strict=True):
        if not good:
            what = f"the prediction of {model.name} is not finite"
            raise UserError(frame.key, what, "its weights or files are damaged")
    return answers


def _scored_image(frame: TrueFrame, answer: Answer, protocol: Protocol) -> np.ndarray:
    truth = frame.truth.image()
    said = _depth(frame, answer, protocol, everywhere=True)
    return _scored(said, truth, truth > 0, answer, protocol)


def _scored(
    said: np.ndarray, truth: np.ndarray, counted: np.ndarray, answer: Answer, protocol: Protocol
) -> np.ndarray:
    """Depth as predicted, of any shape, as the protocol scores it; of ``truth`` what is ``counted`` is looked
    at."""
    if protocol.focal_rescale:
        said = said * answer.focal_ratio
    aligned = align(said, truth, counted, protocol.alignment)
    return aligned.clip(protocol.min_depth, protocol.max_depth).astype(np.float32, copy=False)


def _depth(frame: TrueFrame, answer: Answer, protocol: Protocol, everywhere: bool) -> np.ndarray:
    """(H, W) [m] of all that is shown, or (N,) of the pixels that count."""
    enlarged = depth_of if protocol.enlarge == "inverse_depth" else depth_of_published
    return _shown(enlarged, answer.inverse_depth, frame, answer, protocol, everywhere)


def _confidence(frame: TrueFrame, answer: Answer, protocol: Protocol) -> np.ndarray | None:
    """(N,) of the pixels that count."""
    if answer.confidence is None:
        return None
    enlarged = enlarge if protocol.enlarge == "inverse_depth" else enlarge_published
    found = _shown(enlarged, answer.confidence, frame, answer, protocol, everywhere=frame.is_dense)
    return found.reshape(-1)[frame.truth.pixels] if frame.is_dense else found


def _shown(
    enlarged: Callable[[Tensor, tuple[int, ...], Tensor | None], Tensor],
    values: Tensor,
    frame: TrueFrame,
    answer: Answer,
    protocol: Protocol,
    everywhere: bool,
) -> np.ndarray:
    """Values (1, 1, h, w) enlarged: of all that the protocol shows, (H, W), or of the pixels that count."""
    window = protocol.input_window.slices(*frame.whole)
    if everywhere:
        size = frame.whole if answer.whole else frame.size
        image = enlarged(values, size, None)[0, 0].cpu().numpy()
        return image[window] if answer.whole else image
    size, pixels = frame.size, frame.truth.pixels
    if answer.whole:
        row, column = np.divmod(pixels, size[1])
        size = frame.whole
        pixels = (row + window[0].start) * size[1] + column + window[1].start
    return enlarged(values, size, torch.from_numpy(pixels)).cpu().numpy()


def _median(values: np.ndarray) -> np.floating:
    middle = (values.size - 1) // 2
    return np.partition(values, middle)[middle]
