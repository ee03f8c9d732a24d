"""What the frozen prior sees in images: depth, features of the whole, distances between pairs."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.translator.losses import perceptual_loss
from acdepth.translator.perception import Perception
from acdepth.translator.scoring.pictures import Pictures


@dataclass(frozen=True)
class Eye:
    """A frozen prior, where it runs and how many images it takes at a time."""

    perception: Perception
    device: torch.device
    batch_size: int

    @torch.no_grad()
    def inverse_depth(self, pictures: Pictures) -> Tensor:
        """(N, 1, H, W) relative inverse depth."""
        return torch.cat(
            [
                self.perception.inverse_depth(self._ready(image)).cpu()
                for image in pictures.batches(self.batch_size)
            ]
        )

    @torch.no_grad()
    def features(self, pictures: Pictures) -> Tensor:
        """(N, D): the backbone's levels side by side, each the mean over its places."""
        found = [
            torch.cat([level.mean(1) for level in self.perception.features(self._ready(image))], 1).cpu()
            for image in pictures.batches(self.batch_size)
        ]
        return torch.cat(found)

    @torch.no_grad()
    def distances(self, pictures: Pictures, partners: Pictures) -> NDArray[np.float64]:
        """(N,) perceptual distance of each image to its partner."""
        pairs = zip(pictures.batches(self.batch_size), partners.batches(self.batch_size), strict=True)
        found = [
            perceptual_loss(
                self.perception.features(self._ready(image)), self.perception.features(self._ready(partner))
            ).cpu()
            for image, partner in pairs
        ]
        return torch.cat(found).double().numpy()

    def _ready(self, image: Tensor) -> Tensor:
        return image.to(self.device) * 2 - 1


def draw_partners(drives: NDArray[np.int64], seed: int) -> NDArray[np.int64] | None:
    """(N,) for each image the number of one of another drive; None where there is one drive only."""
    if len(np.unique(drives)) < 2:
        return None
    generator = make_generator(seed, "partners")
    partners = []
    for drive in drives:
        others = np.flatnonzero(drives != drive)
        partners.append(others[int(torch.randint(len(others), (1,), generator=generator))])
    return np.array(partners, np.int64)
