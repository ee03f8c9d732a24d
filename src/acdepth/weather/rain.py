"""Rain: gray light, a wet road that mirrors, streaks in the air and drops on the lens."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur, luminance, smooth_noise
from acdepth.weather.lights import shine, traffic_lights
from acdepth.weather.night import photograph, relight
from acdepth.weather.rain import lens_drops, wet_ground
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture, expose


def rain(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A picture of a rainy day (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    radiance = _overcast(radiance, scene, draws, severity)
    if draws.chance(0.5):  # many drive with lights on
        radiance = radiance + shine(traffic_lights(scene, draws), draws, *radiance.shape[1:])
    radiance = wet_ground(radiance, scene, draws, severity)
    airlight = radiance.clamp_max(2).mean((1, 2), keepdim=True) * draws.uniform(0.8, 1.8)
    radiance = _veil(radiance, scene, airlight, draws, severity)
    falling = streaks(draws, severity, *radiance.shape[1:])
    radiance = radiance + draws.log_uniform(0.1, 0.8) * airlight * falling
    radiance = expose(radiance, draws.uniform(0.4, 0.7), draws.log_uniform(0.06, 0.4))
    radiance = lens_drops(radiance, draws, severity)
    softness = draws.uniform(0, 0.004) * radiance.shape[-1] * severity
    return capture(radiance, draws, draws.log_uniform(0.001, 0.012), softness)


def night_rain(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A picture of a rainy night (3, H, W) in 0..1: lamps first, then the water that shows them again."""
    lit = wet_ground(relight(radiance, scene, draws, severity), scene, draws, severity)
    scattered = blur(lit.clamp(0, 5), 0.1 * lit.shape[-1])
    lit = _veil(lit, scene, scattered * draws.uniform(0.4, 1.2), draws, severity)
    lit = lit + draws.log_uniform(0.1, 0.8) * scattered * streaks(draws, severity, *lit.shape[1:])
    return photograph(lens_drops(lit, draws, severity), draws, severity)


def streaks(draws: Draws, severity: float, height: int, width: int) -> Tensor:
    """Falling drops as light added to the air, (1, H, W): two or three layers, near ones long and wide."""
    total = torch.zeros(1, height, width, device=draws.device)
    angle = draws.uniform(-0.35, 0.35)
    for layer in range(draws.integer(2, 3)):
        length = max(3.0, draws.uniform(0.03, 0.07) * height * 1.8**layer)
        density = draws.log_uniform(0.001, 0.02) * severity / 2**layer
        drops = (draws.rand(1, height, width) < density).float() * draws.rand(1, height, width)
        streak = F.conv2d(
            drops[None], _line(length, angle + draws.uniform(-0.05, 0.05), draws), padding="same"
        )[0]
        total += blur(streak, 0.25 + 0.2 * layer) * draws.uniform(0.5, 1.5)
    return total


def _line(length: float, angle: float, draws: Draws) -> Tensor:
    """Kernel (1, 1, K, K) that turns a point into a streak of ``length`` pixels, ``angle`` off vertical."""
    reach = math.ceil(length / 2)
    offsets = torch.arange(-reach, reach + 1, device=draws.device, dtype=torch.float32)
    along = offsets.view(-1, 1) * math.cos(angle) + offsets.view(1, -1) * math.sin(angle)
    across = offsets.view(1, -1) * math.cos(angle) - offsets.view(-1, 1) * math.sin(angle)
    kernel = (1 - across.abs()).clamp(0, 1) * (along.abs() <= length / 2)
    return kernel.view(1, 1, 2 * reach + 1, 2 * reach + 1)


def _overcast(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """Light without sun: shadows filled, colours paled, a gray sky."""
    gray = luminance(radiance)
    around = blur(gray, 0.06 * radiance.shape[-1])
    flattened = radiance * ((around.mean() + 0.03) / (around + 0.03)) ** draws.uniform(0.1, 0.6)
    pale = torch.lerp(flattened, luminance(flattened).expand_as(radiance), draws.uniform(0.2, 0.8) * severity)
    clouds = 0.6 + 0.8 * smooth_noise(draws, *radiance.shape[1:], cells=draws.uniform(2, 6))
    sky = draws.log_uniform(0.15, 1.2) * draws.colour((1, 1, 1), (0.85, 0.93, 1.0), spread=0.05) * clouds
    tint = draws.colour((1, 1, 1), (0.85, 0.95, 1.05), (0.95, 1.0, 0.95), spread=0.05)
    return torch.lerp(pale * tint, sky, scene.sky * draws.uniform(0.5, 1.0))


def _veil(radiance: Tensor, scene: Scene, airlight: Tensor, draws: Draws, severity: float) -> Tensor:
    """Spray and falling water between camera and scene: contrast goes with distance."""
    visibility = draws.log_uniform(100, 1500) / (0.3 + severity)
    through = torch.exp(-3 * scene.z.clamp_max(120) / visibility)
    return radiance * through + airlight * (1 - through)
