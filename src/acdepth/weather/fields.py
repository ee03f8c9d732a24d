"""Smooth random fields and light, fast enough to be made anew for every image."""

import torch
from torch import Tensor

from acdepth.weather.bands import bands
from acdepth.weather.blurs import enlarge, shrunk_blur
from acdepth.weather.draws import Draws

LUMA = (0.2126, 0.7152, 0.0722)
"""Parts of linear red, green and blue in luminance (ITU-R BT.709)."""


def luminance(image: Tensor) -> Tensor:
    """Luminance (..., 1, H, W) of linear images (..., 3, H, W)."""
    red, green, blue = image.unbind(-3)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue).unsqueeze(-3)


def smooth_noise(draws: Draws, height: int, width: int, cells: float, octaves: int = 3) -> Tensor:
    """Cloud-like noise (1, H, W) in 0..1, with about ``cells`` blobs across the image.

    Octaves are grids of random values with bilinear values between. All are enlarged by one product.
    """
    downs, acrosses, weight = [], [], 0.0
    for octave in range(octaves):
        across = max(2, round(cells * 2**octave)) + 1
        down = max(2, round((across - 1) * height / width)) + 1
        grid = draws.rand(1, 1, down, across)[0, 0]
        downs.append(_between(down, height, draws.device))
        acrosses.append(0.5**octave * grid @ _between(across, width, draws.device).T)
        weight += 0.5**octave
    return (torch.cat(downs, 1) @ torch.cat(acrosses)).unsqueeze(0) / weight


def flattening(gray: Tensor, reach: float, floor: float, power: float) -> Tensor:
    """Factor (1, H, W) that evens out differences of luminance (1, H, W) wider than ``reach``, a part of the
    width."""
    around, steps = shrunk_blur(gray, reach * gray.shape[-1])
    return enlarge(((around.mean() + floor) / (around + floor)) ** power, steps, gray.shape[-2:])


def paled(radiance: Tensor, gray: Tensor, part: float) -> Tensor:
    """(3, H, W) with a part of its colour gone, given its luminance (1, H, W)."""
    return torch.lerp(radiance, gray.expand_as(radiance), part)


def part_below(values: Tensor, part: float) -> Tensor:
    """The value () below which a part of (N,) lies; on no device must anything be waited for."""
    return values.kthvalue(1 + round(part * (len(values) - 1))).values


def sample(image: Tensor) -> Tensor:
    """Pixels spread evenly over (C, H, W), a ninth of a small one, some 25,000 of a large one."""
    step = max(3, round(image.shape[-1] / 213))
    return image[:, ::step, ::step]


def seen_through(depth: Tensor, visibility: float) -> Tensor:
    """Part of a place's light that is left at its depth (1, H, W) [m]; a twentieth at the visibility [m]."""
    return (depth.clamp_max(120) * (-3 / visibility)).exp_()


def scattered_points(draws: Draws, height: int, width: int, density: float) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, columns and weights in 0..1 (N,) of points, ``density`` of them a pixel."""
    rows, columns, weights = draws.rand(3, round(density * height * width))
    return (rows * height).long(), (columns * width).long(), weights


def add_at(picture: Tensor, places: Tensor, light: Tensor) -> None:
    """Add light to pixels of (1, H, W), given their numbers; the same pixel may come often.

    Each sum is made in one order on every device, and so rounded alike: on GPUs `index_add_` goes any way,
    and on CPUs `index_put_` does.
    """
    pixels = picture.view(-1)
    if picture.device.type == "cpu":
        pixels.index_add_(0, places.flatten(), light.flatten())
    else:
        pixels.index_put_((places.flatten(),), light.flatten(), accumulate=True)


def to_linear(image: Tensor) -> Tensor:
    """Display values in 0..1 to light, with the usual exponent of 2.2."""
    light = torch.empty_like(image)
    for rows in bands(image):
        light[..., rows, :] = powered(image[..., rows, :].clamp(0, 1), 2.2)
    return light


def to_display(radiance: Tensor) -> Tensor:
    """Light to display values in 0..1."""
    return powered(radiance.clamp(0, 1), 1 / 2.2)


def powered(values: Tensor, exponent: float) -> Tensor:
    """``values ** exponent`` of values above or at 0; written into them, at a third of the time on CPUs."""
    return values.log_().mul_(exponent).exp_()


def running_max(values: Tensor, axis: int) -> Tensor:
    """The greatest value of (C, H, W) so far along an axis: in as many passes as its length has bits, each
    quicker by far than a look at each pixel in turn."""
    size, step = values.shape[axis], 1
    while step < size:
        further = values.clone()
        later = further.narrow(axis, step, size - step)
        torch.maximum(later, values.narrow(axis, 0, size - step), out=later)
        values, step = further, 2 * step
    return values


def _between(places: int, pixels: int, device: torch.device | str) -> Tensor:
    """Weights (pixels, places) of evenly spaced places, the first and the last at the border pixels."""
    along = torch.linspace(0, places - 1, pixels, device=device)
    return (1 - (along[:, None] - torch.arange(places, device=device)).abs()).clamp_min(0)
