"""Gaussian blurs, wide ones on few pixels, and back.

On a CPU by OpenCV, whose filters keep rows in registers: a tenth of the time that torch takes in any way. On
other devices by products of matrices. Both give the same to a hundredth of what they blur.
"""

import math

import torch.nn.functional as F
from torch import Tensor

from acdepth.weather import filters, products
from acdepth.weather.products import LEAST_BLUR, REACH


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
    down = products.shrunk(image, sigma_down, steps[0], -2)
    return products.shrunk(down, sigma, steps[1], -1), steps


def enlarge(small: Tensor, steps: tuple[int, int], size: tuple[int, ...]) -> Tensor:
    """Bilinear, (C, h, w) to (C, H, W), where each pixel stands for ``steps`` rows and columns.

    The last rows and columns may lack some of theirs, or be those of a group that was left out.
    """
    if steps == (1, 1):
        return small
    if small.device.type == "cpu":
        large = filters.enlarged(small, steps)
        down, across = (max(0, most - has) for most, has in zip(size, large.shape[-2:], strict=True))
        if down or across:
            large = F.pad(large[None], (0, across, 0, down), mode="replicate")[0]
        return large[..., : size[0], : size[1]]
    across = products.enlarged(small, steps[1], size[1], -1)
    return products.enlarged(across, steps[0], size[0], -2)


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
