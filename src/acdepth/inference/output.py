"""From what a model says at its own size to depth at the image's: the caller chooses how.

``acdepth predict`` and protocol ``own`` enlarge inverse depth; the published evaluations enlarge depth.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.inference.model import RawDepth

SMALLEST_INVERSE_DEPTH = 1e-6
"""[1/m]; keeps depth finite. No depth that is scored lies beyond it."""


def fused(answer: RawDepth) -> Tensor:
    """Inverse depth (B, 1, h, w) [1/m], fused with that of the mirror image where it was asked for."""
    if answer.mirrored is None:
        return answer.inverse_depth
    return fuse_flipped(answer.inverse_depth, answer.mirrored)


def fuse_flipped(inverse_depth: Tensor, flipped: Tensor) -> Tensor:
    """Monodepth's post-processing (Godard et al. 2017): the mean of the inverse depths (B, 1, H, W) [1/m] of
    the image and of the mirrored image, mirrored back, except near the left and right border, where each is
    bad at another side."""
    width = inverse_depth.shape[-1]
    across = torch.linspace(0, 1, width, device=inverse_depth.device, dtype=inverse_depth.dtype)
    left = 1 - (20 * (across - 0.05)).clamp(0, 1)
    right = left.flip(0)
    mean = 0.5 * (inverse_depth + flipped)
    return right * inverse_depth + left * flipped + (1 - left - right) * mean


def enlarge(values: Tensor, size: tuple[int, ...]) -> Tensor:
    """Bring inverse depth or confidence (B, 1, h, w) to (height, width), bilinearly.

    Inverse depth, unlike depth, may be interpolated across an edge: what lies between is a little too near,
    not halfway to the horizon.
    """
    return F.interpolate(values.float(), size[:2], mode="bilinear", align_corners=False)


def depth_of(inverse_depth: Tensor, size: tuple[int, ...]) -> Tensor:
    """Depth [m] at (height, width) of inverse depth (B, 1, h, w) [1/m], which is what is interpolated."""
    return 1 / enlarge(inverse_depth, size).clamp(min=SMALLEST_INVERSE_DEPTH)


def enlarge_published(values: Tensor, size: tuple[int, ...]) -> Tensor:
    """Bring depth or confidence (B, 1, h, w) to (height, width) as the published evaluations do it:
    bilinearly, with corners aligned."""
    return F.interpolate(values.float(), size[:2], mode="bilinear", align_corners=True)


def depth_of_published(inverse_depth: Tensor, size: tuple[int, ...]) -> Tensor:
    """Depth [m] at (height, width) of inverse depth (B, 1, h, w) [1/m]; depth is what is interpolated."""
    return enlarge_published(1 / inverse_depth.clamp(min=SMALLEST_INVERSE_DEPTH), size)
