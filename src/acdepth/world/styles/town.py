"""What a style is, and that of all that ships: streets between houses, in suburbs, small towns and cities."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from acdepth.world.buildings import add_block, draw_building_style
from acdepth.world.car import Car
from acdepth.world.paint.ground import paint_ground
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road, draw_road
from acdepth.world.sky import Daylight, draw_daylight
from acdepth.world.solids import Triple, Workshop
from acdepth.world.street import draw_street_style, furnish_block
from acdepth.world.traffic import Mover, draw_traffic
from acdepth.world.trajectory import Drive


@dataclass(frozen=True)
class Style:
    """A family of towns. Every part draws from streams of its own, named by the town's seed.

    Each part must give a longer road, or drive, the beginning of a shorter one.
    """

    name: str
    car: Car
    draw_road: Callable[[int, int], Road]
    """From seed and number of blocks."""
    furnish: Callable[[Workshop, Road, int], list[Triple]]
    """Adds all that stands along a road, given the seed; returns the places (x, height, z) of lamp heads."""
    prepare_ground: Callable[[Road, int], GroundPainter]
    """The ground of a road, given the seed."""
    draw_traffic: Callable[[int, Road, Drive], tuple[Mover, ...]]
    """What moves during a drive, given the seed."""
    draw_daylight: Callable[[int], Daylight]
    """From the seed."""


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
