"""A clear day: sun with shadows, blue sky with clouds, a little haze far away."""

import torch
from torch import Tensor

from acdepth.world.occlusion import sun_share
from acdepth.world.patterns import mix
from acdepth.world.sky import clear_sky, gradient, hill_share
from acdepth.world.weather.base import Scene, ambient, grade, grain, mirror_direction, put_sky, tone, with_air


def illuminate(scene: Scene) -> Tensor:
    """Sun and sky on every surface."""
    surface, day = scene.surface, scene.town.daylight
    facing = (surface.normal @ day.sun).clamp(min=0)
    direct = facing * sun_share(scene.town, scene.occlusion, scene.frame, surface.point, surface.ground)
    top = 0.6 * day.zenith + 0.22 * day.horizon
    bounce = day.sun_colour * 0.11
    light = direct[:, None] * day.sun_colour + ambient(scene, surface, top, bounce)
    colour = surface.albedo * light
    reflected, fresnel, open_sky = mirror_direction(surface)
    mirrored = gradient(reflected, day.zenith, day.horizon) * open_sky[:, None]
    colour = colour + mirrored * (surface.glass * fresnel)[:, None]
    colour = with_air(colour, surface, day.haze, day.horizon)

    def paint(direction: Tensor) -> Tensor:
        sky = clear_sky(direction, day.zenith, day.horizon, day.sun, day.cloudiness)
        hills = torch.lerp(day.horizon, day.horizon.new_tensor(day.hills.colour), 0.45)
        return mix(sky, hills.expand_as(sky), hill_share(direction, day.hills))

    return put_sky(colour, surface, paint)


def develop(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """A well exposed picture with next to no noise."""
    return grain(grade(tone(image, 1.15), 0.5, 1.22), generator, 0.006, 0.002)
