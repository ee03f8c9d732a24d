"""Confidence: how far a depth may be off, from how far several answers to the same pixel lie apart."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

SMOOTHING = 1 / 32
"""Standard deviation of the smoothing, as part of the width. One pixel's answers may agree by chance, a
neighbourhood's hardly; 1/40 to 1/20 rank pixels equally well (docs/protocols.md)."""


def confidence_of(log_error: Tensor) -> Tensor:
    """Confidence in 0..1 of an expected error |log depth - log truth|: exp(-error), which falls as it grows.

    It is the smaller over the larger of the two depths: 0.8 expects depth to be off by a factor of 1.25,
    0.5 by a factor of two, 1 by nothing.
    """
    return torch.exp(-log_error)


def disagreement(inverse_depths: Sequence[Tensor]) -> Tensor:
    """How far answers lie apart: largest less smallest log inverse depth, smoothed.

    Args:
        inverse_depths: answers (B, 1, h, w) [1/m], such as the network's scales, the finest (B, 1, H, W)
            first; those to the mirror image, mirrored back, may follow.

    Returns:
        (B, 1, H, W), not negative. As an error it is not calibrated: the answers come from one network, and
        are wrong together where it knows no better.
    """
    finest = inverse_depths[0].float()
    size = finest.shape[-2:]
    answers = [finest.log()]
    for one in inverse_depths[1:]:
        answers.append(F.interpolate(one.float(), size, mode="bilinear", align_corners=False).log())
    stacked = torch.stack(answers)
    return smoothed(stacked.amax(0) - stacked.amin(0), SMOOTHING * size[1])


def smoothed(values: Tensor, sigma: float) -> Tensor:
    """Blur (B, 1, H, W) by a Gaussian of ``sigma`` pixels, cut at two of them; borders are repeated."""
    height, width = values.shape[-2:]
    for axis, side in ((2, height), (3, width)):
        reach = min(round(2 * sigma), side - 1)
        offsets = torch.arange(-reach, reach + 1, device=values.device, dtype=values.dtype)
        kernel = torch.exp(-(offsets**2) / (2 * max(sigma, 1e-6) ** 2))
        shape, padding = (
            ((1, 1, -1, 1), (0, 0, reach, reach)) if axis == 2 else ((1, 1, 1, -1), (reach, reach, 0, 0))
        )
        values = F.conv2d(F.pad(values, padding, mode="replicate"), (kernel / kernel.sum()).view(shape))
    return values
