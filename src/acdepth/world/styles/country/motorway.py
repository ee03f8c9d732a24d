"""What only motorways have: rails in the middle, gantries, bridges and noise barriers."""

from acdepth.world.dice import Dice
from acdepth.world.palette import PLANKS, linear, vary
from acdepth.world.road import Road
from acdepth.world.solids import Material, Shape, Workshop
from acdepth.world.street import STEEL
from acdepth.world.styles.country.verge import pieces, put_rail

SIGN_BLUE, SIGN_GREEN, SIGN_WHITE = linear("1d4f9c"), linear("1f6b45"), (0.78, 0.78, 0.76)
CONCRETE = (0.34, 0.33, 0.31)
BANK, DRY_BANK = (0.11, 0.15, 0.05), (0.17, 0.165, 0.07)
CLEAR_HEIGHT = 5.4  # under bridges [m]


def furnish_motorway(shop: Workshop, road: Road, seed: int, block: int) -> None:
    """One block of a motorway, apart from what every road has."""
    start, end = (road.crossing_position(number) for number in (block, block + 1))
    dice = Dice(seed, "country", "motorway", block)
    for lateral in (-0.5, 0.5):
        put_rail(shop, road, dice, lateral, start, end)
    blue = Dice(seed, "country", "signs").chance(0.5)
    if dice.chance(0.4):
        _put_gantry(shop, road, dice, dice.uniform(start, end), SIGN_BLUE if blue else SIGN_GREEN)
    if dice.chance(0.3):
        _build_bridge(shop, road, dice, dice.uniform(start + 8, end - 8))
    for side in (-1, 1):
        if dice.chance(0.25):
            _build_barrier(shop, road, dice, side * (road.half_width + 3.2), start, end)


def _put_gantry(shop: Workshop, road: Road, dice: Dice, z: float, colour: tuple[float, float, float]) -> None:
    """A beam over our carriageway with two signs."""
    outer = road.half_width + 1.2
    for lateral in (0.0, outer):
        x, foot, yaw = road.place(z, lateral)
        shop.add(Shape.PRISM, (x, 3.4, foot), (0.2, 3.4, 0.2), Material.PLAIN, STEEL, yaw=yaw)
    x, middle, yaw = road.place(z, outer / 2)
    shop.add(
        Shape.PRISM, (x, 6.6, middle), (outer / 2, 0.25, 0.2), Material.PANEL, STEEL, yaw=yaw, trim=STEEL
    )
    for lane in range(road.lanes):
        half = (dice.uniform(1.3, 1.7), dice.uniform(0.9, 1.3), 0.06)
        x, foot, yaw = road.place(z - 0.35, road.lane_middle(lane))
        shop.add(
            Shape.PRISM, (x, 6.5, foot), half, Material.PANEL, colour, yaw=yaw, trim=SIGN_WHITE,
            seed=dice.whole(1, 10**6),
        )  # fmt: skip


def _build_bridge(shop: Workshop, road: Road, dice: Dice, z: float) -> None:
    """A road over the motorway, on pillars between grassy ramps."""
    concrete, depth = vary(dice, CONCRETE), dice.uniform(3.0, 5.5)
    x, middle, yaw = road.place(z, 0.0)
    reach = road.half_width + 16.0
    seed = dice.whole(1, 10**6)
    shop.add(
        Shape.PRISM, (x, CLEAR_HEIGHT + 0.55, middle), (reach, 0.55, depth), Material.WALL, concrete, yaw=yaw,
        seed=seed,
    )  # fmt: skip
    for across in (-1, 1):
        foot_x, foot_z, _ = road.place(z + across * (depth - 0.15), 0.0)
        half = (reach, 0.5, 0.06)
        shop.add(
            Shape.PRISM, (foot_x, CLEAR_HEIGHT + 1.6, foot_z), half, Material.RAIL, (0.3, 0.33, 0.36), yaw=yaw
        )
    for lateral in (-road.half_width - 1.6, 0.0, road.half_width + 1.6):
        foot_x, foot_z, _ = road.place(z, lateral)
        half = (0.35, CLEAR_HEIGHT / 2, depth - 0.8)
        shop.add(
            Shape.PRISM, (foot_x, half[1], foot_z), half, Material.WALL, concrete, yaw=yaw, seed=seed + 1
        )
    for side in (-1, 1):
        foot_x, foot_z, _ = road.place(z, side * (road.half_width + 13.5))
        half = (11.0, CLEAR_HEIGHT / 2 + 0.4, depth + 5.0)
        shop.add(
            Shape.PRISM, (foot_x, half[1], foot_z), half, Material.MEADOW, vary(dice, BANK), yaw=yaw,
            form=(1.5, 0.8), trim=DRY_BANK, seed=seed + 2,
        )  # fmt: skip


def _build_barrier(shop: Workshop, road: Road, dice: Dice, lateral: float, start: float, end: float) -> None:
    """A noise barrier of boards between steel posts."""
    height, colour = dice.uniform(1.4, 2.1), dice.pick((*PLANKS, CONCRETE))
    for middle, length in pieces(start + 1, end - 1, 5.0):
        x, z, yaw = road.place(middle, lateral)
        shop.add(
            Shape.PRISM, (x, height, z), (0.1, height, length / 2), Material.PLANKS, vary(dice, colour, 0.08),
            yaw=yaw, seed=dice.whole(1, 10**6),
        )  # fmt: skip
        x, z, yaw = road.place(middle - length / 2, lateral)
        shop.add(
            Shape.PRISM, (x, height + 0.1, z), (0.16, height + 0.1, 0.12), Material.PLAIN, STEEL, yaw=yaw
        )
