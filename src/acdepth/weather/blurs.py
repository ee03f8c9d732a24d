"""Gaussian blurs, wide ones on few pixels, and back.

On a CPU by OpenCV, whose filters keep rows in registers: a tenth of the time that torch takes in any way. On
other devices by products with narrow bands of matrices. Both give the same but for rounding.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather import filters

BLOCK = 48
"""Rows or columns that are computed together: more only multiply by more zeros of the band."""
REACH = 2.5
"""Standard deviations to which a blur reaches."""
LEAST_BLUR = 0.2
"""[px]; narrower ones change nothing."""


def blur(image: Tensor, sigma: float, sigma_down: float | None = None) -> Tensor:
    """Gaussian blur of (C, H, W) by ``sigma`` pixels across and ``sigma_down`` (by default the same) down.

    Wide blurs pass through a shrunken image, where their result has nothing to lose.
    """
    small, steps = shrunk_blur(image, sigma, sigma_down)
    return enlarge(small, steps, image.shape[-2:])


def shrunk_blur(
    image: Tensor, sigma: float, sigma_down: float | None = None
) -> tuple[Tensor, tuple[int, int]]:
    """What `blur` gives before it is enlarged, and how many rows and columns each pixel of it stands for."""
    sigma_down = sigma if sigma_down is None else sigma_down
    steps = max(1, int(sigma_down / 2)), max(1, int(sigma / 2))
    if image.device.type == "cpu":
        lines = [_line(one, step) for one, step in zip((sigma_down, sigma), steps, strict=True)]
        small = filters.means(image, steps)
        return (filters.along_both(small, *lines) if max(map(len, lines)) > 1 else small), steps
    return _shrink(_shrink(image, sigma_down, steps[0], -2), sigma, steps[1], -1), steps


def enlarge(small: Tensor, steps: tuple[int, int], size: tuple[int, ...]) -> Tensor:
    """Bilinear, (C, h, w) to (C, H, W), where each pixel stands for ``steps`` rows and columns."""
    if steps == (1, 1):
        return small
    if small.device.type == "cpu":
        return filters.enlarged(small, steps)[..., : size[0], : size[1]]
    return _enlarge(_enlarge(small, steps[1], size[1], -1), steps[0], size[0], -2)


def shrink(image: Tensor, step: int) -> Tensor:
    """Means of squares of (C, H, W), the last of which may lack some of their pixels."""
    if image.device.type == "cpu":
        return filters.means(image, (step, step))
    return F.avg_pool2d(image[None], step, ceil_mode=True)[0]


def sums_down(image: Tensor, length: int) -> Tensor:
    """Sums of columns of (C, H, W) over an odd ``length`` of pixels; 0 lies outside."""
    if image.device.type == "cpu":
        return filters.sums_down(image, length)
    return F.avg_pool2d(image[None], (length, 1), 1, (length // 2, 0))[0].mul_(length)


def _line(sigma: float, step: int) -> list[float]:
    """Weights of a blur along an axis of means of ``step`` pixels, odd in number."""
    # Means blur too, by a deviation of step / sqrt(12), and so does enlarging, by step / sqrt(6).
    sigma = math.sqrt((sigma / step) ** 2 - 1 / 4) if step > 1 else sigma
    if sigma < LEAST_BLUR:
        return [1.0]
    reach = max(1, math.ceil(REACH * sigma))
    line = [math.exp(-0.5 * (place / sigma) ** 2) for place in range(-reach, reach + 1)]
    return [weight / sum(line) for weight in line]


def _shrink(image: Tensor, sigma: float, step: int, axis: int) -> Tensor:
    """Blur along an axis, at the middles of groups of ``step`` pixels."""
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


def _enlarge(small: Tensor, step: int, outputs: int, axis: int) -> Tensor:
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
