"""What lines a country road: guard rails, marker posts, hedges, fences, walls, an avenue, poles and signs."""

from collections.abc import Callable, Iterator

from acdepth.world.dice import Dice
from acdepth.world.palette import LEAVES, vary
from acdepth.world.road import Road
from acdepth.world.solids import Material, Pair, Shape, Workshop
from acdepth.world.street import put_sign
from acdepth.world.styles.country.way import Kind, Way
from acdepth.world.trees import plant_bush, plant_tree

WHITE, BLACK = (0.72, 0.72, 0.7), (0.02, 0.02, 0.02)
ZINC = (0.36, 0.37, 0.38)
WOOD = (0.2, 0.16, 0.12)
STONE = (0.33, 0.31, 0.27)

Line = Callable[[Workshop, Road, Dice, float, float, float], None]
"""Builds something along the road at a lateral, between two z."""


def pieces(start: float, end: float, length: float) -> Iterator[tuple[float, float]]:
    """Middles and lengths of equal pieces of about a length that fill a stretch."""
    count = max(1, round((end - start) / length))
    step = (end - start) / count
    for number in range(count):
        yield start + (number + 0.5) * step, step


def line_verge(shop: Workshop, road: Road, way: Way, dice: Dice, side: int, stretch: Pair) -> None:
    """Line one side of one block's road from end to end of its stretch."""
    start, end = stretch
    edge = road.half_width + road.pavement_width
    chosen = dice.uniform(0, 1)
    for build, share in LINES[way.kind]:
        if chosen < share:
            near = road.half_width + 0.75 if build is put_rail else edge + 0.7
            build(shop, road, dice, side * near, start + 2, end - 2)
            break
        chosen -= share
    if way.kind is not Kind.LANE:
        for z, _ in pieces(start, end, 25.0):
            _put_marker(shop, road, side * (road.half_width + 0.45), z)
    if way.avenue:
        z = start + dice.uniform(2, way.avenue)
        while z < end - 2:
            x, foot, _ = road.place(z, side * (road.half_width + dice.uniform(2.6, 3.2)))
            plant_tree(shop, dice, x, foot, dice.uniform(0.95, 1.3))
            z += way.avenue * dice.uniform(0.85, 1.15)
    if way.poles == side:
        for z, _ in pieces(start, end, 38.0):
            _put_pole(shop, road, side * (edge + 1.6), z)
    if dice.chance(0.35):
        put_sign(shop, road, dice, side * (road.half_width + 0.9), dice.uniform(start + 3, end - 3))
    for _ in range(dice.whole(0, 4)):
        x, z, _ = road.place(dice.uniform(start, end), side * (edge + dice.uniform(2.0, 7.0)))
        plant_bush(shop, dice, x, z, dice.uniform(0.7, 1.8))


def put_rail(shop: Workshop, road: Road, dice: Dice, lateral: float, start: float, end: float) -> None:
    """A guard rail on posts, which stand on the side away from the traffic."""
    outside = abs(lateral) > road.half_width
    away = 0.12 if outside == (lateral > 0) else -0.12
    for middle, length in pieces(start, end, 4.0):
        half, seed = (0.045, 0.155, length / 2 + 0.06), dice.whole(1, 10**6)
        shop.stand(road.place(middle, lateral), half, Material.RAIL, ZINC, height=0.62, seed=seed)
        shop.stand(road.place(middle, lateral + away), (0.06, 0.36, 0.05), Material.PLAIN, ZINC)


def _put_marker(shop: Workshop, road: Road, lateral: float, z: float) -> None:
    """A white post with a black band."""
    place = road.place(z, lateral)
    shop.stand(place, (0.06, 0.5, 0.06), Material.PLAIN, WHITE)
    shop.stand(place, (0.065, 0.1, 0.065), Material.PLAIN, BLACK, height=0.8)


def _put_pole(shop: Workshop, road: Road, lateral: float, z: float) -> None:
    """A telegraph pole with its crossbar."""
    place = x, foot, _ = road.place(z, lateral)
    shop.erect(x, foot, 0.12, 7.6, Material.BARK, WOOD, seed=7)
    shop.stand(place, (0.75, 0.06, 0.06), Material.PLAIN, WOOD, height=7.1)


def _grow_hedge(shop: Workshop, road: Road, dice: Dice, lateral: float, start: float, end: float) -> None:
    """A cut hedge, with clumps that outgrow it."""
    height, leaves = dice.uniform(0.55, 1.0), dice.pick(LEAVES)
    for middle, length in pieces(start, end, 4.5):
        place = x, z, _ = road.place(middle, lateral)
        half = (dice.uniform(0.5, 0.75), height * dice.uniform(0.85, 1.15), length / 2 + 0.2)
        colour, seed = vary(dice, leaves), dice.whole(1, 10**6)
        shop.stand(place, half, Material.FOLIAGE, colour, form=(0.12, 0.05), seed=seed)
        if dice.chance(0.5):
            radius, colour = dice.uniform(0.6, 1.0), vary(dice, leaves)
            top, clump = (x, 2 * half[1], z), (radius, 0.7 * radius, radius)
            shop.add(Shape.ELLIPSOID, top, clump, Material.FOLIAGE, colour, form=(0.3, 0.0), seed=seed + 1)


def _put_fence(shop: Workshop, road: Road, dice: Dice, lateral: float, start: float, end: float) -> None:
    """Posts and two rails."""
    wood = vary(dice, dice.pick((WOOD, (0.3, 0.27, 0.23), WHITE)))
    for middle, length in pieces(start, end, 2.8):
        place, half = road.place(middle, lateral), (0.03, 0.07, length / 2 + 0.02)
        for height in (0.5, 1.0):
            shop.stand(place, half, Material.PLAIN, wood, height=height)
        x, z, _ = road.place(middle - length / 2, lateral)
        shop.erect(x, z, 0.07, 1.24, Material.PLAIN, wood)


def _build_wall(shop: Workshop, road: Road, dice: Dice, lateral: float, start: float, end: float) -> None:
    """A dry stone wall."""
    colour, height = vary(dice, STONE), dice.uniform(0.45, 0.65)
    for middle, length in pieces(start, end, 5.0):
        half = (0.28, height * dice.uniform(0.95, 1.05), length / 2 + 0.1)
        shade, seed = vary(dice, colour, 0.06), dice.whole(1, 10**6)
        shop.stand(road.place(middle, lateral), half, Material.WALL, shade, form=(0.1, 0.0), seed=seed)


LINES: dict[Kind, tuple[tuple[Line, float], ...]] = {
    Kind.LANE: ((_grow_hedge, 0.35), (_put_fence, 0.3), (_build_wall, 0.15)),
    Kind.ROAD: ((put_rail, 0.3), (_put_fence, 0.2), (_grow_hedge, 0.12)),
    Kind.MOTORWAY: ((put_rail, 1.0),),
}
"""What lines each kind of road, and how often; else nothing does."""
