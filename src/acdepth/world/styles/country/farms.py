"""Scattered houses: farms with barns and silos, and villages around a church."""

from acdepth.world.buildings import LIMEWASH, RUBBLE, BuildingStyle, add_building
from acdepth.world.dice import Dice
from acdepth.world.palette import FARM_WALLS, PLANKS, ROOFS, vary
from acdepth.world.road import Road
from acdepth.world.solids import Material, Pair, Shape, Triple, Workshop
from acdepth.world.street import STEEL

LAMP_HEIGHT = 5.0
QUARTERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
"""Of a village, around its church."""


def _house_style(dice: Dice) -> BuildingStyle:
    """Houses of stone or limewash; those of a village are alike."""
    walls = dice.pick(((RUBBLE,), (LIMEWASH,), (LIMEWASH, RUBBLE)))
    return BuildingStyle(True, (0.0, 0.0), (0.0, 0.0), 1.0, (9.0, 13.0), (1, 2), FARM_WALLS, walls, base=0.0)


def build_farm(shop: Workshop, road: Road, dice: Dice, z: float, side: int) -> list[Triple]:
    """A house with a barn behind or beside it, perhaps a silo; returns the lamp heads of its yard."""
    edge = road.half_width + road.pavement_width
    inwards = -side * 1.5707963
    house = edge + dice.uniform(9, 20)
    x, foot, yaw = road.place(z, side * house)
    facing = yaw + inwards + dice.pick((0.0, 1.5707963))
    style, size = _house_style(dice), (dice.uniform(9, 13), dice.uniform(8, 10))
    add_building(shop, style, dice, (x, foot, facing), size)
    barn, along = house + dice.uniform(6, 16), dice.sign() * dice.uniform(17, 22)
    x, foot, yaw = road.place(z + along, side * barn)
    _build_barn(shop, dice, (x, foot), yaw + dice.pick((0.0, inwards)))
    if dice.chance(0.45):
        x, foot, _ = road.place(z + along * 1.7, side * barn)
        _build_silo(shop, dice, x, foot)
    if not dice.chance(0.75):
        return []
    lamp = x, foot, _ = road.place(z + along / 2, side * (edge + 3))
    shop.erect(x, foot, 0.07, LAMP_HEIGHT, Material.PLAIN, STEEL)
    shop.stand(lamp, (0.2, 0.08, 0.2), Material.LAMP, STEEL, height=LAMP_HEIGHT)
    return [(x, LAMP_HEIGHT, foot)]


def _build_barn(shop: Workshop, dice: Dice, place: Pair, yaw: float) -> None:
    """Walls of planks under a steep roof; its gables are local +z and -z."""
    x, z = place
    half = (dice.uniform(3.8, 5.5), dice.uniform(1.8, 2.6), dice.uniform(6.5, 11.0))
    colour, seed = vary(dice, dice.pick(PLANKS)), dice.whole(1, 10**6)
    trim = dice.pick(((0.6, 0.58, 0.54), (0.08, 0.06, 0.05)))
    shop.add(Shape.PRISM, (x, half[1], z), half, Material.PLANKS, colour, yaw=yaw, trim=trim, seed=seed)
    roof = (half[0] + 0.4, dice.uniform(1.2, 1.8), half[2] + 0.4)
    _add_gable_roof(shop, dice, (x, 2 * half[1], z), roof, yaw)


def _add_gable_roof(shop: Workshop, dice: Dice, place: Triple, half: Triple, yaw: float) -> None:
    """A roof whose ridge runs along local z; ``place`` is the middle of its base."""
    x, base, z = place
    colour, seed = vary(dice, dice.pick(ROOFS)), dice.whole(1, 10**6)
    form = (0.97 * half[0] / (2 * half[1]), 0.02)
    shop.add(Shape.PRISM, (x, base + half[1], z), half, Material.ROOF, colour, yaw=yaw, form=form, seed=seed)


def _build_silo(shop: Workshop, dice: Dice, x: float, z: float) -> None:
    radius, half = dice.uniform(1.5, 2.2), dice.uniform(3.5, 5.5)
    colour = vary(dice, dice.pick(((0.5, 0.52, 0.53), (0.33, 0.33, 0.31), (0.1, 0.2, 0.16))))
    shop.erect(x, z, radius, 2 * half, Material.PLAIN, colour)
    shop.add(Shape.ELLIPSOID, (x, 2 * half, z), (radius, 0.6 * radius, radius), Material.PLAIN, colour)


def build_village(shop: Workshop, road: Road, dice: Dice, z: float, side: int) -> None:
    """Houses around a church, away from the road."""
    style = _house_style(dice)
    x, middle, yaw = road.place(z, side * (road.half_width + dice.uniform(48, 85)))
    if not road.leaves_room(x, middle, 36):
        return
    _build_church(shop, dice, (x, middle), yaw + dice.uniform(-0.6, 0.6))
    for number in range(dice.whole(4, 7)):
        across, along = QUARTERS[number % 4]
        x_off, z_off = across * dice.uniform(13, 28), along * dice.uniform(13, 28)
        size = dice.uniform(9, 13), dice.uniform(8, 10)
        add_building(shop, style, dice, (x + x_off, middle + z_off, dice.uniform(0, 6.28)), size)


def _build_church(shop: Workshop, dice: Dice, place: Pair, yaw: float) -> None:
    """A nave and a tower with a pointed roof."""
    x, z = place
    walls, seed = vary(dice, dice.pick(((0.6, 0.57, 0.5), (0.36, 0.33, 0.28)))), dice.whole(1, 10**6)
    local = Workshop()
    local.add(Shape.PRISM, (0, 3, -8), (4, 3, 8), Material.WALL, walls, seed=seed)
    _add_gable_roof(local, dice, (0, 6, -8), (4.4, 2.2, 8.2), 0.0)
    tower = dice.uniform(6, 8.5)
    local.add(Shape.PRISM, (0, tower, 2), (2.3, tower, 2.3), Material.WALL, walls, seed=seed + 1)
    spire, roof = dice.uniform(2.5, 5), vary(dice, dice.pick(ROOFS))
    looks = {"form": (1.2 / spire, 1.2 / spire), "seed": seed + 2}
    local.stand((0, 2, 0), (2.5, spire, 2.5), Material.ROOF, roof, 2 * tower + spire, **looks)
    shop.extend(local.finish().moved(x, z, yaw))
