"""Night: the sun goes, the lamps come (ACDepth's P_c = night; an image-space stand-in for the translator)."""

import torch
from torch import Tensor

from acdepth.weather import lights
from acdepth.weather.draws import Draws
from acdepth.weather.fields import bands, flattening, luminance, paled, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import bloom, capture, expose
from acdepth.weather.standing import find_sky, find_standing

AMBIENT_COLOURS = ((0.55, 0.7, 1.0), (1.0, 0.8, 0.55), (0.9, 0.9, 1.0), (1.0, 0.65, 0.35), (0.6, 0.9, 0.85))
"""Moonlight, town glow, overcast, sodium glow, mercury lamps."""


def relight(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """Scene light at night (3, H, W) from daylight: surfaces under lamps, and the lamps themselves."""
    gray, standing = luminance(radiance), find_standing(scene, radiance)
    # Surfaces without sun and shadow: large differences of brightness flattened, colours paled.
    flattened = flattening(gray, 0.08, 0.02, draws.uniform(0, 0.7))
    pale = draws.uniform(0, 0.6)
    ambient = draws.log_uniform(0.004, 0.25) * (1.3 - severity)
    colour = ambient * draws.colour(*AMBIENT_COLOURS)
    light = [(colour, smooth_noise(draws, *radiance.shape[1:], cells=2).add_(0.5))]
    if draws.chance(0.85):
        light.append(lights.headlights(scene, draws))
    sources = lights.no_lights(draws)
    if draws.chance(0.8):
        sources += lights.traffic_lights(scene, standing, draws)
    if draws.chance(0.75):
        colour, pools, lamps = lights.street_lamps(scene, standing, draws)
        light.append((colour, pools))
        sources += lamps
    glow, clouds = _night_sky(gray, scene, draws, ambient)
    sky = find_sky(scene, standing)
    windows = lights.lit_windows(scene, standing, draws) if draws.chance(0.6) else None
    lit = lights.shine(sources, scene, draws)
    for rows in bands(radiance):
        surface = paled(radiance[:, rows], gray[:, rows], pale).mul_(flattened[:, rows])
        shade = torch.zeros_like(surface)
        for colour, strength in light:
            shade.addcmul_(colour, strength[:, rows])
        surface.mul_(shade).lerp_(glow[:, rows] * clouds[:, rows], sky[:, rows])
        lit[:, rows].add_(surface)
    return lit if windows is None else lit.add_(windows)


def night(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A night picture (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    return photograph(relight(radiance, scene, draws, severity), draws, severity)


def photograph(radiance: Tensor, draws: Draws, severity: float) -> Tensor:
    """What a camera makes of light at night: it opens up as far as it can, and pays with noise."""
    brightness = draws.log_uniform(0.012, 0.25) * (1.3 - 0.8 * severity)
    radiance = bloom(expose(radiance, draws.uniform(0.4, 0.75), brightness), draws)
    if draws.chance(0.6):  # stray light inside the lens lifts the blacks
        radiance.add_(draws.uniform(0, 1) * brightness * draws.colour((1.0, 1.0, 1.0), spread=0.4))
    softness = draws.uniform(0, 0.004) * radiance.shape[-1] * severity
    cast = draws.colour((1.0, 1.0, 1.0), spread=draws.uniform(0, 0.35))
    noise = min(0.02, draws.log_uniform(0.03, 0.6) * (0.3 + severity) * brightness)
    return capture(radiance.mul_(cast), draws, noise, softness)


def _night_sky(gray: Tensor, scene: Scene, draws: Draws, ambient: float) -> tuple[Tensor, Tensor]:
    """Almost black, lighter towards the horizon where a town glows, with a rest of the clouds: light by row
    (3, H, 1), and the part of it (1, H, W) that each pixel has."""
    rows = torch.arange(gray.shape[1], device=gray.device, dtype=gray.dtype).view(1, -1, 1)
    towards_horizon = (rows / max(scene.horizon, 1)).clamp(0, 1) ** draws.uniform(0.5, 3)
    level = ambient * draws.log_uniform(0.05, 1.5)
    glow = draws.colour(*AMBIENT_COLOURS) * (0.2 + draws.uniform(0, 2) * towards_horizon)
    return level * glow, (gray / (gray.mean() + 0.05)).add_(0.5).clamp_(0, 2)
