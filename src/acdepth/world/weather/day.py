"""By day: clear, with sun and shadows; fog, in which all fades by true distance; snow on what faces up."""

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.occlusion import sun_share
from acdepth.world.patterns import mix
from acdepth.world.sky import clear_sky, gradient, hill_share, overcast_sky
from acdepth.world.surface import Surface
from acdepth.world.weather.base import Scene, ambient, grade, grain, mirror_direction, tone, with_air
from acdepth.world.weather.particles import fall

WHITE = (0.82, 0.85, 0.9)
SLUSH = (0.34, 0.35, 0.37)


def illuminate_clear(scene: Scene) -> Tensor:
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

    def sky_and_hills(direction: Tensor) -> Tensor:
        sky = clear_sky(direction, day.zenith, day.horizon, day.sun, day.cloudiness)
        hills = torch.lerp(day.horizon, day.horizon.new_tensor(day.hills.colour), 0.45)
        return mix(sky, hills.expand_as(sky), hill_share(direction, day.hills))

    return with_air(colour, surface, day.haze, day.horizon, sky_and_hills)


def develop_clear(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """A well exposed picture with next to no noise."""
    return grain(grade(tone(image, 1.15), 0.5, 1.22), generator, 0.006, 0.002)


def illuminate_fog(scene: Scene) -> Tensor:
    """Flat light and airlight; the visibility is the town's own."""
    surface = scene.surface
    dice = Dice(scene.town.seed, "fog")
    visibility = dice.uniform(18, 42)
    air = surface.albedo.new_tensor([0.60, 0.615, 0.63]) * dice.uniform(0.8, 1.1)
    colour = surface.albedo * ambient(scene, surface, 1.15 * air, 0.45 * air) * 1.1
    colour = colour + (surface.glass * 0.1)[:, None] * air
    return with_air(colour, surface, visibility, air, air.expand_as)


def develop_fog(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """A soft, slightly noisy picture."""
    return grain(grade(tone(image, 1.2), 0.2, 1.0), generator, 0.012, 0.004)


def snow_cover(scene: Scene, surface: Surface) -> Tensor:
    """Albedo (R, 3) under snow: thin on the road where wheels have passed, whole elsewhere."""
    up = ((surface.normal[:, 1] - 0.35) * 2.5).clamp(0, 1)
    cover = 0.95 * up + 0.06
    point, road = surface.point[surface.ground], scene.town.road
    lateral = road.lateral(point[:, 0], point[:, 2])
    noise, kerb_distance = surface.below.noise, surface.below.kerb_distance
    lane = road.lane_offset(lateral).abs() - 0.8
    track = torch.exp(-((lane / 0.32) ** 2)) * (kerb_distance < -0.4)
    cover[surface.ground] = (0.92 - 0.75 * track + 0.16 * noise[:, 0] + 0.1 * noise[:, 1]).clamp(0.05, 0.97)
    white = surface.albedo.new_tensor(WHITE).expand_as(surface.albedo).clone()
    shade = 1 + 0.07 * noise[:, 1:2] + 0.05 * noise[:, 3:4]
    dirty = (track * 0.7 + 0.15 * (kerb_distance < 0)).clamp(0, 1)
    slush = white.new_tensor(SLUSH).expand(len(point), 3)
    white[surface.ground] = mix(white[surface.ground], slush, dirty) * shade
    return mix(surface.albedo, white, cover)


def illuminate_snow(scene: Scene) -> Tensor:
    """Overcast light on the snow."""
    surface = scene.surface
    air = surface.albedo.new_tensor([0.66, 0.69, 0.73])
    albedo = snow_cover(scene, surface)
    colour = albedo * ambient(scene, surface, 0.95 * air, 0.7 * air)
    colour = colour + (surface.glass * 0.12)[:, None] * air
    return with_air(colour, surface, 95.0, air, lambda direction: overcast_sky(direction, 0.8))


def develop_snow(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """Flakes before the lens, large and blurred when near."""
    picture = grade(tone(image, 1.1), 0.35, 1.1)
    picture = fall(picture, generator, 420, 1.2, (0.35, 1.7), opacity=0.75, brightness=0.95)
    return grain(picture, generator, 0.01, 0.003)
