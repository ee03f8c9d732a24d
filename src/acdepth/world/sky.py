"""Sun and sky: their colours by day, drifting clouds, and far hills on the horizon."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.patterns import mix, sample_noise
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


def draw_sun(dice: Dice, lowest: float, span: float) -> tuple[Tensor, float]:
    """Direction (3,) of a sun ``lowest`` above the horizon or up to ``span`` higher [rad]; how low, 0..1."""
    elevation = dice.uniform(lowest, lowest + span)
    azimuth = dice.uniform(-math.pi, math.pi)
    level = math.cos(elevation)
    sun = torch.tensor([level * math.sin(azimuth), math.sin(elevation), level * math.cos(azimuth)])
    return sun, 1 - (elevation - lowest) / span


def draw_daylight(seed: int) -> Daylight:
    """Sun direction and sky colours of a town."""
    dice = Dice(seed, "daylight")
    sun, low = draw_sun(dice, 0.42, 0.53)
    warm = torch.tensor([1.0, 0.93 - 0.1 * low, 0.84 - 0.22 * low])
    blue = dice.uniform(0.0, 1.0)
    return Daylight(
        sun=sun,
        sun_colour=warm * dice.uniform(2.1, 2.7),
        zenith=torch.tensor([0.13 + 0.08 * blue, 0.28 + 0.07 * blue, 0.66]),
        horizon=torch.tensor([0.62, 0.74, 0.88]) * dice.uniform(0.9, 1.05),
        cloudiness=dice.uniform(-0.6, 0.9),
        lamp_colour=torch.tensor(dice.pick(((1.0, 0.62, 0.28), (1.0, 0.78, 0.5), (0.85, 0.92, 1.0)))),
        lit_share=dice.uniform(0.12, 0.4),
    )


def clouds(direction: Tensor, cloudiness: float) -> Tensor:
    """Share (N,) of cloud in upward directions (N, 3); cloudiness about -1 (none) to 1 (many)."""
    over = direction[:, 1].clamp(min=0.04) + 0.1
    u, v = direction[:, 0] / over, direction[:, 2] / over
    width = torch.full_like(u, 0.012)
    noise = sample_noise(u + 0.4, v, 8.0, width)
    density = noise[:, 2] + 0.35 * sample_noise(v, u, 2.7, width)[:, 1] + cloudiness
    share = (0.9 * density).clamp(0, 1)
    return share * share * (3 - 2 * share) * (direction[:, 1] * 8).clamp(0, 1)


def gradient(direction: Tensor, zenith: Tensor, horizon: Tensor, bend: float = 0.55) -> Tensor:
    """Colours (N, 3) between the horizon's and the zenith's; a small ``bend`` narrows the horizon's band."""
    risen = direction[:, 1].clamp(min=0).pow(bend)
    return mix(horizon.expand(len(direction), 3), zenith.expand(len(direction), 3), risen)


def clear_sky(direction: Tensor, zenith: Tensor, horizon: Tensor, sun: Tensor, cloudiness: float) -> Tensor:
    """Blue sky with white clouds, brighter around the sun."""
    colour = gradient(direction, zenith, horizon)
    towards = (direction @ sun).clamp(min=0)
    cloud = clouds(direction, cloudiness)
    white = direction.new_tensor([0.98, 0.97, 0.96]) * (0.85 + 0.35 * towards[:, None] ** 4)
    colour = mix(colour, white, 0.9 * cloud)
    halo = 0.35 * towards**12 + 3.0 * towards**400
    return colour + halo[:, None] * direction.new_tensor([1.0, 0.9, 0.72])


def overcast_sky(direction: Tensor, brightness: float) -> Tensor:
    """A closed grey cover with soft structure."""
    over = direction[:, 1].clamp(min=0.04) + 0.2
    width = torch.full_like(over, 0.02)
    noise = sample_noise(direction[:, 0] / over, direction[:, 2] / over, 9.0, width)
    risen = direction[:, 1].clamp(min=0).pow(0.55)
    shade = brightness * (0.9 + 0.14 * noise[:, 2] + 0.05 * noise[:, 1] - 0.25 * risen)
    return shade[:, None] * direction.new_tensor([0.94, 0.98, 1.04])


def hill_share(direction: Tensor, hills: Hills) -> Tensor:
    """Share (N,) of rays that meet the far hills."""
    flat = torch.hypot(direction[:, 0], direction[:, 2]).clamp(min=1e-6)
    climb = direction[:, 1] / flat
    azimuth = torch.atan2(direction[:, 0], direction[:, 2])
    wide = torch.full_like(azimuth, 0.02)
    noise = sample_noise(azimuth + hills.turn, torch.zeros_like(azimuth), 6.2831853, wide)
    profile = hills.height + hills.relief * noise[:, 2]
    return ((profile - climb) / 0.006 + 0.5).clamp(0, 1)
