"""A lower sun in a paler, cloudier sky than that of towns, over wooded hills."""

import math

import torch

from acdepth.world.daylight import Daylight, Hills
from acdepth.world.dice import Dice


def draw_daylight(seed: int) -> Daylight:
    """Sun direction and sky colours of a country town."""
    dice = Dice(seed, "country", "daylight")
    elevation = dice.uniform(0.3, 0.7)
    azimuth = dice.uniform(-math.pi, math.pi)
    level = math.cos(elevation)
    sun = (level * math.sin(azimuth), math.sin(elevation), level * math.cos(azimuth))
    low = 1 - (elevation - 0.3) / 0.4
    veil = dice.uniform(0.0, 1.0)
    zenith = torch.tensor([0.2, 0.38, 0.68]).lerp(torch.tensor([0.34, 0.46, 0.62]), veil)
    return Daylight(
        sun=torch.tensor(sun),
        sun_colour=torch.tensor([1.0, 0.9 - 0.12 * low, 0.76 - 0.24 * low]) * dice.uniform(1.9, 2.6),
        zenith=zenith,
        horizon=torch.tensor([0.78, 0.8, 0.82]) * dice.uniform(0.92, 1.08),
        cloudiness=dice.uniform(-0.4, 0.9),
        lamp_colour=torch.tensor(dice.pick(((1.0, 0.7, 0.38), (0.9, 0.95, 1.0)))),
        lit_share=dice.uniform(0.25, 0.6),
        haze=dice.uniform(900, 2000),
        hills=Hills(
            height=dice.uniform(0.03, 0.075),
            relief=dice.uniform(0.012, 0.028),
            turn=dice.uniform(0, 6.28),
            colour=(0.1, 0.16, 0.13),
        ),
    )
