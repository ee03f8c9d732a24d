"""What the frozen prior sees in images: depth, features of the whole, distances between pairs."""

from collections.abc import Callable
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

    def inverse_depth(self, pictures: Pictures) -> Tensor:
        """(N, 1, H, W) relative inverse depth."""
        return self._each(self.perception.inverse_depth, pictures)

    def features(self, pictures: Pictures) -> Tensor:
        """(N, D): the backbone's levels side by side, each the mean over its places."""
        see = self.perception.features
        return self._each(lambda image: torch.cat([level.mean(1) for level in see(image)], 1), pictures)

    def distances(self, pictures: Pictures, partners: Pictures) -> NDArray[np.float64]:
        """(N,) perceptual distance of each image to its partner."""
        see = self.perception.features
        found = self._each(lambda one, two: perceptual_loss(see(one), see(two)), pictures, partners)
        return found.double().numpy()

    @torch.no_grad()
    def _each(self, look: Callable[..., Tensor], *sets: Pictures) -> Tensor:
        """What ``look`` makes of batches of images in -1..1, of one set or of pairs."""
        batches = zip(*(pictures.batches(self.batch_size) for pictures in sets), strict=True)
        return torch.cat(
            [look(*(image.to(self.device) * 2 - 1 for image in batch)).cpu() for batch in batches]
        )


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
