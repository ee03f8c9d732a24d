"""Snow: white on what faces up, flakes of all sizes in the air, a bright veil."""

import torch
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur, luminance, seen_through, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture


def snow(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A snowy picture (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    _, height, width = radiance.shape
    white = draws.uniform(0.35, 0.95) * draws.colour((1.0, 1.0, 1.0), (0.9, 0.95, 1.05), spread=0.04)
    gray = luminance(radiance)
    pale = torch.lerp(radiance, gray.expand_as(radiance), draws.uniform(0.3, 0.9))
    overcast = torch.lerp(pale, white * draws.uniform(0.7, 1.1) * torch.ones_like(pale), scene.sky)
    covered = _cover(scene, draws, severity)
    lit = white * (0.55 + 0.45 * (gray / (blur(gray, 0.1 * width) + 0.02)).clamp(0, 1.6))
    whitened = torch.lerp(overcast, lit, covered)
    through = seen_through(scene.z, draws.log_uniform(50, 500) / (0.3 + severity))
    veiled = whitened * through + white * draws.uniform(0.6, 1.0) * (1 - through)
    fallen = _flakes(draws, height, width, severity)
    picture = torch.lerp(veiled, white * draws.uniform(0.8, 1.3) * torch.ones_like(veiled), fallen)
    return capture(picture, draws, draws.log_uniform(0.001, 0.01), draws.uniform(0, 0.004) * width * severity)


def _cover(scene: Scene, draws: Draws, severity: float) -> Tensor:
    """How white each place is (1, H, W): drifts on the ground, tracks kept, a little on all that stands."""
    _, height, width = scene.z.shape
    drifts = smooth_noise(draws, height, width, cells=draws.uniform(3, 12), octaves=4)
    amount = torch.sigmoid((drifts - 1 + 0.5 + severity * draws.uniform(0.1, 0.8)) / 0.08)
    aside = scene.x - draws.uniform(-2, 2)
    road = torch.sigmoid((draws.uniform(1.5, 5) - aside.abs()) / 0.4)
    tracks = torch.sigmoid((torch.cos(2 * torch.pi * aside / draws.uniform(1.5, 2.2)) - 0.3) / 0.15)
    cleared = road * draws.uniform(0, 1) * (tracks if draws.chance(0.6) else 1)
    ledges = (1 - scene.ground) * (1 - scene.sky) * draws.uniform(0, 0.35)
    return (scene.ground * amount * (1 - cleared) + ledges * amount).clamp(0, 1)


def _flakes(draws: Draws, height: int, width: int, severity: float) -> Tensor:
    """Opacity (1, H, W) of falling flakes: many small ones, few large ones out of focus."""
    clear = torch.ones(1, height, width, device=draws.device)
    for sigma_part, most in ((0.0015, 0.02), (0.004, 0.004), (0.011, 0.0006)):
        sigma = sigma_part * width * draws.uniform(0.7, 1.4)
        density = most * draws.uniform(0.1, 1.0) * severity
        points = (draws.rand(1, height, width) < density).float() * draws.rand(1, height, width)
        spread = 2 * torch.pi * max(sigma, 0.4) ** 2
        flakes = blur(points, max(sigma, 0.4), max(sigma, 0.4) * draws.uniform(1.0, 2.0)) * spread
        clear = clear * (1 - flakes.clamp(0, 0.9))
    return 1 - clear
