"""Night: the sun goes, the lamps come (ACDepth's P_c = night; an image-space stand-in for the translator)."""

import torch
from torch import Tensor

from acdepth.weather import lights
from acdepth.weather.bands import bands
from acdepth.weather.draws import Draws
from acdepth.weather.fields import flattening, luminance, paled, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import bloom, capture, exposure
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
    haze = smooth_noise(draws, *radiance.shape[1:], cells=2).add_(0.5)
    lamps: list[lights.Lamps] = []
    if draws.chance(0.85):
        lamps.append(lights.headlights(draws))
    sources = lights.no_lights(draws)
    if draws.chance(0.8):
        sources += lights.traffic_lights(scene, standing, draws)
    if draws.chance(0.75):
        along_street, seen = lights.street_lamps(scene, standing, draws)
        lamps.append(along_street)
        sources += seen
    glow = _night_sky(gray, scene, draws, ambient)
    sky = find_sky(scene, standing)
    windows = lights.lit_windows(scene, standing, draws) if draws.chance(0.6) else None
    lit = lights.shine(sources, scene, draws)
    cloudless = gray.mean() + 0.05
    for rows in bands(radiance):
        here, shown = scene.within(rows), gray[:, rows]
        shade = colour * haze[:, rows]
        for lamp in lamps:
            shade.addcmul_(lamp.colour, lamp.strength_on(here))
        surface = shade.mul_(paled(radiance[:, rows], shown, pale)).mul_(flattened[:, rows])
        clouds = (shown / cloudless).add_(0.5).clamp_(0, 2)
        lit[:, rows].add_(surface.lerp_(glow[:, rows] * clouds, sky[:, rows]))
        if windows is not None:
            lit[:, rows].add_(windows(rows))
    return lit


def night(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A night picture (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    return photograph(relight(radiance, scene, draws, severity), draws, severity)


def photograph(radiance: Tensor, draws: Draws, severity: float) -> Tensor:
    """What a camera makes of light at night, which is overwritten: it opens up, and pays with noise."""
    brightness = draws.log_uniform(0.012, 0.25) * (1.3 - 0.8 * severity)
    gain = exposure(radiance, draws.uniform(0.4, 0.75), brightness)
    bloom(radiance, gain, draws)
    stray = draws.tensor([0.0])
    if draws.chance(0.6):  # stray light inside the lens lifts the blacks
        stray = draws.uniform(0, 1) * brightness * draws.colour((1.0, 1.0, 1.0), spread=0.4)
    softness = draws.uniform(0, 0.004) * radiance.shape[-1] * severity
    cast = draws.colour((1.0, 1.0, 1.0), spread=draws.uniform(0, 0.35))
    noise = min(0.02, draws.log_uniform(0.03, 0.6) * (0.3 + severity) * brightness)
    return capture(radiance, draws, noise, softness, gain * cast, stray * cast)


def _night_sky(gray: Tensor, scene: Scene, draws: Draws, ambient: float) -> Tensor:
    """Almost black, lighter towards the horizon where a town glows: light by row (3, H, 1)."""
    rows = torch.arange(gray.shape[1], device=gray.device, dtype=gray.dtype).view(1, -1, 1)
    towards_horizon = (rows / max(scene.horizon, 1)).clamp(0, 1) ** draws.uniform(0.5, 3)
    level = ambient * draws.log_uniform(0.05, 1.5)
    glow = draws.colour(*AMBIENT_COLOURS) * (0.2 + draws.uniform(0, 2) * towards_horizon)
    return level * glow
