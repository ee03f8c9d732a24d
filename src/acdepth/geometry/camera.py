"""Pinhole intrinsics as matrices."""

import torch
from torch import Tensor


def inverse_intrinsics(intrinsics: Tensor) -> Tensor:
    """The inverse of (B, 3, 3) pinhole matrices without skew, in closed form: exact where a solver is not."""
    fx, fy = intrinsics[:, 0, 0], intrinsics[:, 1, 1]
    inverse = torch.zeros_like(intrinsics)
    inverse[:, 0, 0], inverse[:, 1, 1], inverse[:, 2, 2] = 1 / fx, 1 / fy, 1
    inverse[:, 0, 2], inverse[:, 1, 2] = -intrinsics[:, 0, 2] / fx, -intrinsics[:, 1, 2] / fy
    return inverse
