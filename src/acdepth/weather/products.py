"""Blurs and their way back as products with narrow bands of matrices: few and large calls, as for GPUs."""

import math

import torch
from torch import Tensor

BLOCK = 48
"""Rows or columns that are computed together: more only multiply by more zeros of the band."""
REACH = 2.5
"""Standard deviations to which a blur reaches."""
LEAST_BLUR = 0.2
"""[px]; narrower ones change nothing."""


def shrunk(image: Tensor, sigma: float, step: int, axis: int) -> Tensor:
    """Blur (C, H, W) along an axis, at the middles of groups of ``step`` pixels."""
    # Enlarging blurs too, by a deviation of step / sqrt(6).
    sigma = math.sqrt(sigma**2 - step**2 / 6) if step > 1 else sigma
    if sigma < LEAST_BLUR:
        return image
    reach = max(1, math.ceil(REACH * sigma))
    outputs = -(-image.shape[axis] // step)
    block = min(BLOCK, outputs)
    first = (step - 1) // 2 - reach
    places = torch.arange((block - 1) * step + 2 * reach + 2, device=image.device) + first
    middles = torch.arange(block, device=image.device) * step + (step - 1) / 2
    away = places - middles[:, None]
    band = torch.exp(-0.5 * (away / sigma) ** 2) * (away.abs() <= reach)
    return _multiply(image, band / band.sum(1, keepdim=True), first, block * step, outputs, axis)


def enlarged(small: Tensor, step: int, outputs: int, axis: int) -> Tensor:
    """Bilinear along an axis, to ``outputs`` pixels, of which each of (C, h, w) stands for ``step``."""
    if step == 1:
        return small
    block = step * max(1, BLOCK // step)
    places = (torch.arange(block, device=small.device) + 0.5) / step - 0.5
    around = torch.arange(-1, block // step + 1, device=small.device)
    band = (1 - (places[:, None] - around).abs()).clamp_min(0)
    return _multiply(small, band, -1, block // step, outputs, axis)


def _multiply(image: Tensor, band: Tensor, first: int, advance: int, outputs: int, axis: int) -> Tensor:
    """Each block of outputs along an axis of (C, H, W) is ``band`` (block, K) times a window of K inputs.

    The window of the first block begins at input ``first``, of each next ``advance`` later; at the border the
    mean is of what is inside.
    """
    block, wide = band.shape
    inputs, image = image.shape[axis], image.contiguous()
    height, width = image.shape[-2:]
    made = image.new_empty(len(image), *((height, outputs) if axis == -1 else (outputs, width)))
    for number, begin in enumerate(range(0, outputs, block)):
        start = first + number * advance
        low, high = max(start, 0), min(start + wide, inputs)
        rows = band[: outputs - begin]
        inside = rows[:, low - start : high - start]
        if high - low < wide:
            inside = inside / inside.sum(1, keepdim=True)
        end = begin + len(rows)
        # Written where it belongs: products of whole stacks would be copied.
        if axis == -1:
            lines, made_lines = image.view(-1, width), made.view(-1, outputs)
            torch.mm(lines[:, low:high], inside.T, out=made_lines[:, begin:end])
        else:
            for channel, made_channel in zip(image, made, strict=True):
                torch.mm(inside, channel[low:high], out=made_channel[begin:end])
    return made
