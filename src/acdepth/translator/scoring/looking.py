"""What is seen in images: by the frozen prior, depth, features and distances between pairs; and by judges."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.seeding import make_generator
from acdepth.translator.losses import perceptual_loss
from acdepth.translator.perception import Perception
from acdepth.translator.scoring.pictures import Pictures

NET, PRIOR = "net", "prior"
"""Kinds of judges."""
SIDE = 48
"""Shorter side of the images that networks see [px]. Small: the scene counts and not a file format."""
AT_ONCE = 64

Views = Mapping[str, Tensor]
"""Images as each kind of judge sees them: small, (N, 3, h, w) in 0..1; as the prior's features, (N, 2, D)."""


@dataclass(frozen=True)
class Eye:
    """A frozen prior, where it runs and how many images it takes at a time."""

    perception: Perception
    device: torch.device
    batch_size: int

    def views(self, pictures: Pictures) -> Views:
        """What judges are asked about, or learn from."""
        return {NET: torch.cat(list(_shrunk(pictures))), PRIOR: self.features(pictures)}

    def inverse_depth(self, pictures: Pictures) -> Tensor:
        """(N, 1, H, W) relative inverse depth."""
        return self._each(self.perception.inverse_depth, pictures)

    def features(self, pictures: Pictures) -> Tensor:
        """(N, 2, D): mean and deviation over the places of the backbone's levels, side by side."""
        see = self.perception.features
        return self._each(
            lambda image: torch.cat([torch.stack([x.mean(1), x.std(1)], 1) for x in see(image)], 2), pictures
        )

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


def _shrunk(pictures: Pictures) -> Iterator[Tensor]:
    """Batches (B, 3, H, W) with the shorter side `SIDE`; averaging, so that nothing flickers."""
    for image in pictures.batches(AT_ONCE):
        height, width = image.shape[-2:]
        scale = SIDE / min(height, width)
        size = (max(SIDE, round(height * scale)), max(SIDE, round(width * scale)))
        yield F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)
