"""The target as its neighbours should see it, if depth and motion are right."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.geometry.warp import warp


def synthesise_views(
    batch: TripletBatch,
    inverse_depths: Sequence[Float[Tensor, "b 1 _ _"]],
    T_target_to_source: Float[Tensor, "b n 4 4"],
) -> Float[Tensor, "scales n b 3 h w"]:
    """Warp every neighbour into the target with the inverse depth of every scale.

    Each scale is brought to full size with nearest neighbour first, as the reference implementation does.

    Args:
        batch: target, neighbours and intrinsics.
        inverse_depths: one per scale [1/m].
        T_target_to_source: [m].
    """
    size = batch.image.shape[-2:]
    count, scales = batch.neighbours.shape[1], len(inverse_depths)
    full = torch.stack([F.interpolate(inverse, size, mode="nearest") for inverse in inverse_depths])
    # One call for all: (S, N, B) flattened.
    sources = batch.neighbours.transpose(0, 1).expand(scales, -1, -1, -1, -1, -1).flatten(0, 2)
    motions = T_target_to_source.transpose(0, 1).expand(scales, -1, -1, -1, -1).flatten(0, 2)
    intrinsics = batch.intrinsics.expand(scales, count, -1, -1, -1).flatten(0, 2)
    depths = full[:, None].expand(-1, count, -1, -1, -1, -1).flatten(0, 2)
    return warp(sources, depths, intrinsics, motions).unflatten(0, (scales, count, -1))
