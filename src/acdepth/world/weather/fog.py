"""Fog: everything fades into bright air by its true distance."""

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.weather.base import Scene, ambient, grade, grain, put_sky, tone, with_air


def illuminate(scene: Scene) -> Tensor:
    """Flat light and airlight; the visibility is the town's own."""
    surface = scene.surface
    dice = Dice(scene.town.seed, "fog")
    visibility = dice.uniform(18, 42)
    air = surface.albedo.new_tensor([0.60, 0.615, 0.63]) * dice.uniform(0.8, 1.1)
    colour = surface.albedo * ambient(scene, surface, 1.15 * air, 0.45 * air) * 1.1
    colour = colour + (surface.glass * 0.1)[:, None] * air
    colour = with_air(colour, surface, visibility, air)
    return put_sky(colour, surface, lambda direction: air.expand_as(direction).clone())


def develop(image: Tensor, scene: Scene, generator: torch.Generator) -> Tensor:
    """A soft, slightly noisy picture."""
    return grain(grade(tone(image, 1.2), 0.2, 1.0), generator, 0.012, 0.004)
