"""What a style is: the parts of which a family of towns is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from acdepth.world.car import Car
from acdepth.world.daylight import Daylight
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.road import Road
from acdepth.world.solids import Triple, Workshop
from acdepth.world.traffic import Mover
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
