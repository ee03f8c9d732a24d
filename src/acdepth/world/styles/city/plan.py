"""What holds along a whole city street: its lanes, what is beside them, above them and between them."""

from dataclasses import dataclass, replace

from acdepth.world.buildings import BRICK, PANELS, PLASTER, BuildingStyle, draw_building_style
from acdepth.world.dice import Dice
from acdepth.world.road import Road, draw_waves
from acdepth.world.solids import Triple

BAY = 2.25  # width of a row of parked cars [m]


@dataclass(frozen=True)
class Plan:
    """One city's street, apart from its course; lengths in metres."""

    lanes: int  # each way
    our_lane: int
    lane_width: float
    median: float  # half the width of what lies between the carriageways, 0 for a line
    parked: bool
    parked_share: float
    tram: bool  # rails in the inner lanes and wires above them
    cables: int  # side of the telephone cables, 0 for none
    asphalt: float  # brightness over the usual
    yellow: bool  # the line in the middle
    open_share: float  # of blocks without houses
    trees: float  # distance between street trees, 0 for none
    people: float  # on each side of a block
    buildings: BuildingStyle

    @property
    def bay(self) -> float:
        """Width of the row of parked cars."""
        return BAY if self.parked else 0.0


def draw_plan(seed: int) -> Plan:
    """The plan of a city."""
    dice = Dice(seed, "city", "plan")
    lanes = dice.pick((1, 1, 2, 2, 2, 3, 4))
    return Plan(
        lanes=lanes,
        our_lane=dice.whole(0, lanes - 1),
        lane_width=dice.uniform(2.9, 3.5),
        median=dice.uniform(0.5, 2.6) if lanes > 1 and dice.chance(0.5) else 0.0,
        parked=dice.chance(0.65),
        parked_share=dice.uniform(0.5, 0.97),
        tram=dice.chance(0.3),
        cables=dice.pick((0, 0, -1, 1)),
        asphalt=dice.uniform(0.65, 2.0),
        yellow=dice.chance(0.35),
        open_share=dice.pick((0.1, 0.35, 0.7)),
        trees=dice.pick((0.0, 8.0, 12.0, 20.0)) * dice.uniform(0.85, 1.15),
        people=dice.uniform(0.5, 5.0),
        buildings=_draw_buildings(seed, dice),
    )


def _draw_buildings(seed: int, dice: Dice) -> BuildingStyle:
    """Any town's houses, or taller ones that stand closer together."""
    usual = draw_building_style(seed)
    if dice.chance(0.4):
        return usual
    low = dice.whole(3, 6)
    walls = dice.pick(((BRICK, PLASTER), (PANELS, PANELS, PLASTER), (PLASTER, BRICK, PANELS)))
    return replace(
        usual,
        suburban=False,
        setback=(0.0, dice.uniform(0.2, 6.0)),
        gap=(2.0, 9.0),
        gap_chance=dice.uniform(0.0, 0.3),
        width=(10.0, dice.uniform(16, 34)),
        floors=(low, low + dice.whole(1, 4)),
        walls=walls,
    )


MARGIN = 0.9
"""Between the outer lane and the kerb or the parked row [m]: room for a bicycle."""


def draw_road(seed: int, blocks: int) -> Road:
    """The course of a city street."""
    plan, dice = draw_plan(seed), Dice(seed, "city", "road")
    waves: tuple[Triple, ...] = draw_waves(dice, dice.pick((0.01, 0.05, 0.12, 0.25)))
    block_length, streets = dice.uniform(62, 110), Dice(seed, "city", "crossings")
    return Road(
        waves=waves,
        half_width=plan.median + plan.lanes * plan.lane_width + MARGIN + plan.bay,
        lane_width=plan.lane_width,
        pavement_width=dice.uniform(1.8, 5.0),
        block_length=block_length,
        first_crossing=-dice.uniform(0.2, 0.9) * block_length,
        crossings=tuple(streets.chance(0.6) for _ in range(blocks + 1)),
        crossing_half_width=dice.uniform(3.5, 6.0),
        median=plan.median,
        lanes=plan.lanes,
        our_lane=plan.our_lane,
    )
