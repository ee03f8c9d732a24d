"""Motorways full of cars and lorries: two to four lanes each way, rails, gantries, bridges, noise walls."""

from functools import partial

from acdepth.world.car import Car
from acdepth.world.dice import Dice
from acdepth.world.fleet import HIGHWAY
from acdepth.world.lanes import draw_lanes, draw_moving, stand_queues
from acdepth.world.paint.patch import GroundPainter
from acdepth.world.palette import LEAVES, vary
from acdepth.world.road import Road, draw_waves
from acdepth.world.solids import Material, Triple, Workshop
from acdepth.world.street import put_lamp
from acdepth.world.styles.city import draw_daylight
from acdepth.world.styles.country.fields import settle_fields
from acdepth.world.styles.country.ground import paint_ground
from acdepth.world.styles.country.motorway import CONCRETE, furnish_motorway
from acdepth.world.styles.country.verge import line_verge, pieces
from acdepth.world.styles.country.way import ASPHALTS, STEP, Kind, Way
from acdepth.world.styles.country.way import CONCRETE as SLABS
from acdepth.world.styles.town import Style
from acdepth.world.traffic import Mover
from acdepth.world.trajectory import Drive
from acdepth.world.trees import plant_bush, plant_far_tree

STANDING, EMPTY = 0.12, 0.15
"""Shares of lanes."""


def draw_way(seed: int) -> Way:
    """The surface of a motorway."""
    dice = Dice(seed, "motorway", "way")
    concrete = dice.chance(0.35)
    asphalt = SLABS if concrete else dice.pick(ASPHALTS)
    return Way(Kind.MOTORWAY, asphalt, concrete, edge_lines=True, solid_centre=False, avenue=0.0, poles=0)


def draw_road(seed: int, blocks: int) -> Road:
    """The course and measures of a motorway."""
    dice = Dice(seed, "motorway", "road")
    waves = draw_waves(dice, dice.pick((0.01, 0.04, 0.08, 0.12)))
    lanes, lane_width, median = dice.pick((2, 2, 3, 3, 4)), dice.uniform(3.4, 3.75), dice.uniform(1.0, 3.0)
    block_length = dice.uniform(60, 95)
    return Road(
        waves=waves,
        half_width=median + lanes * lane_width + dice.uniform(0.8, 3.2),
        lane_width=lane_width,
        pavement_width=dice.uniform(1.3, 3.5),
        block_length=block_length,
        first_crossing=-dice.uniform(0.3, 0.9) * block_length,
        crossings=(False,) * (blocks + 1),
        crossing_half_width=2.0,
        step=STEP,
        median=median,
        lanes=lanes,
        our_lane=dice.whole(0, lanes - 1),
    )


def furnish(shop: Workshop, road: Road, seed: int) -> list[Triple]:
    """Rails, signs, bridges, walls and trees, queues in lanes that stand; few stretches are lit."""
    way, lamps, lanes = draw_way(seed), [], draw_lanes(seed, "motorway", road, STANDING, EMPTY)
    lit = Dice(seed, "motorway", "lamps").chance(0.35)
    for block in range(road.blocks):
        start, end = (road.crossing_position(number) for number in (block, block + 1))
        furnish_motorway(shop, road, seed, block)
        stand_queues(shop, road, lanes, HIGHWAY, seed, block)
        for side in (-1, 1):
            dice = Dice(seed, "motorway", "verge", block, side)
            line_verge(shop, road, way, dice, side, (start, end))
            _line_land(shop, road, dice, seed, block, side)
            if lit:
                lamps += [put_lamp(shop, road, side, z) for z, _ in pieces(start, end, 35.0)]
    return lamps


def _line_land(shop: Workshop, road: Road, dice: Dice, seed: int, block: int, side: int) -> None:
    """Open land, a belt of trees, or a high noise wall with ivy before it."""
    start, end = (road.crossing_position(number) for number in (block, block + 1))
    edge, kind = road.half_width + road.pavement_width, dice.uniform(0, 1)
    if kind < 0.35:
        settle_fields(shop, road, seed, block, side, (start, end), False)
    elif kind < 0.75:
        for middle, _ in pieces(start, end, 5.0):
            for row in (3.0, 8.0):
                x, z, _ = road.place(middle, side * (edge + row + dice.uniform(-1.5, 2.5)))
                plant = plant_bush if dice.chance(0.4) else plant_far_tree
                plant(shop, dice, x, z, dice.uniform(1.2, 2.2))
    else:
        height, colour = (
            dice.uniform(1.6, 3.2),
            vary(dice, dice.pick((CONCRETE, (0.2, 0.24, 0.2), (0.36, 0.25, 0.18)))),
        )
        for middle, length in pieces(start, end, 6.0):
            half, seed_of = (0.12, height, length / 2), dice.whole(1, 10**6)
            material = Material.PLANKS if dice.chance(0.85) else Material.WALL
            place = road.place(middle, side * (road.half_width + 2.0))
            shop.stand(place, half, material, vary(dice, colour, 0.05), seed=seed_of)
            if dice.chance(0.3):
                half, leaves = (0.25, height * 0.7, length / 3), vary(dice, dice.pick(LEAVES))
                place = road.place(middle, side * (road.half_width + 1.75))
                shop.stand(place, half, Material.FOLIAGE, leaves, seed=seed_of)


def prepare_ground(road: Road, seed: int) -> GroundPainter:
    """Asphalt or concrete, lines, verges and fields."""
    return partial(paint_ground, road=road, way=draw_way(seed), seed=seed)


def draw_traffic(seed: int, road: Road, drive: Drive) -> tuple[Mover, ...]:
    """Cars and lorries in all lanes."""
    lanes = draw_lanes(seed, "motorway", road, STANDING, EMPTY)
    return draw_moving(seed, road, drive, lanes, HIGHWAY)


CAR = Car(height=(1.25, 1.7), pitch=(-0.005, 0.02), speed=(9.0, 12.8))

MOTORWAY = Style(
    "motorway",
    CAR,
    draw_road,
    furnish,
    prepare_ground,
    draw_traffic,
    partial(draw_daylight, style="motorway"),
)
