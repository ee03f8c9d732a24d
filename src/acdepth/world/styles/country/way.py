"""What kind of road leads through the country: a lane, a road with two lanes, or a motorway."""

from dataclasses import dataclass
from enum import Enum

from acdepth.world.dice import Dice
from acdepth.world.road import Road, draw_waves
from acdepth.world.solids import Triple


class Kind(Enum):
    """Kinds of road."""

    LANE = "lane"
    ROAD = "road"
    MOTORWAY = "motorway"


ASPHALTS: tuple[Triple, ...] = (
    (0.075, 0.077, 0.082),  # new
    (0.155, 0.152, 0.148),  # bleached
    (0.165, 0.135, 0.12),  # reddish
    (0.2, 0.195, 0.18),  # pale
)
CONCRETE: Triple = (0.31, 0.3, 0.275)
BENDS = {
    Kind.LANE: (0.1, 0.2, 0.3, 0.36),
    Kind.ROAD: (0.04, 0.12, 0.2, 0.28),
    Kind.MOTORWAY: (0.01, 0.04, 0.08),
}
"""Steepest slopes dx/dz of centrelines."""
STEP = 0.05  # the verge lies higher than the carriageway [m]


@dataclass(frozen=True)
class Way:
    """What holds along the whole road of one country town."""

    kind: Kind
    asphalt: Triple
    concrete: bool  # slabs of concrete instead of asphalt
    edge_lines: bool
    solid_centre: bool  # a line that may not be crossed
    avenue: float  # mean distance between trees beside the road [m], 0 for none
    poles: int  # side of the telegraph poles, 0 for none


def draw_way(seed: int) -> Way:
    """The road of a country town, apart from its course."""
    dice = Dice(seed, "country", "way")
    kind = dice.pick((Kind.LANE, Kind.ROAD, Kind.ROAD, Kind.MOTORWAY))
    concrete = kind is Kind.MOTORWAY and dice.chance(0.4)
    return Way(
        kind=kind,
        asphalt=CONCRETE if concrete else dice.pick(ASPHALTS),
        concrete=concrete,
        edge_lines=kind is Kind.MOTORWAY or dice.chance(0.75 if kind is Kind.ROAD else 0.3),
        solid_centre=dice.chance(0.3),
        avenue=dice.uniform(9, 16) if kind is Kind.ROAD and dice.chance(0.4) else 0.0,
        poles=dice.sign() if kind is not Kind.MOTORWAY and dice.chance(0.6) else 0,
    )


def draw_road(seed: int, blocks: int) -> Road:
    """The course and measures of a country road; farm tracks take the place of crossing streets."""
    kind, dice = draw_way(seed).kind, Dice(seed, "country", "road")
    waves = draw_waves(dice, dice.pick(BENDS[kind]))
    median, lanes, our_lane = 0.0, 1, 0
    if kind is Kind.LANE:
        half_width = dice.uniform(2.7, 3.1)
        lane_width = half_width - 0.3
    elif kind is Kind.ROAD:
        lane_width = dice.uniform(3.2, 3.6)
        half_width = lane_width + dice.uniform(0.4, 0.9)
    else:
        median, lane_width, lanes, our_lane = dice.uniform(1.4, 2.6), 3.6, 2, dice.whole(0, 1)
        half_width = median + lanes * lane_width + dice.uniform(2.2, 3.0)
    block_length = dice.uniform(55, 85)
    tracks = Dice(seed, "country", "tracks")
    often = 0.0 if kind is Kind.MOTORWAY else 0.45
    return Road(
        waves=waves,
        half_width=half_width,
        lane_width=lane_width,
        pavement_width=dice.uniform(1.3, 2.8),  # of the verge
        block_length=block_length,
        first_crossing=-dice.uniform(0.3, 0.9) * block_length,
        crossings=tuple(tracks.chance(often) for _ in range(blocks + 1)),
        crossing_half_width=dice.uniform(1.5, 2.6),
        step=STEP,
        median=median,
        lanes=lanes,
        our_lane=our_lane,
    )
