"""What every translator is: clear images and their depth in, the same streets in other weather out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from acdepth.core.condition import Condition


class Translator(ABC):
    """Makes adverse images of clear ones."""

    conditions: frozenset[Condition]
    """What it can make."""
    name = "the simulation"
    """What people call it in messages."""
    uses_depth = True
    """Whether `translate` needs the depth of the images."""
    rounds_by_batch = False
    """Whether the last bits of an image may depend on how many are computed together."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Plain values that name the method and all that shapes its output: options, hashes of weights."""

    @abstractmethod
    def translate(
        self, image: Tensor, depth: Tensor | None, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """Translate one batch; no image may depend on the others, but for rounding on a GPU.

        Args:
            image: (B, 3, H, W) float in 0..1.
            depth: (B, 1, H, W) [m]; None only where `uses_depth` says that none is needed.
            condition: one of `conditions`.
            generators: B generators on the CPU, one per image.

        Returns:
            (B, 3, H, W) float in 0..1.
        """
