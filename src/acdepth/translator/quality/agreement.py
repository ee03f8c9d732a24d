"""How much of one image's structure another keeps; pure functions, a number per image."""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.prior.losses import scale_shift_invariant_loss

LUMINANCE = (0.299, 0.587, 0.114)
"""Rec. 601."""
SMALLEST_VARIANCE = 1e-12


def depth_difference(inverse_depth: Tensor, wanted: Tensor) -> Tensor:
    """(B,) mean absolute difference of relative inverse depth, both (B, 1, H, W), after standardising."""
    everywhere = torch.ones_like(wanted, dtype=torch.bool)
    return scale_shift_invariant_loss(inverse_depth, wanted, everywhere).mean((1, 2, 3))


def correlation(ours: Tensor, theirs: Tensor) -> Tensor:
    """(B,) Pearson's correlation over the pixels of (B, 1, H, W): what the best scale and shift leave alike.

    A map without any contrast agrees with nothing: 0.
    """
    ours, theirs = ours.double().flatten(1), theirs.double().flatten(1)
    ours, theirs = ours - ours.mean(1, keepdim=True), theirs - theirs.mean(1, keepdim=True)
    spread = ours.square().mean(1) * theirs.square().mean(1)
    return (ours * theirs).mean(1) / spread.clamp(min=SMALLEST_VARIANCE).sqrt()


def edges(image: Tensor) -> Tensor:
    """(B, 1, H, W) strength of the edges of luminance (Sobel) in an image (B, 3, H, W) in 0..1."""
    weights = torch.tensor(LUMINANCE, device=image.device, dtype=image.dtype).view(1, 3, 1, 1)
    luminance = F.pad((image * weights).sum(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], device=image.device) / 8
    kernel = torch.stack([across, across.T])[:, None].to(image.dtype)
    return F.conv2d(luminance, kernel).square().sum(1, keepdim=True).sqrt()


def edge_agreement(image: Tensor, source: Tensor) -> Tensor:
    """(B,) correlation of edge strength: brightness and contrast of the whole image do not count."""
    return correlation(edges(image), edges(source))


def colour_distance(image: Tensor, truth: Tensor) -> Tensor:
    """(B,) mean absolute difference of two images in 0..1."""
    return (image - truth).abs().mean((1, 2, 3))
