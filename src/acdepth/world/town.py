"""A town: its road, everything that stands along it, and what moves through it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.car import USUAL, Rig
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road
from acdepth.world.sky import Daylight
from acdepth.world.solids import Solids, Workshop
from acdepth.world.styles import TOWN, Style
from acdepth.world.traffic import Mover
from acdepth.world.trajectory import Drive, draw_drive

SIGHT = 170.0  # how far ahead of the last frame the town is built [m]
LONGEST_STEP = 1.2  # the drive's longest way in a frame [m]


@dataclass(frozen=True)
class Town:
    """Everything that a seed decides, for a drive of so many frames."""

    seed: int
    style: Style
    road: Road
    paint_ground: GroundPainter
    drive: Drive
    standing: Solids
    movers: tuple[Mover, ...]
    lamps: Tensor  # (M, 3) lamp heads, ordered by z
    daylight: Daylight

    def solids_at(self, frame: int) -> Solids:
        """All solids of one frame."""
        return Solids.concatenate([self.standing, *(mover.at(frame) for mover in self.movers)])


def draw_town(seed: int, frames: int, rig: Rig = USUAL, style: Style = TOWN) -> Town:
    """Make a town of a style; a longer drive through the same town begins like a shorter one.

    The rig moves the camera and nothing else.
    """
    blocks_needed = frames * LONGEST_STEP + SIGHT
    road = style.draw_road(seed, 1)
    count = math.ceil((blocks_needed - road.first_crossing) / road.block_length)
    road = style.draw_road(seed, count)
    shop = Workshop()
    lamps = style.furnish(shop, road, seed)
    drive = draw_drive(seed, road, frames, rig, style.car)
    lamps.sort(key=lambda lamp: lamp[2])
    return Town(
        seed=seed,
        style=style,
        road=road,
        paint_ground=style.prepare_ground(road, seed),
        drive=drive,
        standing=shop.finish(),
        movers=style.draw_traffic(seed, road, drive),
        lamps=torch.tensor(lamps).reshape(-1, 3),
        daylight=style.draw_daylight(seed),
    )
