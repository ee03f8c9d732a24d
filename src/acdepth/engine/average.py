"""A slow average of what learns, steadier than its last state where learning circles, as adversaries do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

START = 10
"""After n steps the average is about the mean of the last n / (START - 1), until the momentum makes it longer
than its own: the beginning, where little was learnt, is soon forgotten."""


class WeightAverage(nn.Module):
    """The mean of some parameters over about the last 1 / (1 - momentum) steps (Yazici et al. 2019).

    It holds buffers, which a run's state keeps, and none of the parameters. Of several processes all hold the
    same.

    Args:
        learning: the parameters by name.
        momentum: in 0..1.
    """

    count: torch.Tensor

    def __init__(self, learning: Mapping[str, nn.Parameter], momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        # In a tuple, so that torch sees no second owner of the parameters.
        self.learning = (dict(learning),)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        for name, parameter in learning.items():
            self.register_buffer(_buffer_name(name), parameter.detach().clone())

    @torch.no_grad()
    def follow(self) -> None:
        """Take in what the last step made of the parameters."""
        done = int(self.count)
        momentum = min(self.momentum, (1 + done) / (START + done))
        for name, parameter in self.learning[0].items():
            self.get_buffer(_buffer_name(name)).lerp_(parameter.detach(), 1 - momentum)
        self.count += 1

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The parameters are the average for a while, and then what they were."""
        own = {name: parameter.detach().clone() for name, parameter in self.learning[0].items()}
        self._write({name: self.get_buffer(_buffer_name(name)) for name in own})
        try:
            yield
        finally:
            self._write(own)

    @torch.no_grad()
    def _write(self, values: Mapping[str, torch.Tensor]) -> None:
        for name, parameter in self.learning[0].items():
            parameter.copy_(values[name])


def _buffer_name(name: str) -> str:
    """Buffers must not have dots in their names."""
    return name.replace(".", "/")
