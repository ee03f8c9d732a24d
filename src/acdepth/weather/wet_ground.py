"""A wet road: darker, and a mirror at grazing angles."""

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur, smooth_noise
from acdepth.weather.scene import Scene


def wet_ground(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """Blend the mirror image of what stands on the ground into the ground of (3, H, W)."""
    _, height, width = radiance.shape
    wetness = severity**0.5 * draws.uniform(0.5, 1.0)
    puddles = smooth_noise(draws, height, width, cells=draws.uniform(2, 8))
    dry = draws.uniform(0.2, 0.7)
    film = draws.uniform(0.15, 0.8)
    water = film + (1 - film) * torch.sigmoid((puddles - dry) / 0.04)
    # Schlick's approximation for water under the angle at which the camera sees this ground; its exponent is
    # 5, less stands for the waves that turn towards the camera.
    cosine = scene.camera_height / torch.sqrt(scene.z**2 + scene.camera_height**2)
    fresnel = 0.02 + 0.98 * (1 - cosine) ** draws.uniform(1.5, 5)
    weight = scene.ground * water * wetness
    darkened = radiance * (1 - weight * draws.uniform(0.2, 0.6))
    mirrored = _mirror(radiance, scene, draws)
    return torch.lerp(darkened, mirrored, weight * fresnel)


def _mirror(radiance: Tensor, scene: Scene, draws: Draws) -> Tensor:
    """What each ground pixel mirrors: the picture turned over at the foot of what stands behind it.

    A vertical object whose foot is seen in row f shows in a flat mirror upside down below f, at equal
    distances, so the ground pixel in row r mirrors row 2 f - r.
    """
    _, height, width = radiance.shape
    rows = torch.arange(height, device=radiance.device, dtype=radiance.dtype).view(1, -1, 1)
    standing = blur(1 - scene.ground, 0.6) > 0.5
    foot = torch.where(standing, rows, torch.full_like(rows, scene.horizon - 0.5)).cummax(1).values
    foot = blur(foot, 0.008 * width, 0.3)
    below = (rows - foot).clamp_min(0)
    ripple = (draws.randn(1, height, width) * draws.uniform(0, 0.3)).expand(1, height, width)
    source_rows = foot - below * (1 + 0.3 * blur(ripple, 1.5, 0.5))
    columns = torch.arange(width, device=radiance.device, dtype=radiance.dtype).view(1, 1, -1)
    source_columns = columns + below * blur(ripple, 0.5, 1.5) * 0.3
    grid = torch.stack([source_columns / (width - 1), source_rows / (height - 1)], -1) * 2 - 1
    # Rough water smears lights into vertical streaks.
    smeared = blur(radiance.clamp_max(30), draws.uniform(0.3, 2.0), draws.log_uniform(0.01, 0.12) * height)
    rough = draws.uniform(0.2, 1.0)
    source = torch.lerp(radiance, smeared, rough)
    return F.grid_sample(source[None], grid, padding_mode="reflection", align_corners=True)[0]
