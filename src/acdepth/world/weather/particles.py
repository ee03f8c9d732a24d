"""What falls between the lens and the street, and what clings to the lens."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from acdepth.core.seeding import make_generator

PATCH = 13  # samples along a particle


def fall(
    picture: Tensor,
    generator: torch.Generator,
    count: int,
    length: float,
    width: tuple[float, float],
    opacity: float,
    brightness: float,
) -> Tensor:
    """Draw ``count`` blurred streaks or flakes over a picture (H, W, 3) in 0..1.

    Sizes are in pixels of an image 160 wide: ``length`` of a streak beyond its width, ``width`` the least and
    the greatest radius, as most are far away and small. ``opacity`` is that of the most opaque one.
    """
    height, columns = picture.shape[:2]
    scale = columns / 160
    draws = torch.rand(count, 6, generator=generator)
    radius = (width[0] + (width[1] - width[0]) * draws[:, 0] ** 4) * scale
    reach = length * (0.4 + draws[:, 1]) * radius / radius.mean()
    angle = 0.12 * (draws[0, 5] - 0.5) + 0.1 * (draws[:, 2] - 0.5)
    alpha = opacity * (0.35 + 0.65 * draws[:, 3]) * (width[0] * scale / radius).clamp(max=1) ** 0.5
    steps = torch.linspace(-0.5, 0.5, PATCH)
    x = draws[:, 4, None] * columns + angle.sin()[:, None] * reach[:, None] * steps * scale
    y = draws[:, 5, None] * height + angle.cos()[:, None] * reach[:, None] * steps * scale
    cover = _splat(x, y, radius[:, None], alpha[:, None], height, columns)
    cover = cover.to(picture.device)[..., None]
    return picture * (1 - cover) + brightness * cover


def _splat(x: Tensor, y: Tensor, radius: Tensor, alpha: Tensor, height: int, width: int) -> Tensor:
    """Opacity (H, W) of soft discs at (x, y) [px]; overlapping ones do not exceed the most opaque."""
    side = 2 * math.ceil(2 * radius.max().item()) + 1
    grid = torch.arange(side) - side // 2
    left, top = x.round()[..., None, None], y.round()[..., None, None]
    columns, rows = left + grid, top + grid[:, None]
    squared = (columns - x[..., None, None]) ** 2 + (rows - y[..., None, None]) ** 2
    soft = alpha[..., None, None] * torch.exp(-squared / (2 * (0.5 * radius[..., None, None]) ** 2 + 0.08))
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    index = (rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)).long()
    flat = torch.zeros(height * width)
    flat.scatter_reduce_(0, index.flatten(), (soft * inside).flatten(), "amax")
    return flat.reshape(height, width).clamp(max=1)


def lens_drops(picture: Tensor, seed: int, condition: str, frame: int, count: int) -> Tensor:
    """Drops on the lens that refract the picture (H, W, 3) upside down, come, stay for a while and go."""
    height, width = picture.shape[:2]
    draws = torch.rand(count, 5, generator=make_generator(seed, "world", condition, "drops"))
    life = 18 + 50 * draws[:, 0]
    age = (frame + 200 * draws[:, 1]) % life
    present = age < 0.75 * life
    radius = (0.01 + 0.03 * draws[:, 2] ** 3) * width * (age / 3).clamp(max=1) * present
    x, y = draws[:, 3] * width, draws[:, 4] * height + 0.01 * height * age * (draws[:, 2] > 0.8)
    columns, rows = torch.arange(width) + 0.0, torch.arange(height)[:, None] + 0.0
    u = (columns - x[:, None, None]) / radius.clamp(min=0.5)[:, None, None]
    v = (rows - y[:, None, None]) / (1.15 * radius.clamp(min=0.5))[:, None, None]
    reach = u * u + v * v
    inside = ((1.15 - reach) * 1.8).clamp(0, 1) * present[:, None, None]
    cover, which = inside.max(0)
    safe = radius.clamp(min=0.5)[which]
    u, v = (columns - x[which]) / safe, (rows - y[which]) / (1.15 * safe)
    # A drop is a short lens: it shows a wide, inverted view of what lies around it.
    bent_x = (x[which] - u * 0.13 * width) / (width - 1) * 2 - 1
    bent_y = (y[which] - v * 0.13 * width) / (height - 1) * 2 - 1
    places = torch.stack([bent_x, bent_y], -1)[None].to(picture.device)
    blurred = picture.permute(2, 0, 1)[None]
    for _ in range(2):
        blurred = functional.avg_pool2d(blurred, 5, 1, 2, count_include_pad=False)
    bent = functional.grid_sample(blurred, places, padding_mode="reflection", align_corners=True)
    rim = (1 - 0.2 * (u * u + v * v).clamp(0, 1) ** 2)[..., None].to(picture.device)
    cover = (0.85 * cover)[..., None].to(picture.device)
    return picture * (1 - cover) + bent[0].permute(1, 2, 0) * rim * cover
