"""Night: pools of lamp light, lit windows, our headlights, glare and a noisy sensor."""

import torch
from torch import Tensor

from acdepth.world.car import Headlights
from acdepth.world.patterns import mix
from acdepth.world.sky import Hills, gradient, hill_share
from acdepth.world.surface import Surface
from acdepth.world.weather.base import Scene, ambient, bloom, grain, tone, with_air

SKY_TOP = (0.0015, 0.002, 0.0045)
SKY_LOW = (0.014, 0.0115, 0.012)
WINDOW_LIGHT = 0.55
LAMP_POWER = 4.2
HEADLIGHT_HEIGHT = 0.7


def night_light(scene: Scene, surface: Surface, albedo: Tensor) -> Tensor:
    """Linear light (R, 3) of surfaces at night, sky and air included."""
    town, view = scene.town, scene.view
    dim = albedo.new_tensor([0.010, 0.012, 0.02])
    light = ambient(scene, surface, dim, 0.6 * dim)
    light = light + lamp_light(surface.point, surface.normal, town.lamps, town.daylight.lamp_colour)
    lights = town.style.car.headlights
    light = light + headlight(surface.point, surface.normal, view.origin, view.axes, lights)
    colour = albedo * light + surface.glow * WINDOW_LIGHT
    low = albedo.new_tensor(SKY_LOW)
    return with_air(colour, surface, 260.0, low, lambda direction: night_sky(direction, town.daylight.hills))


def lamp_light(point: Tensor, normal: Tensor, lamps: Tensor, colour: Tensor) -> Tensor:
    """Light (N, 3) of street lamps at points (N, 3) with unit normals (N, 3).

    Of the lamp heads (M, 3), ordered by z and perhaps none, the four next to a point along z are counted.
    """
    if not len(lamps):
        return torch.zeros_like(point)
    after = torch.searchsorted(lamps[:, 2].contiguous(), point[:, 2].contiguous())
    total = torch.zeros_like(point[:, 0])
    for step in (-2, -1, 0, 1):
        index = after + step
        there = (index >= 0) & (index < len(lamps))
        away = lamps[index.clamp(0, len(lamps) - 1)] - point
        squared = away.square().sum(1)
        inverse = torch.rsqrt(squared.clamp(min=0.04))
        down = (away[:, 1] * inverse).clamp(min=0)
        facing = ((away * normal).sum(1) * inverse + 0.12).clamp(min=0)
        total += there * (down.square().square() + 0.012) * facing / (squared * 0.06 + 1.0)
    return LAMP_POWER * total[:, None] * colour


def headlight(point: Tensor, normal: Tensor, camera: Tensor, axes: Tensor, lights: Headlights) -> Tensor:
    """Light (N, 3) of our headlights at points (N, 3) with unit normals (N, 3): cut off above the horizon.

    They sit below the camera (3,), whose axes are the columns of (3, 3).
    """
    source = camera * camera.new_tensor([1.0, 0.0, 1.0]) + camera.new_tensor([0.0, HEADLIGHT_HEIGHT, 0.0])
    way = point - source
    squared = way.square().sum(1)
    inverse = torch.rsqrt(squared.clamp(min=0.25))
    right, ahead = (way @ axes[:, 0]) * inverse, (way @ axes[:, 2]) * inverse
    climb = way[:, 1] * inverse
    beam = torch.exp(-((right + 0.03) / 0.3).square()) * torch.sigmoid((lights.cut - climb) / lights.softness)
    spill = 0.05 * torch.exp(-(right / 0.6).square())
    facing = (-(way * normal).sum(1) * inverse + 0.06).clamp(min=0)
    power = lights.power * (beam + spill) * (ahead > 0) * facing / (squared * 0.12 + 4.0)
    return power[:, None] * point.new_tensor([1.0, 0.95, 0.84])


def night_sky(direction: Tensor, hills: Hills) -> Tensor:
    """The town's own light on a dark sky."""
    low, top = direction.new_tensor(SKY_LOW), direction.new_tensor(SKY_TOP)
    sky = gradient(direction, top, low, 0.5)
    return mix(sky, 0.35 * sky, hill_share(direction, hills))


def illuminate(scene: Scene) -> Tensor:
    """A dry night."""
    return night_light(scene, scene.surface, scene.surface.albedo)


def develop(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """Glare around lights, a colder balance in the dark, strong noise."""
    balance = image.new_tensor([0.97, 0.97, 1.04])
    return grain(tone(bloom(image, 0.5, 0.5) * balance, 1.1), generator, 0.045, 0.012)
