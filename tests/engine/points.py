"""Batches of random points, as many as anyone asks for."""

from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.core.batches import Tensors
from acdepth.core.seeding import make_generator


@dataclass(frozen=True)
class Points(Tensors):
    x: Tensor


class Source:
    """Batches of any size out of one endless row, as `Order` gives them."""

    def __init__(self, batch_size: int = 2, dies_at: int | None = None) -> None:
        self.batch_size, self.dies_at = batch_size, dies_at

    def batch(self, step: int) -> Points:
        if step == self.dies_at:
            raise KeyboardInterrupt
        first = step * self.batch_size
        rows = [torch.randn(3, generator=make_generator(0, first + row)) for row in range(self.batch_size)]
        return Points(torch.stack(rows))
