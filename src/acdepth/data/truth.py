"""Images with true depth, for pre-training and nothing else: the method itself never sees measured depth."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from acdepth.core.batches import Tensors
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator


@dataclass(frozen=True)
class TruthBatch(Tensors):
    """Images and their true inverse depth."""

    image: Tensor
    """(B, 3, H, W) float in 0..1."""
    inverse_depth: Tensor
    """(B, 1, H, W) float [1/m]; 0 where there is none: the sky is infinitely far."""


class TruthBatches:
    """Batches of random frames, each a pure function of (seed, step); half of them mirrored.

    Args:
        clips: each frame must have measured depth.
        image_size: (height, width) that images and depth are brought to.
        batch_size: frames per batch.
        seed: of the order, the mirroring and the light.
        rank: of this process.
        world_size: number of processes.
        light: largest factor by which an image's brightness is changed, up or down.

    Raises:
        UserError: if a frame has no depth, or there is no frame.
    """

    def __init__(
        self,
        clips: Iterable[Clip],
        image_size: tuple[int, int],
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        light: float = 1.4,
    ) -> None:
        self.seed, self.light = seed, light
        self.drawn, self.own = batch_size * world_size, slice(rank * batch_size, (rank + 1) * batch_size)
        images, inverse_depths, size = [], [], image_size[::-1]
        for clip in clips:
            for index in range(len(clip)):
                depth = clip.depth(index)
                if depth is None:
                    raise UserError(clip.key(index), "has no measured depth to pre-train on")
                images.append(cv2.resize(clip.image(index), size, interpolation=cv2.INTER_AREA))
                nearest = cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST)
                inverse_depth = np.where(nearest > 0, 1 / np.maximum(nearest, 1e-3), 0)
                inverse_depths.append(inverse_depth.astype(np.float16))
        if not images:
            remedy = "make some with acdepth world make"
            raise UserError(None, "no frame with measured depth to pre-train on", remedy)
        self.images, self.inverse_depths = np.stack(images), np.stack(inverse_depths)

    def batch(self, step: int) -> TruthBatch:
        """The batch of one step: this process's rows of what all draw alike."""
        generator = make_generator(self.seed, "truth", step)
        chosen = torch.randint(len(self.images), (self.drawn,), generator=generator).numpy()[self.own]
        image = torch.from_numpy(self.images[chosen]).permute(0, 3, 1, 2).float().div_(255)
        inverse_depth = torch.from_numpy(self.inverse_depths[chosen]).float()[:, None]
        mirrored = torch.rand(self.drawn, generator=generator)[self.own] < 0.5
        image[mirrored] = image[mirrored].flip(-1)
        inverse_depth[mirrored] = inverse_depth[mirrored].flip(-1)
        exponent = torch.rand(self.drawn, 1, 1, 1, generator=generator)[self.own] * 2 - 1
        return TruthBatch((image * self.light**exponent).clamp(0, 1), inverse_depth)
