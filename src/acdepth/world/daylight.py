"""Sun and sky of a clear day, and the hills on the horizon."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.solids import Triple


@dataclass(frozen=True)
class Hills:
    """What is painted along the horizon."""

    height: float = 0.045  # [rad]
    relief: float = 0.016  # spread of the height [rad]
    turn: float = 0.0  # which part of the relief lies ahead [rad]
    colour: Triple = (0.2, 0.3, 0.24)


@dataclass(frozen=True)
class Daylight:
    """Sun and sky of a town's clear day."""

    sun: Tensor  # (3,) unit vector towards the sun
    sun_colour: Tensor  # (3,)
    zenith: Tensor  # (3,)
    horizon: Tensor  # (3,)
    cloudiness: float
    lamp_colour: Tensor  # (3,) of its street lamps at night
    lit_share: float  # of its windows at night
    haze: float = 1100.0  # distance at which 1/e of a colour is left [m]
    hills: Hills = Hills()


def draw_daylight(seed: int) -> Daylight:
    """Sun direction and sky colours of a town."""
    dice = Dice(seed, "daylight")
    elevation = dice.uniform(0.42, 0.95)
    azimuth = dice.uniform(-math.pi, math.pi)
    sun = (
        math.cos(elevation) * math.sin(azimuth),
        math.sin(elevation),
        math.cos(elevation) * math.cos(azimuth),
    )
    low = 1 - (elevation - 0.42) / 0.53
    warm = torch.tensor([1.0, 0.93 - 0.1 * low, 0.84 - 0.22 * low])
    blue = dice.uniform(0.0, 1.0)
    return Daylight(
        sun=torch.tensor(sun),
        sun_colour=warm * dice.uniform(2.1, 2.7),
        zenith=torch.tensor([0.13 + 0.08 * blue, 0.28 + 0.07 * blue, 0.66]),
        horizon=torch.tensor([0.62, 0.74, 0.88]) * dice.uniform(0.9, 1.05),
        cloudiness=dice.uniform(-0.6, 0.9),
        lamp_colour=torch.tensor(dice.pick(((1.0, 0.62, 0.28), (1.0, 0.78, 0.5), (0.85, 0.92, 1.0)))),
        lit_share=dice.uniform(0.12, 0.4),
    )
