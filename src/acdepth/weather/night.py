"""Night: the sun goes, the lamps come (ACDepth's P_c = night; an image-space stand-in for the translator)."""

import torch
from torch import Tensor

from acdepth.weather import lights
from acdepth.weather.draws import Draws
from acdepth.weather.fields import flatten_light, luminance, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import bloom, capture, expose
from acdepth.weather.standing import find_sky, find_standing

AMBIENT_COLOURS = ((0.55, 0.7, 1.0), (1.0, 0.8, 0.55), (0.9, 0.9, 1.0), (1.0, 0.65, 0.35), (0.6, 0.9, 0.85))
"""Moonlight, town glow, overcast, sodium glow, mercury lamps."""


def relight(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """Scene light at night (3, H, W) from daylight: surfaces under lamps, and the lamps themselves."""
    surface, standing = _without_daylight(radiance, draws), find_standing(scene, radiance)
    ambient = draws.log_uniform(0.004, 0.25) * (1.3 - severity)
    light = ambient * draws.colour(*AMBIENT_COLOURS)
    light = light * (0.5 + smooth_noise(draws, *radiance.shape[1:], cells=2))
    if draws.chance(0.85):
        light = light + lights.headlights(scene, draws)
    sources = lights.traffic_lights(scene, standing, draws) if draws.chance(0.8) else []
    if draws.chance(0.75):
        pools, lamps = lights.street_lamps(scene, standing, draws)
        light, sources = light + pools, sources + lamps
    lit = torch.lerp(surface * light, _night_sky(radiance, scene, draws, ambient), find_sky(scene, radiance))
    if draws.chance(0.6):
        lit = lit + lights.lit_windows(scene, standing, draws)
    return lit + lights.shine(sources, draws, *radiance.shape[1:])


def night(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A night picture (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    return photograph(relight(radiance, scene, draws, severity), draws, severity)


def photograph(radiance: Tensor, draws: Draws, severity: float) -> Tensor:
    """What a camera makes of light at night: it opens up as far as it can, and pays with noise."""
    brightness = draws.log_uniform(0.012, 0.25) * (1.3 - 0.8 * severity)
    radiance = bloom(expose(radiance, draws.uniform(0.4, 0.75), brightness), draws)
    if draws.chance(0.6):  # stray light inside the lens lifts the blacks
        radiance = radiance + draws.uniform(0, 1) * brightness * draws.colour((1.0, 1.0, 1.0), spread=0.4)
    softness = draws.uniform(0, 0.004) * radiance.shape[-1] * severity
    cast = draws.colour((1.0, 1.0, 1.0), spread=draws.uniform(0, 0.35))
    noise = min(0.02, draws.log_uniform(0.03, 0.6) * (0.3 + severity) * brightness)
    return capture(radiance * cast, draws, noise, softness)


def _without_daylight(radiance: Tensor, draws: Draws) -> Tensor:
    """Surfaces without sun and shadow: large differences of brightness flattened, colours paled."""
    flattened = flatten_light(radiance, 0.08, 0.02, draws.uniform(0, 0.7))
    return torch.lerp(flattened, luminance(flattened).expand_as(radiance), draws.uniform(0, 0.6))


def _night_sky(radiance: Tensor, scene: Scene, draws: Draws, ambient: float) -> Tensor:
    """Almost black, lighter towards the horizon where a town glows, with a rest of the clouds."""
    height = radiance.shape[1]
    rows = torch.arange(height, device=radiance.device, dtype=radiance.dtype).view(1, -1, 1)
    towards_horizon = (rows / max(scene.horizon, 1)).clamp(0, 1) ** draws.uniform(0.5, 3)
    level = ambient * draws.log_uniform(0.05, 1.5)
    glow = draws.colour(*AMBIENT_COLOURS) * (0.2 + draws.uniform(0, 2) * towards_horizon)
    return level * glow * (0.5 + luminance(radiance) / (luminance(radiance).mean() + 0.05)).clamp(0, 2)
