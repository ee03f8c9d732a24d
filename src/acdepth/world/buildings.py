"""Buildings along the road: rows of town houses, suburban homes, and blocks behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from acdepth.world.dice import Dice
from acdepth.world.palette import AWNINGS, FACADES, ROOFS, TRIMS, vary
from acdepth.world.road import PAVEMENT_HEIGHT, Road
from acdepth.world.solids import Material, Pair, Shape, Triple, Workshop

# Ways to build a wall: the first number of a facade's detail. Houses of the last two have no shops.
BRICK, PLASTER, PANELS, BOARDS, RUBBLE, LIMEWASH = range(6)


@dataclass(frozen=True)
class BuildingStyle:
    """What the buildings of one town have in common; lengths in metres."""

    suburban: bool
    setback: tuple[float, float]
    gap: tuple[float, float]
    gap_chance: float
    width: tuple[float, float]
    floors: tuple[int, int]
    palette: tuple[Triple, ...]
    walls: tuple[int, ...]
    base: float = PAVEMENT_HEIGHT  # height of the ground


def draw_building_style(seed: int) -> BuildingStyle:
    """Suburb, small town or dense city, with the palette and walls of the town."""
    dice = Dice(seed, "buildings")
    palette = tuple(dice.pick(FACADES) for _ in range(5))
    if dice.chance(0.3):
        walls = (BRICK, PLASTER, BOARDS, BOARDS)
        return BuildingStyle(True, (3.0, 8.0), (3.0, 9.0), 1.0, (8.0, 13.0), (1, 2), palette, walls)
    walls = dice.pick(((BRICK, BRICK, PLASTER), (PLASTER, PLASTER, BRICK), (PLASTER, PANELS, PANELS, BRICK)))
    low = dice.whole(2, 4)
    return BuildingStyle(
        suburban=False,
        setback=(0.0, dice.uniform(0.2, 2.0)),
        gap=(1.5, dice.uniform(3.0, 10.0)),
        gap_chance=dice.uniform(0.05, 0.35),
        width=(dice.uniform(7, 10), dice.uniform(13, 22)),
        floors=(low, low + dice.whole(1, 4)),
        palette=palette,
        walls=walls,
    )


def add_block(shop: Workshop, road: Road, style: BuildingStyle, seed: int, block: int) -> None:
    """Line both sides of one block with buildings, round the corners of its crossing streets too."""
    for side in (-1, 1):
        add_row(shop, road, style, seed, block, side)


def add_row(shop: Workshop, road: Road, style: BuildingStyle, seed: int, block: int, side: int) -> None:
    """One side of a block."""
    start = road.crossing_position(block)
    dice = Dice(seed, "block", block, side)
    margin = road.crossing_half_width + road.pavement_width
    z, end = start + margin, start + road.block_length - margin
    depth = dice.uniform(9, 14)
    while z < end - style.width[0] * 0.7:
        width = min(dice.uniform(*style.width), end - z)
        front = road.half_width + road.pavement_width + dice.uniform(*style.setback)
        x, middle, yaw = road.place(z + width / 2, side * (front + depth / 2))
        add_building(shop, style, dice, (x, middle, yaw - side * 1.5707963), (width, depth))
        z += width
        if dice.chance(style.gap_chance):
            z += dice.uniform(*style.gap)
    if dice.chance(0.7):
        _add_backdrop(shop, road, style, dice, start + road.block_length * dice.uniform(0.2, 0.8), side)
    if road.crossings[block]:
        _line_side_street(shop, road, style, dice, start, side)


def _line_side_street(
    shop: Workshop, road: Road, style: BuildingStyle, dice: Dice, middle: float, side: int
) -> None:
    """Houses on both sides of a crossing street, beyond the corner houses."""
    centre, _, _ = road.place(middle, 0.0)
    for across in (-1, 1):
        x = centre + side * (road.half_width + road.pavement_width + dice.uniform(15, 18))
        for _ in range(3):
            width, depth = dice.uniform(10, 18), dice.uniform(9, 12)
            z = middle + across * (road.crossing_half_width + road.pavement_width + depth / 2)
            yaw = 3.14159265 if across > 0 else 0.0
            add_building(shop, style, dice, (x + side * width / 2, z, yaw), (width, depth))
            x += side * (width + dice.uniform(0, 3))


def _add_backdrop(shop: Workshop, road: Road, style: BuildingStyle, dice: Dice, z: float, side: int) -> None:
    """A taller block behind the first row, seen over and between its houses."""
    x, middle, yaw = road.place(z, side * dice.uniform(38, 60))
    size = dice.uniform(14, 24)
    extra = 0 if style.suburban else dice.whole(2, 5)
    add_building(shop, style, dice, (x, middle, yaw - side * 1.5707963), (size, size), extra)


def add_building(
    shop: Workshop, style: BuildingStyle, dice: Dice, place: Triple, size: Pair, extra_floors: int = 0
) -> None:
    """One building with its roof; size is (width, depth), the front (local +z) looks along the yaw."""
    width, depth = size
    floors = dice.whole(*style.floors) + extra_floors
    floor_height = dice.uniform(2.7, 3.5)
    height = floors * floor_height + dice.uniform(0.3, 0.9)
    colour, trim = vary(dice, dice.pick(style.palette)), dice.pick(TRIMS)
    window_pitch = width / max(1, round(width / dice.uniform(1.9, 3.2)))
    detail = (float(dice.pick(style.walls)), floor_height, window_pitch, dice.uniform(0.38, 0.66))
    seed = dice.whole(1, 10**6)
    half, middle = (width / 2, height / 2, depth / 2), style.base + height / 2
    shop.stand(place, half, Material.FACADE, colour, middle, trim=trim, detail=detail, seed=seed)
    _add_roof(shop, style, dice, place, (width, style.base + height, depth), (colour, trim))


def _add_roof(
    shop: Workshop, style: BuildingStyle, dice: Dice, place: Triple, size: Triple, walls: Sequence[Triple]
) -> None:
    """A pitched roof with a chimney, or a flat one with a cornice; ``size`` is (width, top, depth)."""
    x, z, yaw = place
    width, top, depth = size
    seed = dice.whole(1, 10**6)
    pitched = style.suburban or dice.chance(0.45)
    rise = (dice.uniform(0.35, 0.5) * depth / 2 + 0.6) if pitched else dice.uniform(0.35, 0.6)
    overhang = 0.35 if pitched else 0.18
    roof = vary(dice, dice.pick(ROOFS))
    material, colour = (Material.ROOF, roof) if pitched else (Material.WALL, dice.pick(walls))
    half = (width / 2 + overhang, rise / 2, depth / 2 + overhang)
    # The long sides lean until they nearly meet in a ridge; gable ends lean a little or, on hip roofs, a lot.
    ends = dice.pick((0.02, 0.5)) if style.suburban else 0.02
    form = (ends * half[0] / rise, 0.97 * half[2] / rise) if pitched else (0.0, 0.0)
    shop.stand(place, half, material, colour, top + rise / 2, form=form, seed=seed)
    if pitched and dice.chance(0.8):
        shift = dice.uniform(-0.25, 0.25) * width
        chimney, brick = (x + shift * 0.7, z + shift * 0.3, yaw), vary(dice, (0.25, 0.1, 0.07))
        shop.stand(chimney, (0.35, rise * 0.55, 0.3), Material.WALL, brick, top + rise * 0.75)
    if not style.suburban and dice.chance(0.45):
        _add_awning(shop, dice, place, width, depth)


def _add_awning(shop: Workshop, dice: Dice, place: Triple, width: float, depth: float) -> None:
    """A striped awning over the shop windows of the ground floor."""
    local, half = Workshop(), (width * dice.uniform(0.2, 0.45), 0.2, 0.55)
    first, second = dice.pick(AWNINGS), dice.pick(AWNINGS)
    looks = {"form": (0.0, 1.2), "trim": second, "detail": (0.5, 0.0, 0.0, 0.0)}
    local.add(Shape.PRISM, (0.0, 2.85, depth / 2 + 0.5), half, Material.SIGN, first, **looks)
    shop.extend(local.finish().moved(*place))
