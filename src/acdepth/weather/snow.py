"""Snow: white on what faces up, flakes of all sizes in the air, a bright veil."""

import torch
from torch import Tensor

from acdepth.weather.blurs import blur, enlarge, shrunk_blur
from acdepth.weather.draws import Draws
from acdepth.weather.fields import add_at, luminance, paled, scattered_points, seen_through, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture


def snow(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A snowy picture (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    _, height, width = radiance.shape
    white = draws.uniform(0.35, 0.95) * draws.colour((1.0, 1.0, 1.0), (0.9, 0.95, 1.05), spread=0.04)
    gray = luminance(radiance)
    pale = paled(radiance, gray, draws.uniform(0.3, 0.9))
    # The picture is a part of the scene, and the rest is white: of sky, cover, air and flakes, one before the
    # other.
    kept, whiteness = 1 - scene.sky, scene.sky * draws.uniform(0.7, 1.1)
    covered = _cover(scene, draws, severity)
    around, steps = shrunk_blur(gray, 0.1 * width)
    bright = gray.div_(enlarge(around, steps, (height, width)).add_(0.02)).clamp_(0, 1.6)
    bright.mul_(0.45).add_(0.55)
    kept.mul_(1 - covered)
    whiteness.lerp_(bright, covered)
    through = seen_through(scene.z, draws.log_uniform(50, 500) / (0.3 + severity))
    kept.mul_(through)
    whiteness = torch.lerp(whiteness.new_tensor(draws.uniform(0.6, 1.0)), whiteness, through)
    fallen = _flakes(draws, height, width, severity)
    kept.mul_(1 - fallen)
    whiteness = torch.lerp(whiteness, whiteness.new_tensor(draws.uniform(0.8, 1.3)), fallen)
    picture = pale.mul_(kept).addcmul_(white, whiteness)
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
        rows, columns, weights = scattered_points(draws, height, width, density)
        sigma, tall = max(sigma, 0.4), draws.uniform(1.0, 2.0)
        points = torch.zeros_like(clear)
        add_at(points, rows * width + columns, weights * (2 * torch.pi * sigma**2))
        clear.mul_(1 - blur(points, sigma, sigma * tall).clamp_(0, 0.9))
    return 1 - clear
