"""Dense traffic, lane by lane: queues that stand, columns that drive with us, and what comes towards us."""

import math
from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.fleet import Fleet, Vehicle, build_bus, build_truck, draw_vehicle
from acdepth.world.road import Road
from acdepth.world.solids import Pair, Workshop
from acdepth.world.traffic import Mover, along_lane
from acdepth.world.trajectory import Drive, drive_along

FIRST_GAPS = ((4.2, 9.0), (4.2, 9.0), (9.0, 20.0), (20.0, 45.0))
"""From the lens to the vehicle before us [m]: one of them."""
AHEAD, BEHIND, ONCOMING = 62.0, 14.0, 120.0
"""How far a column reaches before and behind us, and towards us [m]."""


class Flow(Enum):
    """What a lane is full of."""

    EMPTY = "empty"
    STANDING = "standing"
    MOVING = "moving"


@dataclass(frozen=True)
class Lanes:
    """The flow of every lane, counted from the middle of the road; ours never stands."""

    style: str
    ahead: tuple[Flow, ...]
    oncoming: tuple[Flow, ...]


def draw_lanes(seed: int, style: str, road: Road, standing: float, empty: float) -> Lanes:
    """Lanes of which shares stand or are empty; in the others, and mostly in ours, traffic moves."""
    dice = Dice(seed, style, "lanes")

    def flow() -> Flow:
        chosen = dice.uniform(0, 1)
        if chosen < standing:
            return Flow.STANDING
        return Flow.EMPTY if chosen < standing + empty else Flow.MOVING

    ahead, oncoming = ([flow() for _ in range(road.lanes)] for _ in range(2))
    ahead[road.our_lane] = Flow.MOVING if dice.chance(0.75) else Flow.EMPTY
    return Lanes(style, tuple(ahead), tuple(oncoming))


def stand_row(
    shop: Workshop,
    road: Road,
    dice: Dice,
    fleet: Fleet,
    stretch: Pair,
    lateral: float,
    gaps: Pair,
    *,
    taken: float = 1.0,
    at_kerb: bool = False,
) -> None:
    """Vehicles one behind another along a stretch of a lane, or parked with their wheels ``at_kerb``."""
    z, end = stretch
    side = math.copysign(1.0, lateral)
    while True:
        z += dice.uniform(*gaps)
        vehicle = draw_vehicle(dice, fleet, moving=not at_kerb)
        half_width, _, half_length = vehicle.half_size
        if z + 2 * half_length > end:
            return
        if dice.chance(taken):
            across = lateral - side * half_width if at_kerb else lateral + dice.uniform(-0.25, 0.25)
            x, middle, yaw = road.place(z + half_length, across)
            facing = yaw + (0.0 if side > 0 else math.pi) + dice.uniform(-0.02, 0.02)
            shop.extend(vehicle.body.moved(x, middle, facing))
        z += 2 * half_length


def stand_queues(shop: Workshop, road: Road, lanes: Lanes, fleet: Fleet, seed: int, block: int) -> None:
    """The lanes of one block in which traffic stands."""
    start = road.crossing_position(block) + road.crossing_half_width + 4.0
    end = road.crossing_position(block + 1) - road.crossing_half_width - 4.0
    for way, flows in ((1, lanes.ahead), (-1, lanes.oncoming)):
        for lane, flow in enumerate(flows):
            dice = Dice(seed, lanes.style, "queue", block, way, lane)
            if flow is Flow.STANDING:
                stand_row(shop, road, dice, fleet, (start, end), way * road.lane_middle(lane), (1.2, 6.0))


def draw_moving(seed: int, road: Road, drive: Drive, lanes: Lanes, fleet: Fleet) -> tuple[Mover, ...]:
    """All that moves in the lanes during a drive; every draw is independent of the drive's length."""
    movers: list[Mover] = []
    for lane, flow in enumerate(lanes.ahead):
        if flow is Flow.MOVING:
            movers += _column(Dice(seed, lanes.style, "column", lane), road, drive, fleet, lane)
    for lane, flow in enumerate(lanes.oncoming):
        if flow is Flow.MOVING:
            movers += _oncoming(Dice(seed, lanes.style, "against", lane), road, drive, fleet, lane)
    return tuple(movers)


def _column(dice: Dice, road: Road, drive: Drive, fleet: Fleet, lane: int) -> list[Mover]:
    """A column that keeps its order and drives as we do; in the other lanes it falls back or draws ahead."""
    ours = lane == road.our_lane
    count = torch.arange(len(drive.along), dtype=torch.float64)
    gap = dice.uniform(*dice.pick(FIRST_GAPS)) if ours else -dice.uniform(0, BEHIND)
    swing = min(2.5, 0.3 * (gap - 3.0)) if ours else dice.uniform(0.0, 9.0)
    period, phase = dice.uniform(25, 45), dice.uniform(0, 6.28)
    # It starts where it was drawn, and the wave only takes it on from there.
    wave = swing * (torch.sin(count / period + phase) - math.sin(phase))
    wave = wave.clamp(min=-0.5 * (gap - 3.0)) if ours else wave
    beside = not ours and dice.chance(0.35)
    spread = dice.pick(((1.5, 5.0), (3.0, 12.0), (8.0, 25.0)))
    movers, reach = [], gap
    while reach < AHEAD and len(movers) < 12:
        if beside and reach > -4:
            vehicle, beside = dice.pick((build_bus, build_truck))(dice, True), False
        else:
            vehicle = draw_vehicle(dice, fleet, moving=True)
        length = vehicle.half_size[2]
        lateral = road.lane_middle(lane) + dice.uniform(-0.25, 0.25)
        places = along_lane(road, drive.along + reach + length + wave, lateral, False)
        movers.append(_mover(vehicle, places))
        reach += 2 * length + dice.uniform(*spread)
    return movers


def _oncoming(dice: Dice, road: Road, drive: Drive, fleet: Fleet, lane: int) -> list[Mover]:
    """A column towards us, at one speed."""
    speed = torch.full((len(drive.along),), -dice.uniform(4, 12), dtype=torch.float64)
    spread = dice.pick(((2.0, 8.0), (6.0, 25.0), (15.0, 45.0)))
    start, movers = drive.along[0].item() + dice.uniform(0, 25), []
    end = start + ONCOMING
    while start < end and len(movers) < 9:
        vehicle = draw_vehicle(dice, fleet, moving=True)
        length = vehicle.half_size[2]
        lateral = -road.lane_middle(lane) + dice.uniform(-0.25, 0.25)
        along = drive_along(road, start + length, speed)
        movers.append(_mover(vehicle, along_lane(road, along, lateral, True)))
        start += 2 * length + dice.uniform(*spread)
    return movers


def along_kerb(dice: Dice, road: Road, drive: Drive, vehicle: Vehicle, lateral: float) -> Mover:
    """A vehicle at its own slow speed beside the lanes, before us at first."""
    speed: Tensor = torch.full((len(drive.along),), dice.uniform(3.5, 6.0), dtype=torch.float64)
    along = drive_along(road, drive.along[0].item() + dice.uniform(6, 30), speed)
    return _mover(vehicle, along_lane(road, along, lateral, False))


def _mover(vehicle: Vehicle, places: tuple) -> Mover:
    return Mover((vehicle.body,), places, vehicle.half_size, lean=vehicle.lean)
