"""Rigid motions: six numbers to a 4x4 matrix."""

import torch
from torch import Tensor


def pose_matrix(vector: Tensor) -> Tensor:
    """Rigid motion of a pose vector.

    Args:
        vector: (..., 6): tx ty tz [m], rx ry rz [rad]; R = Rx @ Ry @ Rz.

    Returns:
        (..., 4, 4) with points as columns: point_out = T @ point_in.
    """
    translation, (rx, ry, rz) = vector[..., :3], vector[..., 3:].unbind(-1)
    rotation = _about(0, rx) @ _about(1, ry) @ _about(2, rz)
    top = torch.cat([rotation, translation[..., None]], -1)
    bottom = torch.zeros_like(top[..., :1, :])
    bottom[..., 3] = 1
    return torch.cat([top, bottom], -2)


def _about(axis: int, angle: Tensor) -> Tensor:
    sine, cosine = angle.sin(), angle.cos()
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    entries = {
        0: (one, zero, zero, zero, cosine, -sine, zero, sine, cosine),
        1: (cosine, zero, sine, zero, one, zero, -sine, zero, cosine),
        2: (cosine, -sine, zero, sine, cosine, zero, zero, zero, one),
    }[axis]
    return torch.stack(entries, -1).unflatten(-1, (3, 3))
