"""Smooth random fields, blurs and light, fast enough to be made anew for every image."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.draws import Draws

LUMA = (0.2126, 0.7152, 0.0722)
"""Parts of linear red, green and blue in luminance (ITU-R BT.709)."""


def luminance(image: Tensor) -> Tensor:
    """Luminance (..., 1, H, W) of linear images (..., 3, H, W)."""
    red, green, blue = image.unbind(-3)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue).unsqueeze(-3)


def smooth_noise(draws: Draws, height: int, width: int, cells: float, octaves: int = 3) -> Tensor:
    """Cloud-like noise (1, H, W) in 0..1, with about ``cells`` blobs across the image."""
    total, weight = torch.zeros(1, 1, height, width, device=draws.device), 0.0
    for octave in range(octaves):
        across = max(2, round(cells * 2**octave))
        grid = draws.rand(1, 1, max(2, round(across * height / width)) + 1, across + 1)
        total += 0.5**octave * F.interpolate(grid, (height, width), mode="bilinear", align_corners=True)
        weight += 0.5**octave
    return total[0] / weight


def blur(image: Tensor, sigma: float, sigma_down: float | None = None) -> Tensor:
    """Gaussian blur of (C, H, W) by ``sigma`` pixels across and ``sigma_down`` (by default the same) down.

    Wide blurs work on a shrunken image, where their result has nothing to lose.
    """
    sigma_down = sigma if sigma_down is None else sigma_down
    height, width = image.shape[-2:]
    across, down = max(1, int(sigma / 2)), max(1, int(sigma_down / 2))
    shrinks = across > 1 or down > 1
    small = F.avg_pool2d(image[None], (down, across), ceil_mode=True) if shrinks else image[None]
    small = _blur_along(small, sigma / across, along_rows=True)
    small = _blur_along(small, sigma_down / down, along_rows=False)
    if shrinks:
        small = F.interpolate(small, scale_factor=(down, across), mode="bilinear", align_corners=False)
    return small[0, :, :height, :width]


def flatten_light(radiance: Tensor, reach: float, floor: float, power: float) -> Tensor:
    """Even out differences of brightness in (3, H, W) that are wider than ``reach``, a part of the width."""
    around = blur(luminance(radiance), reach * radiance.shape[-1])
    return radiance * ((around.mean() + floor) / (around + floor)) ** power


def seen_through(depth: Tensor, visibility: float) -> Tensor:
    """Part of a place's light that is left at its depth (1, H, W) [m]; a twentieth at the visibility [m]."""
    return torch.exp(-3 * depth.clamp_max(120) / visibility)


def _blur_along(image: Tensor, sigma: float, along_rows: bool) -> Tensor:
    if sigma < 0.2:
        return image
    reach = max(1, math.ceil(2.5 * sigma))
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(-reach, reach + 1)]
    axis, total = (-1 if along_rows else -2), sum(weights)
    padded = F.pad(image, (reach, reach, 0, 0) if along_rows else (0, 0, reach, reach), mode="replicate")
    # Shifted sums: on CPUs a convolution of one channel takes ten times as long.
    blurred = torch.zeros_like(image)
    for step, weight in enumerate(weights):
        blurred.add_(padded.narrow(axis, step, image.shape[axis]), alpha=weight / total)
    return blurred


def stamp(points: Tensor, shape: Tensor) -> Tensor:
    """``shape`` (K, K), K odd, put at each point of (1, H, W) and weighted by it, by way of Fourier's sums.

    Shapes are up to a quarter of the picture, where a convolution takes seconds.
    """
    height, width = points.shape[-2:]
    reach = shape.shape[-1] // 2
    size = (height + 2 * reach, width + 2 * reach)
    spectrum = torch.fft.rfft2(points, size) * torch.fft.rfft2(shape, size)
    stamped = torch.fft.irfft2(spectrum, size)[..., reach : reach + height, reach : reach + width]
    return stamped.clamp_min(0)


def to_linear(image: Tensor) -> Tensor:
    """Display values in 0..1 to light, with the usual exponent of 2.2."""
    return image.clamp(0, 1) ** 2.2


def to_display(radiance: Tensor) -> Tensor:
    """Light to display values in 0..1."""
    return radiance.clamp(0, 1) ** (1 / 2.2)
