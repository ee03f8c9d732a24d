"""The style of everything that ships: streets between houses, in suburbs, small towns and dense cities."""

from functools import partial

from acdepth.world.buildings import add_block, draw_building_style
from acdepth.world.car import Car
from acdepth.world.daylight import draw_daylight
from acdepth.world.paint.ground import paint_ground
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road, draw_road
from acdepth.world.solids import Triple, Workshop
from acdepth.world.street import draw_street_style, furnish_block
from acdepth.world.styles.base import Style
from acdepth.world.traffic import draw_traffic


def furnish(shop: Workshop, road: Road, seed: int) -> list[Triple]:
    """Houses, trees, lamps, signs, parked cars and people, block by block."""
    buildings = draw_building_style(seed)
    street = draw_street_style(seed, buildings.suburban)
    lamps = []
    for block in range(road.blocks):
        add_block(shop, road, buildings, seed, block)
        lamps += furnish_block(shop, road, street, seed, block)
    return lamps


def prepare_ground(road: Road, seed: int) -> GroundPainter:
    """Asphalt, kerbs and slabs, with grass beyond them in suburbs."""
    return partial(paint_ground, road=road, suburban=draw_building_style(seed).suburban, seed=seed)


TOWN = Style("town", Car(), draw_road, furnish, prepare_ground, draw_traffic, draw_daylight)
