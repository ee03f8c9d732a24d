"""Rigid motions: six numbers to a 4x4 matrix."""

import torch
from jaxtyping import Float
from torch import Tensor


def pose_matrix(vector: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 4 4"]:
    """Rigid motion of a pose vector: tx ty tz [m], rx ry rz [rad]; R = Rx @ Ry @ Rz.

    Points are columns: point_out = T @ point_in.
    """
    translation, (rx, ry, rz) = vector[..., :3], vector[..., 3:].unbind(-1)
    rotation = _about(0, rx) @ _about(1, ry) @ _about(2, rz)
    top = torch.cat([rotation, translation[..., None]], -1)
    bottom = torch.zeros_like(top[..., :1, :])
    bottom[..., 3] = 1
    return torch.cat([top, bottom], -2)


def _about(axis: int, angle: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 3 3"]:
    sine, cosine = angle.sin(), angle.cos()
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    entries = {
        0: (one, zero, zero, zero, cosine, -sine, zero, sine, cosine),
        1: (cosine, zero, sine, zero, one, zero, -sine, zero, cosine),
        2: (cosine, -sine, zero, sine, cosine, zero, zero, zero, one),
    }[axis]
    return torch.stack(entries, -1).unflatten(-1, (3, 3))
