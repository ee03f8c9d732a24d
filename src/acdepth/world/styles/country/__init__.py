"""A style as unlike towns as another data set is: country lanes, roads and motorways, seen from a van."""

from functools import partial

import torch

from acdepth.world.car import Car, Headlights, Response
from acdepth.world.dice import Dice
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road
from acdepth.world.sky import Daylight, Hills, draw_sun
from acdepth.world.solids import Material, Triple, Workshop
from acdepth.world.styles.country.farms import build_farm, build_village
from acdepth.world.styles.country.fields import settle_fields
from acdepth.world.styles.country.ground import paint_ground
from acdepth.world.styles.country.motorway import furnish_motorway
from acdepth.world.styles.country.verge import line_verge
from acdepth.world.styles.country.way import Kind, draw_road, draw_way
from acdepth.world.styles.town import Style
from acdepth.world.traffic import Mover, along_lane, build_car, drive_ahead
from acdepth.world.trajectory import Drive, drive_along
from acdepth.world.vehicles import build_lorry, build_tractor

FARMS = {Kind.LANE: 0.4, Kind.ROAD: 0.3, Kind.MOTORWAY: 0.08}
"""How often there is a farm on one side of a block."""


def furnish(shop: Workshop, road: Road, seed: int) -> list[Triple]:
    """Verges, fields and farms, block by block; few of them have a lamp."""
    way, lamps = draw_way(seed), []
    for block in range(road.blocks):
        start, end = (road.crossing_position(number) for number in (block, block + 1))
        stretch = (start + road.crossing_half_width, end - road.crossing_half_width)
        for side in (-1, 1):
            line_verge(shop, road, way, Dice(seed, "country", "verge", block, side), side, stretch)
            dice = Dice(seed, "country", "houses", block, side)
            middle, farmed = dice.uniform(start + 18, end - 18), dice.chance(FARMS[way.kind])
            if farmed:
                lamps += build_farm(shop, road, dice, middle, side)
            if dice.chance(0.2):
                build_village(shop, road, dice, middle, side)
            settle_fields(shop, road, seed, block, side, stretch, farmed)
        if way.kind is Kind.MOTORWAY:
            furnish_motorway(shop, road, seed, block)
    return lamps


def prepare_ground(road: Road, seed: int) -> GroundPainter:
    """Asphalt or concrete, verges, tracks and fields."""
    return partial(paint_ground, road=road, way=draw_way(seed), seed=seed)


def draw_traffic(seed: int, road: Road, drive: Drive) -> tuple[Mover, ...]:
    """Cars, lorries and tractors during a drive; every draw is independent of the drive's length."""
    kind, dice = draw_way(seed).kind, Dice(seed, "country", "traffic")
    build = partial(_build_vehicle, kind)
    movers = []
    if dice.chance(0.35):
        ahead = Dice(seed, "country", "ahead")
        movers.append(drive_ahead(ahead, road, drive, build, road.our_lane, (17, 30), 3.0))
    if kind is Kind.MOTORWAY and dice.chance(0.6):
        beside = Dice(seed, "country", "beside")
        movers.append(drive_ahead(beside, road, drive, build, 1 - road.our_lane, (17, 30), 3.0))
    oncoming = dice.whole(2, 5) if kind is Kind.MOTORWAY else dice.whole(0, 2)
    movers += [_oncoming(Dice(seed, "country", "oncoming", i), road, drive, kind, i) for i in range(oncoming)]
    return tuple(movers)


def _oncoming(dice: Dice, road: Road, drive: Drive, kind: Kind, index: int) -> Mover:
    start = drive.along[0].item() + 26 + 40 * index + dice.uniform(0, 25)
    speed = torch.full((len(drive.along),), -dice.uniform(8, 13), dtype=torch.float64)
    lateral = -road.lane_middle(dice.whole(0, road.lanes - 1))
    return _build_vehicle(kind, dice, along_lane(road, drive_along(road, start, speed), lateral, True))


def _build_vehicle(kind: Kind, dice: Dice, places: tuple[Triple, ...]) -> Mover:
    """A car; a lorry on wide roads; a tractor on a narrow one."""
    if not dice.chance(0.4):
        return build_car(dice, places)
    if kind is Kind.LANE:
        return Mover((build_tractor(dice, moving=True),), places, (0.95, 2.4, 1.7), lean=(0.1, 0.25))
    lorry = build_lorry(dice, moving=True)
    box = torch.nonzero(lorry.material == Material.CARGO)[0, 0]
    height = (lorry.centre[box, 1] + lorry.half[box, 1]).item()
    return Mover((lorry,), places, (1.25, height, lorry.half[box, 2].item() + 1.0), lean=(0.0, 0.05))


def draw_daylight(seed: int) -> Daylight:
    """A lower sun in a paler, cloudier sky than that of towns, over wooded hills."""
    dice = Dice(seed, "country", "daylight")
    sun, low = draw_sun(dice, 0.3, 0.4)
    veil = dice.uniform(0.0, 1.0)
    return Daylight(
        sun=sun,
        sun_colour=torch.tensor([1.0, 0.9 - 0.12 * low, 0.76 - 0.24 * low]) * dice.uniform(1.9, 2.6),
        zenith=torch.tensor([0.2, 0.38, 0.68]).lerp(torch.tensor([0.34, 0.46, 0.62]), veil),
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


CAR = Car(
    focal=0.92,
    height=(1.7, 1.9),
    pitch=(0.012, 0.035),
    speed=(9.0, 12.8),
    response=Response(exposure=0.92, balance=(1.08, 1.0, 0.88), vignette=0.35, gamma=0.95),
    headlights=Headlights(power=40.0, cut=0.07, softness=0.05),
)
"""A van on full beam: its lens is higher and 15 % longer, looks farther down, and sees warmer colours."""

COUNTRY = Style("country", CAR, draw_road, furnish, prepare_ground, draw_traffic, draw_daylight)
