"""How long the motion between two frames is, in metres: a known length given to it, or compared with it."""

import torch
from jaxtyping import Float
from torch import Tensor


def with_length(
    T_target_to_source: Float[Tensor, "b n 4 4"], distance: Float[Tensor, "b n"]
) -> Float[Tensor, "b n 4 4"]:
    """The same motions [m] with their translations brought to a known length.

    Where ``distance`` [m] is NaN the motion stays as it is.
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


def velocity_loss(
    T_target_to_source: Float[Tensor, "b n 4 4"], distance: Float[Tensor, "b n"]
) -> Float[Tensor, "b n"]:
    """L_v: difference between predicted and true length of motion [m], which makes depth metric.

    0 where ``distance`` [m] is NaN, because it is not known.
    """
    length = T_target_to_source[..., :3, 3].norm(dim=-1)
    return (length - distance.nan_to_num()).abs() * ~distance.isnan()
