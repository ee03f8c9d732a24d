"""Drops of water on the lens: each a tiny wide-angle lens that shows the scene upside down."""

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur

MOST_DROPS = 35


def lens_drops(radiance: Tensor, draws: Draws, severity: float) -> Tensor:
    """Put a random number of drops, often none, in front of (3, H, W)."""
    count = draws.integer(0, round(MOST_DROPS * severity)) if draws.chance(0.7) else 0
    if count == 0:
        return radiance
    _, height, width = radiance.shape
    rows = torch.linspace(-1, 1, height, device=draws.device).view(-1, 1).expand(height, width)
    columns = torch.linspace(-1, 1, width, device=draws.device).view(1, -1).expand(height, width)
    grid = torch.stack([columns, rows], -1).clone()
    cover = torch.zeros(1, height, width, device=draws.device)
    shade = torch.ones(1, height, width, device=draws.device)
    for _ in range(count):
        _add_drop(grid, cover, shade, draws)
    # Drops are far out of focus: what they show is blurred, and so are their edges.
    defocus = draws.uniform(0.001, 0.012) * width
    seen = F.grid_sample(
        blur(radiance, defocus)[None], grid[None], padding_mode="reflection", align_corners=True
    )[0]
    return torch.lerp(radiance, seen * shade, blur(cover, 0.5 + defocus / 2) * draws.uniform(0.6, 1.0))


def _add_drop(grid: Tensor, cover: Tensor, shade: Tensor, draws: Draws) -> None:
    """Write one drop into ``grid`` (H, W, 2), ``cover`` and ``shade`` (1, H, W), within its own window."""
    height, width = grid.shape[:2]
    radius = draws.log_uniform(0.008, 0.05) * width
    tall = draws.uniform(0.9, 1.6)
    column, row = draws.uniform(0, width), draws.uniform(0, height)
    top, bottom = max(0, int(row - radius * tall)), min(height, int(row + radius * tall) + 2)
    left, right = max(0, int(column - radius)), min(width, int(column + radius) + 2)
    window = (slice(top, bottom), slice(left, right))
    down = (torch.arange(top, bottom, device=grid.device).view(-1, 1) - row) / (radius * tall)
    across = (torch.arange(left, right, device=grid.device).view(1, -1) - column) / radius
    squared = down**2 + across**2
    inside = squared < 1
    view = draws.uniform(0.15, 0.6)
    turned = torch.stack(torch.broadcast_tensors(-across, -down), -1) * view * (1 + squared[..., None])
    centre = torch.tensor([2 * column / width - 1, 2 * row / height - 1], device=grid.device)
    grid[window] = torch.where(inside[..., None], centre + turned, grid[window])
    cover[0][window] = torch.where(inside, 1.0, cover[0][window])
    shade[0][window] = torch.where(inside, 1.15 - 0.55 * squared**2, shade[0][window])
