"""Cars, vans, lorries, tractors and people, built around the origin and facing +z."""

from collections.abc import Iterable

from acdepth.world.dice import Dice
from acdepth.world.palette import CARS, CLOTHES, LORRIES, SKIN, vary
from acdepth.world.road import PAVEMENT_HEIGHT
from acdepth.world.solids import Material, Pair, Shape, Solids, Triple, Workshop

RUBBER = (0.02, 0.02, 0.022)
RIM = (0.3, 0.31, 0.33)
GREY = (0.09, 0.09, 0.095)
CAR_HALF_WIDTH = 0.95


def build_vehicle(dice: Dice, moving: bool) -> Solids:
    """One car or van; ``moving`` lights its lamps. Detail of its paint: lights on, body half length."""
    if dice.chance(0.14):
        return _build(
            dice, moving, length=5.4, body_top=1.0, roof=2.25, cabin=2.35, shift=-0.25, lean=(0.06, 0.35)
        )
    estate = dice.chance(0.4)
    return _build(
        dice,
        moving,
        length=dice.uniform(3.8, 4.7),
        body_top=dice.uniform(0.82, 0.92),
        roof=dice.uniform(1.42, 1.52) + 0.15 * estate,
        cabin=1.75 if estate else 1.4,
        shift=-0.35 if estate else -0.2,
        lean=(0.28, 0.75 if estate else 1.0),
    )


def _build(
    dice: Dice,
    moving: bool,
    length: float,
    body_top: float,
    roof: float,
    cabin: float,
    shift: float,
    lean: Pair,
) -> Solids:
    """A vehicle from its measures [m]; ``cabin`` is the half length at the window line."""
    shop = Workshop()
    paint = vary(dice, dice.pick(CARS), 0.1)
    seed = dice.whole(1, 10**6)
    detail = (float(moving), length / 2, body_top, 0.0)
    clearance, axle = 0.2, length / 2 - 0.85
    body = (body_top - clearance) / 2
    shop.add(
        Shape.PRISM, (0, clearance + body, 0), (0.88, body, length / 2), Material.CAR_BODY, paint,
        form=(0.05, 0.16), detail=detail, seed=seed,
    )  # fmt: skip
    shop.add(
        Shape.PRISM, (0, (body_top + roof) / 2, shift), (0.83, (roof - body_top) / 2, cabin),
        Material.CAR_CABIN, paint, form=lean, detail=detail, seed=seed,
    )  # fmt: skip
    _put_wheels(shop, 0.8, (-axle, axle), (0.13, 0.32, 0.32))
    return shop.finish()


def _put_wheels(
    shop: Workshop, aside: float, axles: Iterable[float], half: Triple, rim: Triple = RIM
) -> None:
    for x in (-aside, aside):
        for z in axles:
            shop.add(Shape.ELLIPSOID, (x, half[1], z), half, Material.WHEEL, RUBBER, trim=rim)


def build_person(dice: Dice, stride: float, ground: float = PAVEMENT_HEIGHT) -> Solids:
    """A pedestrian in mid step; ``stride`` in -1..1 is the phase of the step, ``ground`` a height [m]."""
    shop = Workshop()
    size = dice.uniform(0.9, 1.06)
    coat, legs, skin = dice.pick(CLOTHES), dice.pick(CLOTHES), dice.pick(SKIN)
    for side in (-1, 1):
        z = 0.17 * stride * side
        shop.add(
            Shape.CYLINDER, (0.1 * side, ground + 0.42 * size, z), (0.075, 0.42 * size, 0.075),
            Material.PLAIN, legs,
        )  # fmt: skip
        shop.add(
            Shape.ELLIPSOID, (0.25 * side, ground + 1.1 * size, -z * 0.7), (0.06, 0.32 * size, 0.08),
            Material.PLAIN, coat,
        )  # fmt: skip
    shop.add(Shape.ELLIPSOID, (0, ground + 1.13 * size, 0), (0.22, 0.36 * size, 0.15), Material.PLAIN, coat)
    shop.add(Shape.ELLIPSOID, (0, ground + 1.62 * size, 0), (0.1, 0.13, 0.11), Material.PLAIN, skin)
    shop.add(
        Shape.ELLIPSOID, (0, ground + 1.67 * size, -0.02), (0.108, 0.11, 0.115), Material.PLAIN,
        dice.pick(((0.02, 0.015, 0.01), (0.1, 0.06, 0.03), (0.3, 0.28, 0.25))),
    )  # fmt: skip
    return shop.finish()


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
        Shape.PRISM, (0, (height + top) / 2, 0), (1.25, (top - height) / 2, box_length / 2),
        Material.CARGO, box, trim=dice.pick(LORRIES), seed=seed,
        detail=(float(moving), float(dice.whole(0, 2)), 0.0, 0.0),
    )  # fmt: skip
    shop.add(Shape.PRISM, (0, 0.72, 0), (1.0, 0.22, box_length / 2 - 0.1), Material.PLAIN, GREY, seed=seed)
    axles = [front - 0.15, -box_length / 2 + 1.1]
    if box_length > 6:
        axles.append(-box_length / 2 + 2.3)
    _put_wheels(shop, 1.05, axles, (0.2, 0.5, 0.5))
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
