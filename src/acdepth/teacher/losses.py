"""Smoothness of depth, which monodepth2 and ACDepth (section 3.2) ask for beside photometric consistency."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def smoothness_loss(inverse_depths: Sequence[Tensor], image: Tensor) -> Tensor:
    """L_e: gradients of mean-normalised inverse depth where the image has none, averaged over the scales.

    Args:
        inverse_depths: (B, 1, h, w) each [1/m]; each is brought to full size with nearest neighbour and its
            loss divided by 2^scale.
        image: (B, 3, H, W) float in 0..1.

    Returns:
        Scalar.
    """
    edge_x, edge_y = (torch.exp(-gradient.abs().mean(1, keepdim=True)) for gradient in _gradients(image))
    total = image.new_zeros(())
    for scale, inverse_depth in enumerate(inverse_depths):
        full = F.interpolate(inverse_depth, image.shape[-2:], mode="nearest")
        normalised = full / full.mean((2, 3), keepdim=True).clamp(min=1e-6)
        change_x, change_y = _gradients(normalised)
        smoothness = (change_x.abs() * edge_x).mean() + (change_y.abs() * edge_y).mean()
        total = total + smoothness / 2**scale
    return total / len(inverse_depths)


def _gradients(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[..., :, :-1] - image[..., :, 1:], image[..., :-1, :] - image[..., 1:, :]
