"""Earlier translations that the discriminator sees again, so that it does not forget what it has learnt."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from acdepth.core.condition import Condition


class EarlierImages(nn.Module):
    """Some earlier images of each condition; new ones take their places at random (Shrivastava et al. 2017).

    They are buffers, so that a run's state keeps them and a resumed run is the same. Of several processes the
    first one's are kept, and shown by all.

    Args:
        conditions: whose images come.
        size: images per condition.
        image_size: (height, width) [px].
    """

    images: Tensor
    counts: Tensor

    def __init__(self, conditions: Sequence[Condition], size: int, image_size: tuple[int, int]) -> None:
        super().__init__()
        self.rows = {condition.index: row for row, condition in enumerate(conditions)}
        self.size = size
        # One condition after the other: a fifth dimension would be taken for time where the loop asks for
        # channels last.
        stored = torch.zeros(len(conditions) * size, 3, *image_size, dtype=torch.uint8)
        self.register_buffer("images", stored)
        self.register_buffer("counts", torch.zeros(len(conditions), dtype=torch.int64))

    @torch.no_grad()
    def exchange(self, made: Tensor, condition: Tensor, generator: torch.Generator) -> Tensor:
        """Keep images and return them, as long as there is room. Then half of them, at random, take the
        places of earlier ones of their condition, which are returned in their stead.

        Args:
            made: (B, 3, H, W) in -1..1.
            condition: (B,) `Condition.index` of each.
            generator: on the CPU.

        Returns:
            (B, 3, H, W); earlier ones as a file of 8 bits has them.
        """
        seen = made.clone()
        draws = torch.rand(len(made), 2, generator=generator).tolist()
        for row, (index, (swap, place)) in enumerate(zip(condition.tolist(), draws, strict=True)):
            number = self.rows[index]
            kept, first = int(self.counts[number]), number * self.size
            new = ((made[row].clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
            if kept < self.size:
                self.images[first + kept] = new
                self.counts[number] += 1
            elif swap < 0.5:
                chosen = first + int(place * self.size)
                seen[row] = self.images[chosen].float() / 127.5 - 1
                self.images[chosen] = new
        return seen
