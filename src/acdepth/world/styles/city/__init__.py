"""Dense city traffic: queues before us and beside us, buses and lorries next to the camera, parked rows."""

import math
from functools import partial

import torch

from acdepth.world.car import Car
from acdepth.world.dice import Dice
from acdepth.world.fleet import STREET, build_rider
from acdepth.world.lanes import Flow, along_kerb, draw_lanes, draw_moving, stand_queues
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road
from acdepth.world.sky import Daylight, Hills, draw_sun
from acdepth.world.solids import Triple, Workshop
from acdepth.world.styles.city.ground import paint_ground
from acdepth.world.styles.city.plan import draw_plan, draw_road
from acdepth.world.styles.city.street import furnish_above, furnish_side
from acdepth.world.styles.town import Style
from acdepth.world.traffic import Mover
from acdepth.world.trajectory import FRAME_RATE, Drive
from acdepth.world.vehicles import build_person

STANDING, EMPTY = 0.3, 0.2
"""Shares of lanes."""


def furnish(shop: Workshop, road: Road, seed: int) -> list[Triple]:
    """Houses, walls and parks, parked rows, queues, and what is above the street."""
    plan, lamps = draw_plan(seed), []
    lanes = draw_lanes(seed, "city", road, STANDING, EMPTY)
    for block in range(road.blocks):
        for side in (-1, 1):
            lamps += furnish_side(shop, road, plan, seed, block, side)
        furnish_above(shop, road, plan, seed, block)
        stand_queues(shop, road, lanes, STREET, seed, block)
    return lamps


def prepare_ground(road: Road, seed: int) -> GroundPainter:
    """Lanes, kerbs and slabs."""
    return partial(paint_ground, road=road, plan=draw_plan(seed), seed=seed)


def draw_traffic(seed: int, road: Road, drive: Drive) -> tuple[Mover, ...]:
    """Columns of vehicles, a cyclist at the kerb, and people who cross where no one drives before us."""
    lanes = draw_lanes(seed, "city", road, STANDING, EMPTY)
    movers = list(draw_moving(seed, road, drive, lanes, STREET))
    dice = Dice(seed, "city", "kerb riders")
    if dice.chance(0.5):
        lateral = road.median + road.lanes * road.lane_width + 0.4
        movers.append(along_kerb(dice, road, drive, build_rider(dice, True), lateral))
    people = Dice(seed, "city", "crossers")
    if lanes.ahead[road.our_lane] is Flow.EMPTY:
        movers += [_crosser(Dice(seed, "city", "crosser", i), road, drive) for i in range(people.whole(1, 4))]
    return tuple(movers)


def _crosser(dice: Dice, road: Road, drive: Drive) -> Mover:
    """Someone who crosses the road before us and has left our lane when we arrive."""
    way, pace = dice.sign(), dice.uniform(1.3, 1.9)
    ahead = drive.along[0].item() + dice.uniform(24, 45)
    first = road.lane_middle(road.our_lane) + way * dice.uniform(0.0, 3.0)
    kerb = road.half_width - 0.3
    places = []
    for frame in range(len(drive.along)):
        lateral = max(-kerb, min(kerb, first + way * pace * frame / FRAME_RATE))
        x, z, yaw = road.place(ahead, lateral)
        places.append((x, z, yaw + way * math.pi / 2))
    phases, looks = max(4, round(2 * 0.75 / pace * FRAME_RATE)), dice.whole(0, 10**6)
    strides = (math.sin(2 * math.pi * k / phases) for k in range(phases))
    bodies = tuple(build_person(Dice(looks, "person"), stride, ground=0.0) for stride in strides)
    return Mover(bodies, tuple(places), (0.25, 1.7, 0.25))


def draw_daylight(seed: int, style: str = "city") -> Daylight:
    """Any sun from low to high, in skies from blue to a bright white haze."""
    dice = Dice(seed, style, "daylight")
    sun, low = draw_sun(dice, 0.25, 0.75)
    veil = dice.uniform(0.0, 1.0)
    return Daylight(
        sun=sun,
        sun_colour=torch.tensor([1.0, 0.93 - 0.1 * low, 0.84 - 0.22 * low]) * dice.uniform(1.4, 2.7),
        zenith=torch.tensor([0.16, 0.34, 0.72]).lerp(torch.tensor([0.75, 0.8, 0.86]), veil),
        horizon=torch.tensor([0.8, 0.84, 0.88]) * dice.uniform(0.9, 1.2),
        cloudiness=dice.uniform(-0.8, 1.0),
        lamp_colour=torch.tensor(dice.pick(((1.0, 0.68, 0.36), (1.0, 0.86, 0.62), (0.9, 0.95, 1.0)))),
        lit_share=dice.uniform(0.2, 0.6),
        haze=dice.uniform(500, 2000),
        hills=Hills(
            height=dice.uniform(-0.02, 0.05), relief=dice.uniform(0.008, 0.02), turn=dice.uniform(0, 6.28)
        ),
    )


CAR = Car(height=(1.25, 1.6), pitch=(-0.01, 0.02))
"""A car whose camera looks up or down a little."""

CITY = Style("city", CAR, draw_road, furnish, prepare_ground, draw_traffic, draw_daylight)
