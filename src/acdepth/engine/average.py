"""A slow average of what learns, steadier than its last state where learning circles, as adversaries do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


class WeightAverage(nn.Module):
    """The mean of some parameters over about the last 1 / (1 - momentum) steps (Tarvainen and Valpola 2017).

    It holds buffers, which a run's state keeps, and none of the parameters.

    Args:
        learning: the parameters by name.
        momentum: in 0..1.
        warm_up: above 0, the average of the first n steps is about the mean of the last n / warm_up, so that
            the beginning, where little was learnt, is soon forgotten.
    """

    count: torch.Tensor

    def __init__(self, learning: Mapping[str, nn.Parameter], momentum: float, warm_up: int = 0) -> None:
        super().__init__()
        self.momentum, self.warm_up = momentum, warm_up
        # In a tuple, so that torch sees no second owner of the parameters.
        self.learning = (dict(learning),)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        for name, parameter in learning.items():
            self.register_buffer(_buffer_name(name), parameter.detach().clone())

    @torch.no_grad()
    def follow(self) -> None:
        """Take in what the last step made of the parameters."""
        self.count += 1
        momentum = min(self.momentum, int(self.count) / (int(self.count) + self.warm_up))
        for name, average in self.values().items():
            average.lerp_(self.learning[0][name].detach(), 1 - momentum)

    def values(self) -> dict[str, torch.Tensor]:
        """The average by the parameters' names; the buffers themselves."""
        return {name: self.get_buffer(_buffer_name(name)) for name in self.learning[0]}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The parameters are the average for a while, and then what they were."""
        own = {name: parameter.detach().clone() for name, parameter in self.learning[0].items()}
        self._write(self.values())
        try:
            yield
        finally:
            self._write(own)

    @torch.no_grad()
    def _write(self, values: Mapping[str, torch.Tensor]) -> None:
        for name, parameter in self.learning[0].items():
            parameter.copy_(values[name])


def _buffer_name(name: str) -> str:
    return name.replace(".", "/")  # buffers must not have dots in their names
