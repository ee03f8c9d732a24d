"""What tells real from made, with one set of scores per condition, as one generator makes them all.

Here is the one that needs no weights; those on frozen networks are in `feature_discriminators`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from acdepth.core.condition import Condition

SCALES = 2
"""At which patches are scored, each half of the one before."""


class Discriminator(nn.Module, ABC):
    """Scores of images, one set per condition."""

    @abstractmethod
    def scores(self, image: Tensor) -> list[Tensor]:
        """Several maps (B, number of conditions, h, w) of an image (B, 3, H, W) in -1..1."""

    def to_device(self, device: torch.device) -> None:
        """Move what is frozen, and therefore no submodule; by default nothing."""

    def forward(self, image: Tensor, condition: Tensor) -> list[Tensor]:
        """How much each image (B, 3, H, W) in -1..1 looks like a real one of its condition (B,), by index.

        Maps (B, h, w) of any real number; above 0 says real.
        """
        rows = torch.arange(len(image), device=image.device)
        return [score.float()[rows, condition] for score in self.scores(image)]


class PatchDiscriminator(Discriminator):
    """Convolutions that score patches, at full and half size (pix2pix, pix2pixHD).

    It is also told where a patch lies: a camera on a car always sees the road below and the sky above, and
    what is real depends on it, as with the light of headlamps.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.networks = nn.ModuleList(_patch_network(width) for _ in range(SCALES))

    def scores(self, image: Tensor) -> list[Tensor]:
        """One map per scale."""
        found = []
        for network in self.networks:
            found.append(network(torch.cat([image, positions(image)], 1)))
            image = F.avg_pool2d(image, 2)
        return found


def _patch_network(width: int) -> nn.Sequential:
    channels = [5, width, 2 * width, 4 * width]
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(channels[-1], len(Condition), 3, 1, 1)))


def positions(image: Tensor) -> Tensor:
    """(B, 2, H, W): row and column of each pixel in -1..1."""
    rows = torch.linspace(-1, 1, image.shape[-2], device=image.device)
    columns = torch.linspace(-1, 1, image.shape[-1], device=image.device)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(image), -1, -1, -1)


class EarlierImages(nn.Module):
    """Earlier translations, ``size`` per condition, that a discriminator sees again, lest it forgets them.

    New ones take their places at random (Shrivastava et al. 2017). They are buffers, so that a run's state
    keeps them and a resumed run is the same. Of several processes the first one's are kept, and shown by all.
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
        """Keep images (B, 3, H, W) in -1..1 and return them, as long as there is room.

        Then half of them, at random, take the places of earlier ones of their condition (B,), which are
        returned in their stead, as a file of 8 bits has them. The generator is on the CPU.
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
