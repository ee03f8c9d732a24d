"""Monodepth's post-processing: a prediction fused with that of the mirrored image (Godard et al. 2017)."""

import torch
from torch import Tensor


def fuse_flipped(inverse_depth: Tensor, flipped: Tensor) -> Tensor:
    """Mean of both, except near the left and right border, where each is bad at another side.

    Args:
        inverse_depth: (B, 1, H, W) [1/m] of the image.
        flipped: (B, 1, H, W) [1/m] of the mirrored image, mirrored back.

    Returns:
        (B, 1, H, W) [1/m].
    """
    width = inverse_depth.shape[-1]
    across = torch.linspace(0, 1, width, device=inverse_depth.device, dtype=inverse_depth.dtype)
    left = 1 - (20 * (across - 0.05)).clamp(0, 1)
    right = left.flip(0)
    mean = 0.5 * (inverse_depth + flipped)
    return right * inverse_depth + left * flipped + (1 - left - right) * mean
