"""Trees and bushes, of bushy ellipsoids."""

from acdepth.world.dice import Dice
from acdepth.world.palette import LEAVES, NEEDLES, vary
from acdepth.world.solids import Material, Shape, Triple, Workshop

BARK = (0.11, 0.08, 0.055)


def plant_tree(shop: Workshop, dice: Dice, x: float, z: float, size: float) -> None:
    """A trunk and a crown of bushy ellipsoids."""
    trunk = 2.6 * size
    _trunk(shop, dice, x, z, 0.13 * size, trunk)
    leaves = vary(dice, dice.pick(LEAVES))
    slim = dice.uniform(0.65, 1.0)
    for i in range(7):
        # From the foot of the crown to its top, widest below the middle.
        share = (i + dice.uniform(0.1, 0.9)) / 7
        spread = 1.25 * slim * size * (1 - share) ** 0.6
        radius = (0.75 + 0.6 * (1 - share)) * dice.uniform(0.8, 1.1) * size * (0.55 + 0.45 * slim)
        aside, ahead = dice.uniform(-spread, spread), dice.uniform(-spread, spread)
        centre = (x + aside, trunk + (0.2 + share * (2.9 - 0.9 * slim)) * size, z + ahead)
        half = (radius, radius * dice.uniform(0.7, 1.0), radius)
        colour, seed = vary(dice, leaves, 0.1), dice.whole(1, 10**6)
        shop.add(Shape.ELLIPSOID, centre, half, Material.FOLIAGE, colour, form=(0.3, 0.0), seed=seed)


def plant_poplar(shop: Workshop, dice: Dice, x: float, z: float, size: float) -> None:
    """A tall, slim tree, leaves almost to its foot."""
    _trunk(shop, dice, x, z, 0.16 * size, 1.6 * size)
    leaves = vary(dice, dice.pick(LEAVES))
    for share in (0.0, 0.3, 0.6, 0.85):
        radius = (0.95 - 0.55 * share) * size * dice.uniform(0.85, 1.1)
        height = (1.6 + 1.2 + 6.2 * share) * size
        _bushy(shop, dice, (x, height, z), (radius, 1.9 * size * (1 - 0.35 * share), radius), leaves)


def plant_conifer(shop: Workshop, dice: Dice, x: float, z: float, size: float) -> None:
    """A spruce: flat storeys of branches that narrow to the tip."""
    _trunk(shop, dice, x, z, 0.14 * size, 0.9 * size)
    needles = vary(dice, dice.pick(NEEDLES))
    for share in (0.0, 0.22, 0.44, 0.66, 0.86):
        radius = 1.75 * size * (1 - 0.88 * share) * dice.uniform(0.9, 1.1)
        height = (1.5 + 5.2 * share) * size
        _bushy(shop, dice, (x, height, z), (radius, 1.15 * size * (1 - 0.3 * share), radius), needles)


def plant_far_tree(shop: Workshop, dice: Dice, x: float, z: float, size: float) -> None:
    """A tree of few parts, for woods and rows that are seen from afar."""
    _trunk(shop, dice, x, z, 0.18 * size, 1.8 * size)
    leaves = vary(dice, dice.pick(LEAVES))
    for share in (0.0, 0.5, 1.0):
        radius = (1.75 - 0.75 * share) * size * dice.uniform(0.85, 1.15)
        spread = 0.6 * size * (1 - share)
        aside, ahead = dice.uniform(-spread, spread), dice.uniform(-spread, spread)
        centre = (x + aside, (2.5 + 2.2 * share) * size, z + ahead)
        _bushy(shop, dice, centre, (radius, 0.85 * radius, radius), leaves)


def plant_bush(shop: Workshop, dice: Dice, x: float, z: float, size: float) -> None:
    """Two clumps of leaves on the ground."""
    leaves = vary(dice, dice.pick(LEAVES))
    for _ in range(2):
        radius = size * dice.uniform(0.6, 1.0)
        centre = (x + dice.uniform(-0.6, 0.6) * size, 0.55 * radius, z + dice.uniform(-0.6, 0.6) * size)
        _bushy(shop, dice, centre, (radius, 0.8 * radius, radius), leaves)


def _trunk(shop: Workshop, dice: Dice, x: float, z: float, radius: float, height: float) -> None:
    shop.erect(x, z, radius, height, Material.BARK, vary(dice, BARK), seed=dice.whole(1, 10**6))


def _bushy(shop: Workshop, dice: Dice, centre: Triple, half: Triple, colour: Triple) -> None:
    seed, colour = dice.whole(1, 10**6), vary(dice, colour, 0.1)
    shop.add(Shape.ELLIPSOID, centre, half, Material.FOLIAGE, colour, form=(0.3, 0.0), seed=seed)
