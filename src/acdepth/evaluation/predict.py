"""What a model says about frames, at their own size and as the protocol scores it."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.evaluation.alignment import align
from acdepth.evaluation.flip import fuse_flipped
from acdepth.evaluation.frames import TrueFrame
from acdepth.evaluation.protocols import Protocol

Network = Callable[[Tensor, Tensor | None], Tensor]
"""(B, 3, h, w) float in 0..1, and which of them are of the night, (B,) bool, or None where that is not told
-> inverse depth (B, 1, h, w) [1/m]."""
SMALLEST_INVERSE_DEPTH = 1e-6
"""[1/m]; keeps depth finite."""


@dataclass(frozen=True)
class Model:
    """A network under evaluation."""

    name: str
    network: Network
    input_size: tuple[int, int]
    """(height, width) that the network was trained at [px]; images are stretched to it."""
    camera: Camera | None = None
    """Training camera at ``input_size``; metres are rescaled by it where the protocol says so."""
    device: torch.device | str = "cpu"
    """Where ``network`` takes its input."""
    confidence: Network | None = None
    """Arguments as ``network``, gives confidence (B, 1, h, w), of which only the order counts; None where
    none is asked for."""
    fit: Callable[[tuple[int, int]], tuple[int, int]] | None = None
    """The (height, width) for an image of some (height, width) where the protocol keeps its aspect."""

    def size_for(self, frame: TrueFrame, protocol: Protocol) -> tuple[int, int]:
        """(height, width) at which the network sees a frame [px]."""
        if not protocol.keep_aspect:
            return self.input_size
        if self.fit is None:
            raise ValueError(f"{self.name}: protocol {protocol.name} keeps the aspect, so it needs fit")
        height, width = frame.depth.shape
        return self.fit((height, width))


def predict_depth(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[np.ndarray]:
    """Depth of each frame at its own size, float32 (H, W) [m], aligned and clamped as the protocol says.

    Raises:
        UserError: if a prediction is not finite.
    """
    said = predict_unscored(model, frames, protocol)
    return [_as_scored(depth, model, frame, protocol) for depth, frame in zip(said, frames, strict=True)]


def predict_unscored(model: Model, frames: Sequence[TrueFrame], protocol: Protocol) -> list[np.ndarray]:
    """What the network says of each frame at its own size, float32 (H, W) [m]: not rescaled to another lens,
    neither aligned nor clamped.

    Raises:
        UserError: if a prediction is not finite.
    """
    of_size: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position, frame in enumerate(frames):
        of_size[model.size_for(frame, protocol)].append(position)
    predicted: dict[int, np.ndarray] = {}
    for size, positions in of_size.items():
        some = [frames[position] for position in positions]
        for position, inverse_depth in zip(positions, _infer(model, some, size, protocol), strict=True):
            predicted[position] = _as_depth(inverse_depth, model, frames[position])
    return [predicted[position] for position in range(len(frames))]


def predict_confidence(model: Model, frame: TrueFrame, protocol: Protocol) -> np.ndarray | None:
    """Confidence of a frame at its own size, float32 (H, W); None where the model has none."""
    if model.confidence is None:
        return None
    with torch.inference_mode():
        found = model.confidence(*_as_input(model, [frame], model.size_for(frame, protocol), protocol))
    return resize_depth(found, frame.depth.shape)[0, 0].cpu().numpy()


@torch.inference_mode()
def _infer(model: Model, frames: Sequence[TrueFrame], size: tuple[int, int], protocol: Protocol) -> Tensor:
    """Inverse depth (B, 1, h, w) [1/m] at the network's size."""
    batch, night = _as_input(model, frames, size, protocol)
    if not protocol.flip:
        return model.network(batch, night)
    return fuse_flipped(model.network(batch, night), model.network(batch.flip(-1), night).flip(-1))


def _as_input(
    model: Model, frames: Sequence[TrueFrame], size: tuple[int, int], protocol: Protocol
) -> tuple[Tensor, Tensor | None]:
    """Frames as a network takes them."""
    small = np.stack([bring_to_size(frame.image, size) for frame in frames])
    batch = torch.from_numpy(small).to(model.device).permute(0, 3, 1, 2).float() / 255
    night = None
    if protocol.condition_known:
        dark = [frame.clip.condition.dark for frame in frames]
        night = torch.tensor(dark, device=model.device)
    return batch, night


def bring_to_size(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize uint8 (H, W, 3) to ``size`` (height, width) as training did: shrinking averages."""
    if image.shape[:2] == size:
        return image
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def focal_ratio(camera: Camera, size: tuple[int, int], trained: Camera) -> float:
    """The factor on metric depth for images of ``camera`` that the network sees at ``size`` (height, width).

    Depth is in proportion to the focal length in pixels of the network's input; ``trained`` is the training
    camera at the training size.
    """
    seen = camera.resized(*size)
    return math.sqrt(seen.fx * seen.fy / (trained.fx * trained.fy))


def resize_depth(depth: Tensor, size: tuple[int, ...]) -> Tensor:
    """Bring predicted depth (B, 1, h, w) [m] to the measurement's size (height, width).

    Depth itself is interpolated, bilinearly and with corners aligned, because the published evaluation does
    so; interpolated inverse depth would give other errors along edges.
    """
    return F.interpolate(depth.float(), size, mode="bilinear", align_corners=True)


def _as_depth(inverse_depth: Tensor, model: Model, frame: TrueFrame) -> np.ndarray:
    # No depth is beyond the clamp, so an inverse depth of 0 may stand for the farthest.
    small = 1 / inverse_depth.clamp(min=SMALLEST_INVERSE_DEPTH)[None]
    depth = resize_depth(small, frame.depth.shape)[0, 0].cpu().numpy()
    if not np.isfinite(depth).all():
        raise UserError(frame.key, f"the prediction of {model.name} is not finite", "its weights are damaged")
    return depth


def _as_scored(depth: np.ndarray, model: Model, frame: TrueFrame, protocol: Protocol) -> np.ndarray:
    if protocol.focal_rescale and frame.camera and model.camera:
        depth = depth * focal_ratio(frame.camera, model.size_for(frame, protocol), model.camera)
    aligned = align(depth, frame.depth, frame.counted, protocol.alignment)
    return aligned.clip(protocol.min_depth, protocol.max_depth).astype(np.float32)
