"""What a training step gets: typed groups of tensors that travel to a device as one."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Self

import torch
from torch import Tensor

from acdepth.core.condition import Condition


@dataclass(frozen=True)
class Tensors:
    """A typed group of tensors that travels to a device as one.

    Images are bytes, (..., H, W) uint8, until they arrive, and what networks said before is in half
    precision: a quarter and a half of what there is to move.
    """

    def to(self, device: torch.device | str, non_blocking: bool = True) -> Self:
        """The same group on ``device``, and the groups in it; what is None stays so.

        There images are float in 0..1, and all numbers in float32.
        """
        return self._each(lambda part: _arrived(part.to(device, non_blocking=non_blocking)))

    def pin_memory(self) -> Self:
        """The same group in memory that a GPU can fetch without waiting; called by torch's data loader."""
        return self._each(lambda part: part.pin_memory())

    def _each(self, change: Callable[[Any], Any]) -> Self:
        parts = {one.name: getattr(self, one.name) for one in fields(self)}
        changed = {
            name: tuple(map(change, part))
            if isinstance(part, tuple)
            else part
            if part is None
            else change(part)
            for name, part in parts.items()
        }
        return type(self)(**changed)


def _arrived(part: "Tensor | Tensors") -> "Tensor | Tensors":
    if isinstance(part, Tensors) or part.dtype not in (torch.uint8, torch.float16):
        return part
    return part.float().div_(255) if part.dtype == torch.uint8 else part.float()


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
    way: Tensor | None = None
    """(B, 3) float, of length 1: the way that the vehicle drives, in the frame of its camera; NaN where it is
    not known, None where nobody asks."""


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
    taught: tuple[Tensor, ...] | None = field(default=None, kw_only=True)
    """What a teacher said of ``clear`` that was asked before [1/m]: (B, 1, H, W), and where it is one of ours
    its coarser scales; None where it is asked in the step."""
    prior: Tensor | None = field(default=None, kw_only=True)
    """(B, 1, H, W): what the prior said of ``clear``, of any scale in each image; None likewise."""

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
