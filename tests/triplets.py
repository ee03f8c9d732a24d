"""A clip whose depth and motion are known."""

import torch

from acdepth.core.batches import TripletBatch
from acdepth.core.seeding import make_generator

HEIGHT, WIDTH = 64, 64
DEPTH = 20.0
"""Of everything in the clips [m], if the camera moves by one metre a frame."""


def triplets(distance: float = 1.0) -> TripletBatch:
    """A texture that shifts by two pixels from frame to frame, as if the camera moved to the right."""
    coarse = torch.rand(2, 3, 8, 20, generator=make_generator(0))
    wide = torch.nn.functional.interpolate(coarse, (HEIGHT, WIDTH + 4), mode="bilinear")
    previous, image, following = (wide[..., start : start + WIDTH] for start in (0, 2, 4))
    intrinsics = torch.tensor([[40.0, 0.0, 31.5], [0.0, 40.0, 15.5], [0.0, 0.0, 1.0]])
    return TripletBatch(
        image=image,
        neighbours=torch.stack([previous, following], 1),
        intrinsics=intrinsics.expand(2, 3, 3).clone(),
        distance=torch.full((2, 2), distance),
    )
