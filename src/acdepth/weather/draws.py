"""Random numbers of one image: every draw of its weather comes from here."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class Draws:
    """Plain numbers and tensors from one generator on the CPU, handed to the image's device."""

    def __init__(self, generator: torch.Generator, device: torch.device | str) -> None:
        self.generator, self.device = generator, device

    def uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high``."""
        return low + (high - low) * float(torch.rand(1, generator=self.generator))

    def log_uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high``, each factor equally likely."""
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return int(torch.randint(low, high + 1, (1,), generator=self.generator))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform(0, 1) < probability

    def colour(self, *choices: tuple[float, float, float], spread: float = 0.1) -> Tensor:
        """One of ``choices``, each channel changed by up to ``spread``: (3, 1, 1)."""
        base = torch.tensor(choices[self.integer(0, len(choices) - 1)])
        change = 1 + spread * (2 * torch.rand(3, generator=self.generator) - 1)
        return (base * change).view(3, 1, 1).to(self.device)

    def tensor(self, values: Sequence[object] | float) -> Tensor:
        """Numbers drawn before, float32, on the image's device."""
        return torch.tensor(values, dtype=torch.float32).to(self.device)

    def rand(self, *shape: int) -> Tensor:
        """Uniform in 0..1."""
        return torch.rand(*shape, generator=self.generator).to(self.device)

    def randn(self, *shape: int) -> Tensor:
        """Normal with mean 0 and deviation 1."""
        return torch.randn(*shape, generator=self.generator).to(self.device)
