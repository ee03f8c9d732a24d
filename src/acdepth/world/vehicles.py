"""Cars, vans, lorries, tractors and people, built around the origin and facing +z."""

from collections.abc import Iterable

from acdepth.world.dice import Dice
from acdepth.world.palette import CARS, CLOTHES, LORRIES, SKIN, vary
from acdepth.world.road import PAVEMENT_HEIGHT
from acdepth.world.solids import Material, Pair, Shape, Solids, Triple, Workshop

RUBBER = (0.02, 0.02, 0.022)
RIM = (0.3, 0.31, 0.33)
GREY = (0.09, 0.09, 0.095)
HAIR = ((0.02, 0.015, 0.01), (0.1, 0.06, 0.03), (0.3, 0.28, 0.25))
CAR_HALF_WIDTH = 0.95


def build_vehicle(dice: Dice, moving: bool) -> Solids:
    """One car or van; ``moving`` lights its lamps. Detail of its paint: lights on, body half length."""
    if dice.chance(0.14):
        return _build(dice, moving, 5.4, body_top=1.0, roof=2.25, cabin=(2.35, -0.25), lean=(0.06, 0.35))
    estate = dice.chance(0.4)
    length, body_top = dice.uniform(3.8, 4.7), dice.uniform(0.82, 0.92)
    roof = dice.uniform(1.42, 1.52) + 0.15 * estate
    cabin, lean = ((1.75, -0.35), (0.28, 0.75)) if estate else ((1.4, -0.2), (0.28, 1.0))
    return _build(dice, moving, length, body_top, roof, cabin, lean)


def _build(
    dice: Dice, moving: bool, length: float, body_top: float, roof: float, cabin: Pair, lean: Pair
) -> Solids:
    """A vehicle from its measures [m]; ``cabin``: half length at the window line, and where its middle is."""
    shop, (half_cabin, shift) = Workshop(), cabin
    paint, seed = vary(dice, dice.pick(CARS), 0.1), dice.whole(1, 10**6)
    looks = {"detail": (float(moving), length / 2, body_top, 0.0), "seed": seed}
    clearance, axle = 0.2, length / 2 - 0.85
    half = (0.88, (body_top - clearance) / 2, length / 2)
    shop.stand((0, 0, 0), half, Material.CAR_BODY, paint, clearance + half[1], form=(0.05, 0.16), **looks)
    half = (0.83, (roof - body_top) / 2, half_cabin)
    shop.stand((0, shift, 0), half, Material.CAR_CABIN, paint, (body_top + roof) / 2, form=lean, **looks)
    _put_wheels(shop, 0.8, (-axle, axle), (0.13, 0.32, 0.32))
    return shop.finish()


def _put_wheels(shop: Workshop, aside: float, axles: Iterable[float], half: Triple) -> None:
    for x in (-aside, aside):
        for z in axles:
            shop.add(Shape.ELLIPSOID, (x, half[1], z), half, Material.WHEEL, RUBBER, trim=RIM)


def build_person(dice: Dice, stride: float, ground: float = PAVEMENT_HEIGHT) -> Solids:
    """A pedestrian in mid step; ``stride`` in -1..1 is the phase of the step, ``ground`` a height [m]."""
    shop = Workshop()
    size = dice.uniform(0.9, 1.06)
    coat, legs, skin = dice.pick(CLOTHES), dice.pick(CLOTHES), dice.pick(SKIN)
    for side in (-1, 1):
        z = 0.17 * stride * side
        leg, arm = (0.1 * side, ground + 0.42 * size, z), (0.25 * side, ground + 1.1 * size, -z * 0.7)
        shop.add(Shape.CYLINDER, leg, (0.075, 0.42 * size, 0.075), Material.PLAIN, legs)
        shop.add(Shape.ELLIPSOID, arm, (0.06, 0.32 * size, 0.08), Material.PLAIN, coat)
    shop.add(Shape.ELLIPSOID, (0, ground + 1.13 * size, 0), (0.22, 0.36 * size, 0.15), Material.PLAIN, coat)
    shop.add(Shape.ELLIPSOID, (0, ground + 1.62 * size, 0), (0.1, 0.13, 0.11), Material.PLAIN, skin)
    hair, crown = dice.pick(HAIR), (0, ground + 1.67 * size, -0.02)
    shop.add(Shape.ELLIPSOID, crown, (0.108, 0.11, 0.115), Material.PLAIN, hair)
    return shop.finish()


def build_lorry(dice: Dice, moving: bool) -> Solids:
    """A cab before a box: a van's box of 5 m to a trailer of 13 m, on a frame with its wheels.

    Detail of the box: lamps on, kind of its livery.
    """
    shop = Workshop()
    paint, seed = vary(dice, dice.pick(LORRIES), 0.1), dice.whole(1, 10**6)
    (box_length, top), bottom = dice.pick(((5.2, 3.2), (7.4, 3.6), (11.0, 3.9))), 0.95
    front, cab_top = box_length / 2 + 1.25, dice.uniform(2.6, 3.1)
    looks = {"detail": (float(moving), 1.1, 1.7, 0.0), "seed": seed}
    shop.stand((0, front, 0), (1.2, 0.6, 1.1), Material.CAR_BODY, paint, 0.95, form=(0.02, 0.03), **looks)
    half, middle = (1.17, (cab_top - 1.55) / 2, 1.02), (1.55 + cab_top) / 2
    shop.stand((0, front - 0.05, 0), half, Material.CAR_CABIN, paint, middle, form=(0.04, 0.16), **looks)
    box, trim, livery = vary(dice, dice.pick(LORRIES), 0.1), dice.pick(LORRIES), float(dice.whole(0, 2))
    half, detail = (1.25, (top - bottom) / 2, box_length / 2), (float(moving), livery, 0.0, 0.0)
    shop.stand((0, 0, 0), half, Material.CARGO, box, (bottom + top) / 2, trim=trim, seed=seed, detail=detail)
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
    looks = {"detail": (float(moving), 1.3, 1.5, 0.0), "seed": seed}
    half = (0.42, 0.42, 1.15)
    shop.stand((0, 0.95, 0), half, Material.CAR_BODY, paint, 1.15, form=(0.05, 0.05), **looks)
    half = (0.75, 0.68, 0.75)
    shop.stand((0, -0.65, 0), half, Material.CAR_CABIN, paint, 2.05, form=(0.06, 0.08), **looks)
    shop.stand((0, -0.65, 0), (0.5, 0.4, 0.8), Material.PLAIN, GREY, 1.1)
    for x in (-0.85, 0.85):
        shop.add(Shape.ELLIPSOID, (x, 0.82, -0.75), (0.28, 0.82, 0.82), Material.WHEEL, RUBBER, trim=paint)
        shop.add(Shape.ELLIPSOID, (x * 0.9, 0.5, 1.5), (0.2, 0.5, 0.5), Material.WHEEL, RUBBER, trim=paint)
        shop.add(Shape.PRISM, (x * 0.95, 1.55, -0.75), (0.3, 0.06, 0.75), Material.PLAIN, CARS[3], seed=seed)
    return shop.finish()
