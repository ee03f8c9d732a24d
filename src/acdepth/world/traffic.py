"""What moves: oncoming vehicles, now and then one ahead of us, and people walking."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.road import Road
from acdepth.world.solids import Pair, Solids, Triple
from acdepth.world.trajectory import FRAME_RATE, Drive, drive_along
from acdepth.world.vehicles import build_person, build_vehicle


@dataclass(frozen=True)
class Mover:
    """A vehicle or a person: its body in each phase of its step, and where it is in each frame."""

    bodies: tuple[Solids, ...]  # cycled through frame by frame
    places: tuple[Triple, ...]  # (x, z, yaw) per frame
    half_size: Triple  # of its shadow's box: half width, height, half length [m]
    lean: Pair = (0.25, 0.6)  # of the box's sides [m per m of height]

    def at(self, frame: int) -> Solids:
        """The body, where it is in this frame."""
        return self.bodies[frame % len(self.bodies)].moved(*self.places[frame])


Build = Callable[[Dice, tuple[Triple, ...]], Mover]
"""Makes a vehicle that is at these places."""


def draw_traffic(seed: int, road: Road, drive: Drive) -> tuple[Mover, ...]:
    """The movers of a town during its drive; every draw is independent of the drive's length."""
    dice = Dice(seed, "traffic")
    movers = []
    if dice.chance(0.3):
        movers.append(drive_ahead(Dice(seed, "lead"), road, drive, build_car, 0, (14, 24), 2.5))
    if dice.chance(0.6):
        movers += [_oncoming_car(Dice(seed, "oncoming", i), road, drive, i) for i in range(dice.whole(1, 3))]
    movers += [_walker(Dice(seed, "walker", i), road, drive, i) for i in range(dice.whole(0, 4))]
    return tuple(movers)


def build_car(dice: Dice, places: tuple[Triple, ...]) -> Mover:
    """A car or van."""
    return Mover((build_vehicle(dice, moving=True),), places, (0.9, 1.4, 2.1))


def drive_ahead(
    dice: Dice, road: Road, drive: Drive, build: Build, lane: int, gap: Pair, swing: float
) -> Mover:
    """A vehicle before us whose distance breathes slowly, by ``swing``, around one drawn from ``gap`` [m]."""
    count = torch.arange(len(drive.along), dtype=torch.float64)
    away = dice.uniform(*gap) + swing * torch.sin(count / dice.uniform(25, 40) + dice.uniform(0, 6.28))
    return build(dice, along_lane(road, drive.along + away, road.lane_middle(lane), False))


def _oncoming_car(dice: Dice, road: Road, drive: Drive, index: int) -> Mover:
    start = drive.along[0].item() + 22 + 38 * index + dice.uniform(0, 25)
    speed = torch.full((len(drive.along),), -dice.uniform(6, 11), dtype=torch.float64)
    return build_car(dice, along_lane(road, drive_along(road, start, speed), -road.lane_middle(0), True))


def along_lane(road: Road, along: Tensor, lateral: float, backwards: bool) -> tuple[Triple, ...]:
    """(x, z, yaw) at positions along (F,) of the road, facing ahead or backwards."""
    places = []
    for z in along.tolist():
        x, foot, yaw = road.place(z, lateral)
        places.append((x, foot, yaw + math.pi if backwards else yaw))
    return tuple(places)


def _walker(dice: Dice, road: Road, drive: Drive, index: int) -> Mover:
    """Someone walking on a pavement, towards us or ahead of us."""
    way = dice.sign()
    lateral = dice.sign() * (road.half_width + dice.uniform(0.7, road.pavement_width - 0.5))
    start = drive.along[0].item() + 9 + 9 * index + dice.uniform(0, 8)
    pace = dice.uniform(1.0, 1.6)
    speed = torch.full((len(drive.along),), way * pace, dtype=torch.float64)
    places = along_lane(road, drive_along(road, start, speed), lateral, way < 0)
    phases = max(4, round(2 * 0.75 / pace * FRAME_RATE))
    looks = dice.whole(0, 10**6)
    strides = (math.sin(2 * math.pi * k / phases) for k in range(phases))
    bodies = tuple(build_person(Dice(looks, "person"), stride) for stride in strides)
    return Mover(bodies, places, (0.25, 1.7, 0.25))
