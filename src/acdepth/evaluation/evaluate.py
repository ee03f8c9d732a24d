"""Predict every frame that has truth, and score it: over the image, and per class where classes are known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.errors import UserError
from acdepth.core.sample import Sequence as Footage
from acdepth.core.tally import ReadTally
from acdepth.evaluation.alignment import align
from acdepth.evaluation.flip import fuse_flipped
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.rows import FrameRow

UNSCORED_CLASS = 0
"""Number of the class that means nothing or sky."""

Network = Callable[[Tensor], Tensor]
"""(B, 3, h, w) float in 0..1 -> inverse depth (B, 1, h, w) [1/m]."""


@dataclass(frozen=True)
class Model:
    """A network under evaluation."""

    name: str
    network: Network
    input_size: tuple[int, int]
    """(height, width) that images are brought to [px]."""


def evaluate(
    models: Sequence[Model],
    footage: Sequence[Footage],
    protocol: Protocol,
    advance: Callable[[], object] = lambda: None,
    on_warning: Callable[[str], object] | None = None,
) -> list[FrameRow]:
    """Score every model on every frame with measured depth, reading each frame once.

    Args:
        models: one or more.
        footage: frames without measured depth are left out.
        protocol: range, crop, alignment, flip.
        advance: called once per frame.
        on_warning: told about unreadable frames; more than 1 % stop the evaluation.

    Raises:
        UserError: if no frame has measured depth, or too many cannot be read.
    """
    tally = ReadTally(sum(map(len, footage)), on_warning)
    rows = []
    for sequence in footage:
        for index in range(len(sequence)):
            try:
                image, truth, classes = read_frame(sequence, index)
            except UserError as error:
                tally.skip(error)
                continue
            if truth is not None:
                rows += _score(models, sequence, index, image, truth, classes, protocol)
            advance()
    if not rows:
        raise UserError(
            "no frame has measured depth within the protocol's range; there is nothing to compare"
        )
    return sorted(rows, key=lambda row: [model.name for model in models].index(row.model))


def read_frame(sequence: Footage, index: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Image, depth and classes of one frame.

    Raises:
        UserError: if one is unreadable or they differ in size.
    """
    image, truth, classes = sequence.image(index), sequence.depth(index), sequence.classes(index)
    for name, layer in (("depth", truth), ("class map", classes)):
        if layer is not None and layer.shape != image.shape[:2]:
            raise UserError(
                f"{sequence.key(index)}: its {name} has {layer.shape[1]}x{layer.shape[0]} pixels, the image "
                f"{image.shape[1]}x{image.shape[0]}; make them the same size"
            )
    return image, truth, classes


@torch.inference_mode()
def predict_depth(model: Model, image: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Depth [m] at the image's own size, float32 (H, W).

    The image is brought to the network's size with averaging, inverse depth back with bilinear interpolation.

    Args:
        model: the network.
        image: uint8 (H, W, 3).
        protocol: whether to fuse with the mirrored image.
    """
    height, width = model.input_size
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    batch = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    if protocol.flip:
        seen, mirrored = model.network(torch.cat([batch, batch.flip(-1)])).chunk(2)
        inverse_depth = fuse_flipped(seen, mirrored.flip(-1))
    else:
        inverse_depth = model.network(batch)
    full = F.interpolate(inverse_depth, image.shape[:2], mode="bilinear", align_corners=True)
    return (1 / full)[0, 0].numpy()


def _score(
    models: Sequence[Model],
    sequence: Footage,
    index: int,
    image: np.ndarray,
    truth: np.ndarray,
    classes: np.ndarray | None,
    protocol: Protocol,
) -> Iterator[FrameRow]:
    counted = scored_pixels(truth, protocol)
    if not counted.any():
        return
    for model in models:
        predicted = align(predict_depth(model, image, protocol), truth, counted, protocol.alignment)
        predicted = predicted.clip(protocol.min_depth, protocol.max_depth)
        per_class = {}
        for number, name in enumerate(sequence.class_names):
            if classes is None or number == UNSCORED_CLASS:
                continue
            here = counted & (classes == number)
            if here.any():
                per_class[name] = depth_metrics(predicted[here], truth[here])
        yield FrameRow(
            model=model.name,
            sequence=sequence.name,
            key=sequence.key(index),
            index=index,
            condition=sequence.condition,
            metrics=depth_metrics(predicted[counted], truth[counted]),
            classes=per_class,
        )


def scored_pixels(truth: np.ndarray, protocol: Protocol) -> np.ndarray:
    """(H, W) bool: pixels with truth inside the protocol's range and crop."""
    counted = (truth > protocol.min_depth) & (truth < protocol.max_depth)
    if protocol.crop == "garg":
        height, width = truth.shape
        window = np.zeros_like(counted)
        rows = slice(int(0.40810811 * height), int(0.99189189 * height))
        window[rows, int(0.03594771 * width) : int(0.96405229 * width)] = True
        counted &= window
    return counted
