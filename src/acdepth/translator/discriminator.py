"""What tells real from made, and one that needs no weights: convolutions on patches.

A discriminator gives one set of scores per condition, because there is one generator for all of them. Those
on the features of frozen networks are in `feature_discriminators`.
"""

from abc import ABC, abstractmethod
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from acdepth.core.condition import Condition


class Discriminator(nn.Module, ABC):
    """Scores of images, one set per condition."""

    @abstractmethod
    def scores(self, image: Tensor) -> list[Tensor]:
        """Several maps (B, number of conditions, h, w) of an image (B, 3, H, W) in -1..1."""

    def to_device(self, device: torch.device) -> None:
        """Move what is frozen, and therefore no submodule; by default nothing."""

    def forward(self, image: Tensor, condition: Tensor) -> list[Tensor]:
        """How much each image looks like a real one of its condition.

        Args:
            image: (B, 3, H, W) in -1..1.
            condition: (B,) int64: `Condition.index` that each is taken for.

        Returns:
            Maps (B, h, w), any real number; above 0 says real.
        """
        rows = torch.arange(len(image), device=image.device)
        return [score.float()[rows, condition] for score in self.scores(image)]


class PatchDiscriminator(Discriminator):
    """Convolutions that score patches, at full and half size (pix2pix, pix2pixHD).

    It is also told where a patch lies: a camera on a car always sees the road below and the sky above, and
    what is real depends on it, as with the light of headlamps.

    Args:
        width: channels of the first layer.
        scales: sizes of the image that are scored, each half of the one before.
    """

    def __init__(self, width: int = 64, scales: int = 2) -> None:
        super().__init__()
        self.networks = nn.ModuleList(_patch_network(width) for _ in range(scales))

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
