"""What only motorways have: rails in the middle, gantries, bridges and noise barriers."""

from acdepth.world.dice import Dice
from acdepth.world.palette import PLANKS, linear, vary
from acdepth.world.road import Road
from acdepth.world.solids import Material, Triple, Workshop
from acdepth.world.street import STEEL
from acdepth.world.styles.country.verge import pieces, put_rail

SIGN_BLUE, SIGN_GREEN, SIGN_WHITE = linear("1d4f9c"), linear("1f6b45"), (0.78, 0.78, 0.76)
CONCRETE, RAILING = (0.34, 0.33, 0.31), (0.3, 0.33, 0.36)
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
        put_gantry(shop, road, dice, dice.uniform(start, end), SIGN_BLUE if blue else SIGN_GREEN)
    if dice.chance(0.3):
        _build_bridge(shop, road, dice, dice.uniform(start + 8, end - 8))
    for side in (-1, 1):
        if dice.chance(0.25):
            _build_barrier(shop, road, dice, side * (road.half_width + 3.2), start, end)


def put_gantry(shop: Workshop, road: Road, dice: Dice, z: float, colour: Triple) -> None:
    """A beam over our carriageway with two signs."""
    outer = road.half_width + 1.2
    for lateral in (0.0, outer):
        shop.stand(road.place(z, lateral), (0.2, 3.4, 0.2), Material.PLAIN, STEEL)
    shop.stand(road.place(z, outer / 2), (outer / 2, 0.25, 0.2), Material.PANEL, STEEL, 6.6, trim=STEEL)
    for lane in range(road.lanes):
        half = (dice.uniform(1.3, 1.7), dice.uniform(0.9, 1.3), 0.06)
        place, seed = road.place(z - 0.35, road.lane_middle(lane)), dice.whole(1, 10**6)
        shop.stand(place, half, Material.PANEL, colour, height=6.5, trim=SIGN_WHITE, seed=seed)


def _build_bridge(shop: Workshop, road: Road, dice: Dice, z: float) -> None:
    """A road over the motorway, on pillars between grassy ramps."""
    concrete, depth = vary(dice, CONCRETE), dice.uniform(3.0, 5.5)
    reach, seed = road.half_width + 16.0, dice.whole(1, 10**6)
    middle = road.place(z, 0.0)
    shop.stand(middle, (reach, 0.55, depth), Material.WALL, concrete, height=CLEAR_HEIGHT + 0.55, seed=seed)
    for across in (-1, 1):
        x, edge, _ = road.place(z + across * (depth - 0.15), 0.0)
        shop.stand((x, edge, middle[2]), (reach, 0.5, 0.06), Material.RAIL, RAILING, CLEAR_HEIGHT + 1.6)
    half = (0.35, CLEAR_HEIGHT / 2, depth - 0.8)
    for lateral in (-road.half_width - 1.6, 0.0, road.half_width + 1.6):
        shop.stand(road.place(z, lateral), half, Material.WALL, concrete, seed=seed + 1)
    half = (11.0, CLEAR_HEIGHT / 2 + 0.4, depth + 5.0)
    for side in (-1, 1):
        place, colour = road.place(z, side * (road.half_width + 13.5)), vary(dice, BANK)
        looks = {"form": (1.5, 0.8), "trim": DRY_BANK, "seed": seed + 2}
        shop.stand(place, half, Material.MEADOW, colour, **looks)


def _build_barrier(shop: Workshop, road: Road, dice: Dice, lateral: float, start: float, end: float) -> None:
    """A noise barrier of boards between steel posts."""
    height, colour = dice.uniform(1.4, 2.1), dice.pick((*PLANKS, CONCRETE))
    for middle, length in pieces(start + 1, end - 1, 5.0):
        half, shade, seed = (0.1, height, length / 2), vary(dice, colour, 0.08), dice.whole(1, 10**6)
        shop.stand(road.place(middle, lateral), half, Material.PLANKS, shade, seed=seed)
        post = (0.16, height + 0.1, 0.12)
        shop.stand(road.place(middle - length / 2, lateral), post, Material.PLAIN, STEEL)
