"""Patterns without aliasing: regular ones, exact means over a ray's footprint, and noise in a mip pyramid."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from acdepth.core.seeding import make_generator


def pulse(u: Tensor, period: Tensor | float, start: Tensor | float, stop: Tensor | float, width: Tensor):
    """Share of the window [u - width/2, u + width/2] where (u mod period) lies between start and stop.

    All arguments are lengths [m] that broadcast together, with 0 <= start <= stop <= period.
    """

    def covered(position: Tensor) -> Tensor:
        turns = torch.floor(position / period)
        return turns * (stop - start) + ((position - turns * period).clamp(max=stop) - start).clamp(min=0)

    width = width.clamp(min=1e-3)
    return (covered(u + width / 2) - covered(u - width / 2)) / width


def inside(u: Tensor, start: Tensor | float, stop: Tensor | float, width: Tensor) -> Tensor:
    """Share of the window [u - width/2, u + width/2] that lies between start and stop."""
    width = width.clamp(min=1e-3)
    low = torch.maximum(u - width / 2, torch.as_tensor(start, device=u.device))
    high = torch.minimum(u + width / 2, torch.as_tensor(stop, device=u.device))
    return ((high - low) / width).clamp(0, 1)


def fade(footprint: Tensor, size: Tensor | float) -> Tensor:
    """1 where a detail of the given size [m] is resolved, down to 0 where a ray covers all of it."""
    return (1.5 - footprint / size).clamp(0, 1)


def hash01(*keys: Tensor) -> Tensor:
    """A number in [0, 1) that looks random for each tuple of whole-number keys (any integer dtype)."""
    mixed = torch.zeros((), dtype=torch.int64, device=keys[0].device)
    for key, factor in zip(keys, (73856093, 19349663, 83492791, 49979687), strict=False):
        mixed = mixed ^ (key.to(torch.int64) * factor)
    mixed = (mixed & 0x7FFFFFFF) * 1103515245 + 12345
    mixed = ((mixed >> 13) ^ mixed) & 0x7FFFFFFF
    mixed = mixed * 69069 + 1
    return ((mixed >> 9) & 0xFFFF).to(torch.float32) / 65536.0


def mix(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Blend (N, 3) colours by a share (N,) of the second."""
    return first + (second - first) * share[:, None]


_SIDE = 512
_LEVELS = 8


def _octaves(persistence: float, generator: torch.Generator) -> Tensor:
    """One (side, side) tile of noise with zero mean and unit variance; every octave wraps around."""
    tile = torch.zeros(_SIDE, _SIDE)
    amplitude, cells = 1.0, 4
    while cells <= _SIDE:
        lattice = torch.randn(1, 1, cells, cells, generator=generator)
        padded = functional.pad(lattice, (2, 2, 2, 2), mode="circular")
        scale = _SIDE // cells
        grown = functional.interpolate(padded, scale_factor=scale, mode="bicubic", align_corners=False)
        tile += amplitude * grown[0, 0, 2 * scale : -2 * scale, 2 * scale : -2 * scale]
        amplitude, cells = amplitude * persistence, cells * 2
    return (tile - tile.mean()) / tile.std()


@lru_cache(maxsize=4)
def _pyramid(device: str) -> tuple[Tensor, Tensor]:
    """All levels as rows (texels, 4 channels), and the row at which each level starts."""
    generator = make_generator(0, "world", "noise")
    tile = torch.stack([_octaves(persistence, generator) for persistence in (0.85, 0.7, 0.55, 0.85)])
    levels, starts, rows = [], [], 0
    for _ in range(_LEVELS):
        starts.append(rows)
        levels.append(tile.flatten(1).T)
        rows += tile.shape[1] * tile.shape[2]
        tile = functional.avg_pool2d(tile[None], 2)[0]
    return torch.cat(levels).contiguous().to(device), torch.tensor(starts, device=device)


def _bilinear(texels: Tensor, starts: Tensor, u: Tensor, v: Tensor, level: Tensor) -> Tensor:
    """Sample one level per point; u, v in tile widths. Sides are powers of two: masks wrap around."""
    side = torch.bitwise_right_shift(torch.full_like(level, _SIDE), level)
    start = starts[level]
    x, y = u * side - 0.5, v * side - 0.5
    left, top = x.floor(), y.floor()
    right_share, lower_share = (x - left)[:, None], (y - top)[:, None]
    mask = side - 1
    column, row = left.to(torch.int64) & mask, (top.to(torch.int64) & mask) * side
    next_column = (column + 1) & mask
    next_row = (row + side) & (side * side - 1)
    upper, lower = start + row, start + next_row
    first = torch.lerp(texels[upper + column], texels[upper + next_column], right_share)
    second = torch.lerp(texels[lower + column], texels[lower + next_column], right_share)
    return torch.lerp(first, second, lower_share)


def sample_noise(u: Tensor, v: Tensor, tile_size: float, footprint: Tensor) -> Tensor:
    """Filtered noise at surface coordinates.

    Args:
        u: (N,) first surface coordinate [m]; ``v`` is the second.
        v: (N,).
        tile_size: width of the repeating tile [m]; the finest grain is 1/512 of it.
        footprint: (N,) width that a ray covers on the surface [m]; octaves finer than it fade out.

    Returns:
        (N, 4) independent channels of about zero mean and unit variance when unfiltered, rougher to smoother.
    """
    texels, starts = _pyramid(str(u.device))
    level = torch.log2(footprint * (_SIDE / tile_size)).clamp(0, _LEVELS - 1)
    # Neighbouring rays take turns between the two nearest levels: a pixel's samples average to a smooth
    # transition at half the cost of sampling both.
    turns = torch.arange(len(u), device=u.device) % 4
    level = (level + 0.25 * turns + 0.125).to(torch.int64).clamp(max=_LEVELS - 1)
    return _bilinear(texels, starts, u / tile_size, v / tile_size, level)
