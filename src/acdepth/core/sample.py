"""What flows between the floors: footage on its way in, batches on their way to a training step."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition

WORLD_SOURCE = "acdepth world"
"""What ``sequence.yaml`` of a drive through the built-in world says under ``source``."""


class Sequence(ABC):
    """Consecutive images of one drive, read lazily. Every data set and every video is a list of these.

    Reading may raise `UserError` naming the file; whether one bad frame is skipped or stops a run is
    decided by whoever reads many.
    """

    name: str
    """Unique within its data set and fit for a path, for example ``town_0007/clear``."""
    condition: Condition
    camera: Camera | None
    """Intrinsics of the images as `image` returns them; None where nobody gave any."""
    frame_rate: float | None
    """Images per second."""
    class_names: tuple[str, ...] = ()
    """What the numbers in `classes` mean; empty where there are no classes."""
    style: str | None = None
    """Which look of the built-in world it shows; None for its towns and for all other footage."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def key(self, index: int) -> str:
        """Name of one image relative to its data set, for example ``town_0007/clear/images/000003.png``."""

    @abstractmethod
    def image(self, index: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""

    def is_target(self, index: int) -> bool:
        """Whether the frame is one that training and evaluation are about; the others are neighbours only."""
        return True

    def targets(self) -> list[int]:
        """Numbers of the frames that training and evaluation are about."""
        return [index for index in range(len(self)) if self.is_target(index)]

    def depth(self, index: int) -> np.ndarray | None:
        """Measured depth [m], float32 (H, W), 0 where there is none; None if the frame has no measurement."""
        return None

    def classes(self, index: int) -> np.ndarray | None:
        """Class of each pixel, uint8 (H, W), indices into `class_names`; None where unknown."""
        return None

    def distance(self, index: int, other: int) -> float | None:
        """Metres that the camera moves from frame ``index`` to its neighbour ``other``; None if unknown."""
        return None


@dataclass(frozen=True)
class Tensors:
    """A typed group of tensors that travels to a device as one."""

    def to(self, device: torch.device | str, non_blocking: bool = True) -> Self:
        """The same group on ``device``, and the groups in it."""
        return type(self)(
            **{f.name: getattr(self, f.name).to(device, non_blocking=non_blocking) for f in fields(self)}
        )


@dataclass(frozen=True)
class ClipBatch(Tensors):
    """Target frames with their neighbours: what self-supervision needs."""

    image: Tensor
    """(B, 3, H, W) float in 0..1."""
    neighbours: Tensor
    """(B, N, 3, H, W) float in 0..1; N = 2: previous, next."""
    intrinsics: Tensor
    """(B, 3, 3) float [px]."""
    distance: Tensor
    """(B, N) float [m]: true length of the motion to each neighbour; NaN where unknown."""


def is_night(condition: Tensor) -> Tensor:
    """Which of `Condition.index` (B,) are of the night, as bool."""
    return torch.isin(condition, condition.new_tensor([one.index for one in Condition if one.dark]))


@dataclass(frozen=True)
class MixBatch(Tensors):
    """Clear frames beside what the student sees of them."""

    clear: Tensor
    """(B, 3, H, W) float in 0..1: what teacher and prior see."""
    mixed: Tensor
    """(B, 3, H, W) float in 0..1: the clear frame or its translation."""
    condition: Tensor
    """(B,) int64: `Condition.index` of ``mixed``."""

    @property
    def degraded(self) -> Tensor:
        """(B,) bool: True where ``mixed`` is a translation."""
        return self.condition != Condition.CLEAR.index

    @property
    def night(self) -> Tensor:
        """(B,) bool: True where ``mixed`` was made to be of the night."""
        return is_night(self.condition)


@dataclass(frozen=True)
class LabelledBatch(Tensors):
    """Images of any condition."""

    image: Tensor
    """(B, 3, H, W) float in 0..1."""
    condition: Tensor
    """(B,) int64: `Condition.index` of each image."""


@dataclass(frozen=True)
class UnpairedBatch(Tensors):
    """Clear images beside adverse ones of other streets."""

    clear: Tensor
    """(B, 3, H, W) float in 0..1."""
    adverse: Tensor
    """(B, 3, H, W) float in 0..1; has nothing to do with the clear image of its row."""
    condition: Tensor
    """(B,) int64: `Condition.index` of ``adverse``."""
