"""Small random draws from a named seed, so that every part of a town has its own stream."""

from collections.abc import Sequence
from typing import TypeVar

import torch

from acdepth.core.seeding import make_generator

T = TypeVar("T")


class Dice:
    """Draws plain numbers from ``make_generator(seed, *names)``; the state lives in this object alone."""

    def __init__(self, seed: int, *names: str | int) -> None:
        self.generator = make_generator(seed, "world", *names)

    def uniform(self, low: float, high: float) -> float:
        """A number evenly drawn from [low, high)."""
        return low + (high - low) * torch.rand((), generator=self.generator).item()

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform(0.0, 1.0) < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as the other."""
        return options[min(int(self.uniform(0.0, len(options))), len(options) - 1)]

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return min(int(self.uniform(low, high + 1)), high)

    def sign(self) -> int:
        """-1 or 1."""
        return 1 if self.chance(0.5) else -1
