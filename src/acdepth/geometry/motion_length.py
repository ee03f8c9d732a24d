"""How long the motion between two frames is, in metres: a known length given to it, or compared with it."""

import torch
from torch import Tensor


def with_length(T_target_to_source: Tensor, distance: Tensor) -> Tensor:
    """The same motions with their translations brought to a known length.

    Args:
        T_target_to_source: (B, N, 4, 4) [m].
        distance: (B, N) [m]; where it is NaN the motion stays as it is.

    Returns:
        (B, N, 4, 4) [m].
    """
    translation = T_target_to_source[..., :3, 3]
    known = ~distance.isnan()
    # A NaN must not enter the division: its gradient would reach the pose network even where it is unused.
    factor = distance.nan_to_num() / translation.norm(dim=-1).clamp(min=1e-6)
    scaled = translation * torch.where(known, factor, 1.0)[..., None]
    return torch.cat(
        [
            torch.cat([T_target_to_source[..., :3, :3], scaled[..., None]], -1),
            T_target_to_source[..., 3:, :],
        ],
        -2,
    )


def velocity_loss(T_target_to_source: Tensor, distance: Tensor) -> Tensor:
    """L_v: difference between predicted and true length of motion, which makes depth metric.

    Args:
        T_target_to_source: (B, N, 4, 4) [m].
        distance: (B, N) [m]; NaN where unknown.

    Returns:
        Scalar [m], the mean over the known ones; 0 if none is known.
    """
    known = ~distance.isnan()
    length = T_target_to_source[..., :3, 3].norm(dim=-1)
    difference = (length - distance.nan_to_num()).abs() * known
    return difference.sum() / known.sum().clamp(min=1)
