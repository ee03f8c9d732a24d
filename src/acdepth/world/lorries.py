"""Lorries and tractors, built around the origin and facing +z."""

from acdepth.world.dice import Dice
from acdepth.world.palette import CARS, LORRIES, vary
from acdepth.world.solids import Material, Shape, Solids, Workshop
from acdepth.world.vehicles import RIM, RUBBER

LORRY_HALF_WIDTH = 1.25
GREY = (0.09, 0.09, 0.095)


def build_lorry(dice: Dice, moving: bool) -> Solids:
    """A cab before a box: a van's box of 5 m to a trailer of 13 m, on a frame with its wheels.

    Detail of the box: lamps on, kind of its livery.
    """
    shop = Workshop()
    paint, seed = vary(dice, dice.pick(LORRIES), 0.1), dice.whole(1, 10**6)
    length, height = dice.pick(((5.2, 3.2), (7.4, 3.6), (11.0, 3.9))), 0.95
    box_length, top = length
    front = box_length / 2 + 1.25
    cab_top = dice.uniform(2.6, 3.1)
    detail = (float(moving), 1.1, 1.7, 0.0)
    shop.add(
        Shape.PRISM, (0, 0.95, front), (1.2, 0.6, 1.1), Material.CAR_BODY, paint,
        form=(0.02, 0.03), detail=detail, seed=seed,
    )  # fmt: skip
    shop.add(
        Shape.PRISM, (0, (1.55 + cab_top) / 2, front - 0.05), (1.17, (cab_top - 1.55) / 2, 1.02),
        Material.CAR_CABIN, paint, form=(0.04, 0.16), detail=detail, seed=seed,
    )  # fmt: skip
    box = vary(dice, dice.pick(LORRIES), 0.1)
    shop.add(
        Shape.PRISM, (0, (height + top) / 2, 0), (LORRY_HALF_WIDTH, (top - height) / 2, box_length / 2),
        Material.CARGO, box, trim=dice.pick(LORRIES), seed=seed,
        detail=(float(moving), float(dice.whole(0, 2)), 0.0, 0.0),
    )  # fmt: skip
    shop.add(Shape.PRISM, (0, 0.72, 0), (1.0, 0.22, box_length / 2 - 0.1), Material.PLAIN, GREY, seed=seed)
    axles = [front - 0.15, -box_length / 2 + 1.1]
    if box_length > 6:
        axles.append(-box_length / 2 + 2.3)
    for x in (-1.05, 1.05):
        for z in axles:
            shop.add(Shape.ELLIPSOID, (x, 0.5, z), (0.2, 0.5, 0.5), Material.WHEEL, RUBBER, trim=RIM)
    return shop.finish()


def build_tractor(dice: Dice, moving: bool) -> Solids:
    """A tractor: bonnet, glazed cab, great wheels behind."""
    shop = Workshop()
    paint, seed = vary(dice, dice.pick(((0.03, 0.14, 0.04), (0.35, 0.03, 0.02), (0.04, 0.1, 0.3))), 0.1), 1
    detail = (float(moving), 1.3, 1.5, 0.0)
    shop.add(
        Shape.PRISM, (0, 1.15, 0.95), (0.42, 0.42, 1.15), Material.CAR_BODY, paint,
        form=(0.05, 0.05), detail=detail, seed=seed,
    )  # fmt: skip
    shop.add(
        Shape.PRISM, (0, 2.05, -0.65), (0.75, 0.68, 0.75), Material.CAR_CABIN, paint,
        form=(0.06, 0.08), detail=detail, seed=seed,
    )  # fmt: skip
    shop.add(Shape.PRISM, (0, 1.1, -0.65), (0.5, 0.4, 0.8), Material.PLAIN, GREY)
    for x in (-0.85, 0.85):
        shop.add(Shape.ELLIPSOID, (x, 0.82, -0.75), (0.28, 0.82, 0.82), Material.WHEEL, RUBBER, trim=paint)
        shop.add(Shape.ELLIPSOID, (x * 0.9, 0.5, 1.5), (0.2, 0.5, 0.5), Material.WHEEL, RUBBER, trim=paint)
        shop.add(Shape.PRISM, (x * 0.95, 1.55, -0.75), (0.3, 0.06, 0.75), Material.PLAIN, CARS[3], seed=seed)
    return shop.finish()
