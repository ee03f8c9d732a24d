"""Night: pools of lamp light, lit windows, our headlights, glare and a noisy sensor."""

import torch
from torch import Tensor

from acdepth.world.lamps import headlight, lamp_light
from acdepth.world.patterns import mix
from acdepth.world.sky import Hills, gradient, hill_share
from acdepth.world.surface import Surface
from acdepth.world.weather.base import Scene, ambient, bloom, grain, put_sky, tone, with_air

SKY_TOP = (0.0015, 0.002, 0.0045)
SKY_LOW = (0.014, 0.0115, 0.012)
WINDOW_LIGHT = 0.55


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
    colour = with_air(colour, surface, 260.0, low)
    return put_sky(colour, surface, lambda direction: night_sky(direction, town.daylight.hills))


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
