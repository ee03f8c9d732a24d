"""What a training step gets: typed groups of tensors that travel to a device as one."""

from dataclasses import dataclass, field, fields
from typing import Self

import torch
from torch import Tensor

from acdepth.core.condition import Condition


@dataclass(frozen=True)
class Tensors:
    """A typed group of tensors that travels to a device as one."""

    def to(self, device: torch.device | str, non_blocking: bool = True) -> Self:
        """The same group on ``device``, and the groups in it; what is None stays so."""
        parts = {one.name: getattr(self, one.name) for one in fields(self)}
        moved = {
            name: part if part is None else part.to(device, non_blocking=non_blocking)
            for name, part in parts.items()
        }
        return type(self)(**moved)


@dataclass(frozen=True)
class TripletBatch(Tensors):
    """Target frames with their neighbours: what self-supervision needs."""

    image: Tensor
    """(B, 3, H, W) float in 0..1."""
    neighbours: Tensor
    """(B, N, 3, H, W) float in 0..1; N = 2: previous, next."""
    intrinsics: Tensor
    """(B, 3, 3) float [px]."""
    distance: Tensor
    """(B, N) float [m]: true length of the motion to each neighbour; NaN where unknown."""
    counted: Tensor | None = None
    """(B, 1, H, W) bool: False where ``image`` shows the vehicle itself; None where all pixels count."""


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
    counted: Tensor | None = field(default=None, kw_only=True)
    """(B, 1, H, W) bool: False where images show the vehicle itself; None where all pixels count."""
    taught: Tensor | None = field(default=None, kw_only=True)
    """(B, 1, H, W) float [1/m]: what a teacher said of ``clear`` that was asked before; None where it is
    asked in the step."""

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
