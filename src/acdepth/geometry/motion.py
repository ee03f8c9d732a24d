"""Motion between frames: a pose vector as a matrix, and the length of motion in metres, given or compared."""

import torch
from jaxtyping import Float
from torch import Tensor


def pose_matrix(vector: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 4 4"]:
    """Rigid motion of a pose vector: tx ty tz [m], rx ry rz [rad]; R = Rx @ Ry @ Rz; points are columns."""
    translation, (rx, ry, rz) = vector[..., :3], vector[..., 3:].unbind(-1)
    rotation = _about(0, rx) @ _about(1, ry) @ _about(2, rz)
    top = torch.cat([rotation, translation[..., None]], -1)
    bottom = torch.zeros_like(top[..., :1, :])
    bottom[..., 3] = 1
    return torch.cat([top, bottom], -2)


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
    top = torch.cat([T_target_to_source[..., :3, :3], scaled[..., None]], -1)
    return torch.cat([top, T_target_to_source[..., 3:, :]], -2)


def velocity_loss(
    T_target_to_source: Float[Tensor, "b n 4 4"], distance: Float[Tensor, "b n"]
) -> Float[Tensor, "b n"]:
    """L_v: difference between predicted and true length of motion [m], which makes depth metric.

    0 where ``distance`` [m] is NaN, because it is not known.
    """
    length = T_target_to_source[..., :3, 3].norm(dim=-1)
    return (length - distance.nan_to_num()).abs() * ~distance.isnan()


def _about(axis: int, angle: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 3 3"]:
    sine, cosine = angle.sin(), angle.cos()
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    entries = {
        0: (one, zero, zero, zero, cosine, -sine, zero, sine, cosine),
        1: (cosine, zero, sine, zero, one, zero, -sine, zero, cosine),
        2: (cosine, -sine, zero, sine, cosine, zero, zero, zero, one),
    }[axis]
    return torch.stack(entries, -1).unflatten(-1, (3, 3))
