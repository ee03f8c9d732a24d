"""Confidence: how far a depth may be off, from how far several answers to the same pixel lie apart, or from a
small network beside the depth network."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.networks.depth_net import DepthOutput
from acdepth.networks.encoders import encoder_channels
from acdepth.networks.settings import ConfidenceHeadConfig, DepthNetConfig

SMOOTHING = 1 / 32
"""Standard deviation of the smoothing, as part of the width. One pixel's answers may agree by chance, a
neighbourhood's hardly; 1/40 to 1/20 rank pixels equally well (docs/protocols.md)."""
LEVELS = 4
"""Encoder levels that are looked at: 1/4 to 1/32; the first, at 1/2, is left out because it costs most."""
SHRINK = 4
"""Sides of the image over those of the finest level that is looked at."""
CUES = 4
"""Log depth, disagreement of the scales, edges of depth, brightness."""
START = 0.1
"""Relative error that the untrained head expects everywhere."""
LEAST_LOG, MOST_LOG = math.log(1e-3), math.log(7.0)
"""Range of the answer: between a thousandth, and as wrong as the depth range allows."""


def confidence_of(log_error: Tensor) -> Tensor:
    """Confidence in 0..1 of an expected error |log depth - log truth|: exp(-error), which falls as it grows.

    It is the smaller over the larger of the two depths: 0.8 expects depth to be off by a factor of 1.25,
    0.5 by a factor of two, 1 by nothing.
    """
    return torch.exp(-log_error)


def disagreement(inverse_depths: Sequence[Tensor]) -> Tensor:
    """How far answers lie apart: largest less smallest log inverse depth, smoothed.

    As an error it is not calibrated: the answers come from one network, and are wrong together where it knows
    no better.

    Args:
        inverse_depths: answers (B, 1, h, w) [1/m], such as the network's scales, the finest first; those to
            the mirror image, mirrored back, may follow.

    Returns:
        (B, 1, H, W) of the finest's size, not negative.
    """
    finest, *others = (one.float() for one in inverse_depths)
    size = finest.shape[-2:]
    enlarged = [F.interpolate(one, size, mode="bilinear", align_corners=False) for one in others]
    stacked = torch.stack([finest, *enlarged]).log()
    return smoothed(stacked.amax(0) - stacked.amin(0), SMOOTHING * size[1])


def smoothed(values: Tensor, sigma: float) -> Tensor:
    """Blur (B, 1, H, W) by a Gaussian of ``sigma`` pixels, cut at two of them; borders are repeated."""
    for shape, side in (((1, 1, -1, 1), values.shape[2]), ((1, 1, 1, -1), values.shape[3])):
        reach = min(round(2 * sigma), side - 1)
        offsets = torch.arange(-reach, reach + 1, device=values.device, dtype=values.dtype)
        kernel = torch.exp(-(offsets**2) / (2 * max(sigma, 1e-6) ** 2))
        padding = (0, 0, reach, reach) if shape[2] == -1 else (reach, reach, 0, 0)
        values = F.conv2d(F.pad(values, padding, mode="replicate"), (kernel / kernel.sum()).view(shape))
    return values


class ConfidenceHead(nn.Module):
    """Features and answer of a frozen depth network in, expected error out; 9,000 parameters at width 32."""

    def __init__(self, config: ConfidenceHeadConfig, network: DepthNetConfig) -> None:
        super().__init__()
        self.config = config
        channels = encoder_channels(network)[-LEVELS:]
        self.reduce = nn.ModuleList(nn.Conv2d(coming, config.channels, 1) for coming in channels)
        self.mix = nn.Conv2d(LEVELS * config.channels + CUES, config.hidden, 3, padding=1)
        self.answer = nn.Conv2d(config.hidden, 1, 3, padding=1)
        with torch.no_grad():
            self.answer.weight.mul_(0.1)
        assert self.answer.bias is not None
        nn.init.constant_(self.answer.bias, math.log(START))

    def forward(self, image: Tensor, output: DepthOutput) -> Tensor:
        """Log of the expected error |log depth - log truth| (B, 1, H, W).

        Args:
            image: (B, 3, H, W) in 0..1.
            output: what the depth network says about it.
        """
        size = output.features[-LEVELS].shape[-2:]
        levels = [
            F.interpolate(reduce(features.float()), size, mode="bilinear", align_corners=False)
            for reduce, features in zip(self.reduce, output.features[-LEVELS:], strict=True)
        ]
        x = F.elu(self.mix(torch.cat([*levels, _cues(image, output, self.config.unit)], 1)))
        enlarged = F.interpolate(self.answer(x), image.shape[-2:], mode="bilinear", align_corners=False)
        return enlarged.clamp(LEAST_LOG, MOST_LOG)


def _cues(image: Tensor, output: DepthOutput, unit: float) -> Tensor:
    """(B, CUES, H / 4, W / 4), each of the order of 1."""
    log_depth = -output.inverse_depths[0].float().log()
    edges = F.max_pool2d(log_depth, 3, 1, 1) + F.max_pool2d(-log_depth, 3, 1, 1)
    apart = disagreement(output.inverse_depths)
    brightness = image.float().mean(1, keepdim=True)
    cues = torch.cat(
        [log_depth - (2 + math.log(unit)), apart.clamp_min(1e-3).log() + 2, 4 * edges, 4 * brightness - 1], 1
    )
    return F.avg_pool2d(cues, SHRINK)
