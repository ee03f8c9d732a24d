"""A town: its road, everything that stands along it, and what moves through it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.buildings import add_block, draw_building_style
from acdepth.world.dice import Dice
from acdepth.world.rig import USUAL, Rig
from acdepth.world.road import Road, draw_road
from acdepth.world.solids import Solids, Workshop
from acdepth.world.street import draw_street_style, furnish_block
from acdepth.world.traffic import Mover, draw_traffic
from acdepth.world.trajectory import Drive, draw_drive

SIGHT = 170.0  # how far ahead of the last frame the town is built [m]
LONGEST_STEP = 1.2  # the drive's longest way in a frame [m]


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


@dataclass(frozen=True)
class Town:
    """Everything that a seed decides, for a drive of so many frames."""

    seed: int
    suburban: bool
    road: Road
    drive: Drive
    standing: Solids
    movers: tuple[Mover, ...]
    lamps: Tensor  # (M, 3) lamp heads, ordered by z
    daylight: Daylight

    def solids_at(self, frame: int) -> Solids:
        """All solids of one frame."""
        return Solids.concatenate([self.standing, *(mover.at(frame) for mover in self.movers)])


def draw_town(seed: int, frames: int, rig: Rig = USUAL) -> Town:
    """Make a town; a longer drive through the same town begins like a shorter one.

    The rig moves the camera and nothing else.
    """
    blocks_needed = frames * LONGEST_STEP + SIGHT
    road = draw_road(seed, 1)
    count = math.ceil((blocks_needed - road.first_crossing) / road.block_length)
    road = draw_road(seed, count)
    building_style = draw_building_style(seed)
    street_style = draw_street_style(seed, building_style.suburban)
    shop, lamps = Workshop(), []
    for block in range(count):
        add_block(shop, road, building_style, seed, block)
        lamps += furnish_block(shop, road, street_style, seed, block)
    drive = draw_drive(seed, road, frames, rig)
    lamps.sort(key=lambda lamp: lamp[2])
    return Town(
        seed=seed,
        suburban=building_style.suburban,
        road=road,
        drive=drive,
        standing=shop.finish(),
        movers=draw_traffic(seed, road, drive),
        lamps=torch.tensor(lamps),
        daylight=draw_daylight(seed, drive),
    )


def draw_daylight(seed: int, drive: Drive) -> Daylight:
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
