"""Skies: a gradient, drifting clouds, the sun's glare and far hills."""

import torch
from torch import Tensor

from acdepth.world.daylight import Hills
from acdepth.world.noise import sample_noise
from acdepth.world.patterns import mix


def clouds(direction: Tensor, cloudiness: float) -> Tensor:
    """Share (N,) of cloud in upward directions (N, 3); cloudiness about -1 (none) to 1 (many)."""
    over = direction[:, 1].clamp(min=0.04) + 0.1
    u, v = direction[:, 0] / over, direction[:, 2] / over
    width = torch.full_like(u, 0.012)
    noise = sample_noise(u + 0.4, v, 8.0, width)
    density = noise[:, 2] + 0.35 * sample_noise(v, u, 2.7, width)[:, 1] + cloudiness
    share = (0.9 * density).clamp(0, 1)
    return share * share * (3 - 2 * share) * (direction[:, 1] * 8).clamp(0, 1)


def gradient(direction: Tensor, zenith: Tensor, horizon: Tensor) -> Tensor:
    """Colours (N, 3) between the horizon's and the zenith's."""
    return mix(horizon.expand(len(direction), 3), zenith.expand(len(direction), 3), _risen(direction))


def _risen(direction: Tensor) -> Tensor:
    return direction[:, 1].clamp(min=0).pow(0.55)


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
    shade = brightness * (0.9 + 0.14 * noise[:, 2] + 0.05 * noise[:, 1] - 0.25 * _risen(direction))
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
