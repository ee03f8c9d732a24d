"""Rain by day and by night: wet ground that mirrors the street, mist, streaks and drops on the lens."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from acdepth.world.sky import overcast_sky
from acdepth.world.surface import Surface
from acdepth.world.view import from_grid, to_grid
from acdepth.world.weather.base import Scene, ambient, bloom, grade, grain, mirror_direction, tone, with_air
from acdepth.world.weather.particles import fall, lens_drops

Shade = Callable[[Scene, Surface, Tensor], Tensor]  # light of a surface with the given albedo

AIR = (0.26, 0.275, 0.295)
MIST = 140.0  # m


def overcast_light(scene: Scene, surface: Surface, albedo: Tensor) -> Tensor:
    """Linear light (R, 3) under a dark cloud cover, sky and mist included."""
    air = albedo.new_tensor(AIR)
    colour = albedo * ambient(scene, surface, 1.1 * air, 0.4 * air)
    _, fresnel, open_sky = mirror_direction(surface)
    colour = colour + (surface.glass * fresnel * open_sky)[:, None] * air
    # Cars drive with lamps on, and some windows are lit on a day as dark as this.
    colour = colour + 0.25 * surface.glow
    return with_air(colour, surface, MIST, air, lambda direction: overcast_sky(direction, 0.34))


def wetness(surface: Surface) -> Tensor:
    """How smooth the water lies on each ground ray (G,): puddles and gutters near 1, what drains less."""
    below, noise = surface.below, surface.below.noise
    puddle = (0.55 + 0.45 * noise[:, 2] + 0.2 * noise[:, 1]).clamp(0, 1)
    gutter = torch.exp(-((below.kerb_distance + 0.3) / 0.35).square())
    return (0.35 + 0.6 * puddle + 0.4 * gutter).clamp(0, 1) * below.sealed


def wet_albedo(surface: Surface, wet: Tensor) -> Tensor:
    """Water darkens what it soaks (G = wet) and a little of everything else."""
    albedo = surface.albedo * 0.85
    albedo[surface.ground] *= (0.85 - 0.35 * wet)[:, None]
    return albedo


def wet_light(scene: Scene, shade: Shade, strength: float) -> Tensor:
    """Light (R, 3) of the wet street: its own by ``shade``, and its mirror image on the ground."""
    surface = scene.surface
    wet = wetness(surface)
    colour = shade(scene, surface, wet_albedo(surface, wet))
    mirror = scene.reflect()
    seen = _smeared(scene, shade(scene, mirror, mirror.albedo * 0.85))[surface.ground]
    fresnel = 0.05 + 0.95 * (1 - surface.direction[surface.ground, 1].abs()) ** 4
    share = (strength * wet * fresnel.clamp(max=0.8))[:, None]
    colour[surface.ground] = colour[surface.ground] * (1 - share) + seen * share
    return colour


def _smeared(scene: Scene, light: Tensor) -> Tensor:
    """The mirror image's light (of pixel centres), drawn out by rough water, for every image ray."""
    view = scene.view
    image = to_grid(light.reshape(view.rows * view.columns, -1, 3), view).clamp(max=6.0)
    stack = image.permute(2, 0, 1)[None]
    reach = max(3, image.shape[0] // 24) | 1
    for _ in range(2):
        stack = functional.avg_pool2d(stack, (reach, 1), 1, (reach // 2, 0), count_include_pad=False)
    grown = functional.interpolate(stack, scale_factor=2, mode="bilinear", align_corners=False)
    return from_grid(grown[0].permute(1, 2, 0), view).reshape(-1, 3)


def develop_by_day(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """Grey light, streaks and drops."""
    picture = grade(tone(bloom(image, 0.7, 0.3), 1.25), 0.15, 1.0)
    picture = fall(picture, generator, 260, 14.0, (0.3, 0.6), opacity=0.3, brightness=0.75)
    picture = lens_drops(picture, scene.town.seed, "rain", scene.frame, 16)
    return grain(picture, generator, 0.014, 0.005)


def develop_by_night(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """Glare on the wet lens, streaks where there is light, a noisy sensor."""
    picture = tone(bloom(image, 0.4, 0.75), 1.15)
    picture = fall(picture, generator, 240, 14.0, (0.3, 0.6), opacity=0.22, brightness=0.4)
    picture = lens_drops(picture, scene.town.seed, "night-rain", scene.frame, 16)
    return grain(picture, generator, 0.045, 0.012)
