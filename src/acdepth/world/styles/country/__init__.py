"""A style as unlike towns as another data set is: country lanes, roads and motorways, seen from a van."""

from functools import partial

from acdepth.world.car import Car, Response
from acdepth.world.dice import Dice
from acdepth.world.lamps import Headlights
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road
from acdepth.world.solids import Triple, Workshop
from acdepth.world.styles.base import Style
from acdepth.world.styles.country.daylight import draw_daylight
from acdepth.world.styles.country.farms import build_farm, build_village
from acdepth.world.styles.country.fields import settle_fields
from acdepth.world.styles.country.ground import paint_ground
from acdepth.world.styles.country.motorway import furnish_motorway
from acdepth.world.styles.country.traffic import draw_traffic
from acdepth.world.styles.country.verge import line_verge
from acdepth.world.styles.country.way import Kind, draw_road, draw_way

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
