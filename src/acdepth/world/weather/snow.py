"""Snow: white on what faces up, tracks in the road, flat light and flakes in the air."""

import torch
from torch import Tensor

from acdepth.world.patterns import mix
from acdepth.world.sky import overcast_sky
from acdepth.world.surface import Surface
from acdepth.world.weather.base import Scene, ambient, grade, grain, put_sky, tone, with_air
from acdepth.world.weather.particles import fall

WHITE = (0.82, 0.85, 0.9)
SLUSH = (0.34, 0.35, 0.37)


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


def illuminate(scene: Scene) -> Tensor:
    """Overcast light on the snow."""
    surface = scene.surface
    air = surface.albedo.new_tensor([0.66, 0.69, 0.73])
    albedo = snow_cover(scene, surface)
    colour = albedo * ambient(scene, surface, 0.95 * air, 0.7 * air)
    colour = colour + (surface.glass * 0.12)[:, None] * air
    colour = with_air(colour, surface, 95.0, air)
    return put_sky(colour, surface, lambda direction: overcast_sky(direction, 0.8))


def develop(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """Flakes before the lens, large and blurred when near."""
    picture = grade(tone(image, 1.1), 0.35, 1.1)
    picture = fall(
        picture, generator, count=420, length=1.2, width=(0.35, 1.7), opacity=0.75, brightness=0.95
    )
    return grain(picture, generator, 0.01, 0.003)
