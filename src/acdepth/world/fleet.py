"""Vehicles as today's roads are full of: cars from small to tall, vans, buses, lorries, and riders."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from acdepth.world.dice import Dice
from acdepth.world.palette import CLOTHES, FLEET, LORRIES, SKIN, vary
from acdepth.world.solids import Material, Pair, Shape, Solids, Triple, Workshop
from acdepth.world.vehicles import GREY, RIM, RUBBER, build_lorry

DARK = (0.012, 0.012, 0.013)


@dataclass(frozen=True)
class Vehicle:
    """A vehicle around the origin, facing +z."""

    body: Solids
    half_size: Triple  # half width, height, half length [m]
    lean: Pair = (0.2, 0.4)  # of the box of its shadow


@dataclass(frozen=True)
class _Model:
    """A kind of car; ranges in metres."""

    length: Pair
    width: Pair
    height: Pair
    belt: float  # height of the window line over the whole height
    cabin: float  # length of the windows' line over the whole length
    back: float  # from the rear end to where the windows begin, over the whole length
    slope: float  # lean of windscreen and rear window [m per m]


MODELS = (
    _Model((3.5, 4.0), (1.62, 1.74), (1.44, 1.56), 0.61, 0.7, 0.02, 0.5),  # small
    _Model((4.1, 4.5), (1.74, 1.84), (1.42, 1.5), 0.62, 0.68, 0.03, 0.6),  # compact
    _Model((4.5, 5.0), (1.78, 1.9), (1.4, 1.48), 0.63, 0.58, 0.13, 0.95),  # saloon
    _Model((4.5, 4.9), (1.78, 1.88), (1.45, 1.54), 0.61, 0.71, 0.02, 0.6),  # estate
    _Model((4.3, 4.9), (1.82, 1.98), (1.62, 1.82), 0.62, 0.69, 0.02, 0.42),  # SUV
    _Model((4.4, 4.9), (1.8, 1.92), (1.65, 1.8), 0.56, 0.77, 0.02, 0.45),  # people carrier
)


def build_car(dice: Dice, moving: bool) -> Vehicle:
    """A car of one of the models; ``moving`` lights its lamps."""
    model = dice.pick(MODELS)
    length, width, height = (dice.uniform(*span) for span in (model.length, model.width, model.height))
    belt, cabin, back = model.belt * height, model.cabin * length / 2, model.back * length
    paint, seed = vary(dice, dice.pick(FLEET), 0.12), dice.whole(1, 10**6)
    clearance, wheel = dice.uniform(0.18, 0.24), 0.3 + 0.06 * (height - 1.4)
    looks = {"seed": seed, "detail": (float(moving), length / 2, float(dice.whole(0, 2)), 0.0)}
    glass = {"seed": seed, "detail": (float(moving), length / 2, belt, 0.0)}
    shop, half_width = Workshop(), width / 2
    half = (half_width, (belt - clearance) / 2, length / 2)
    middle, form = clearance + half[1], (0.08, dice.uniform(0.1, 0.3))
    shop.stand((0, 0, 0), half, Material.SHELL, paint, middle, form=form, **looks)
    shift, tall = -length / 2 + back + cabin, height - belt
    half = (half_width - 0.06, tall / 2, cabin)
    form = (dice.uniform(0.26, 0.38), model.slope)
    shop.stand((0, shift, 0), half, Material.CAR_CABIN, paint, belt + tall / 2, form=form, **glass)
    # A thin lid with slanted edges rounds the roof off.
    half = (half[0] - form[0] * tall, 0.035, cabin - form[1] * tall)
    roof = {"form": (2.0, 3.0), "seed": seed}
    shop.stand((0, shift, 0), half, Material.PLAIN, paint, height + 0.034, **roof)
    for end in (-1, 1):
        nose = (half_width - 0.07, 0.13, 0.1)
        colour = paint if dice.chance(0.75) else DARK
        shop.stand((0, end * length / 2, 0), nose, Material.PLAIN, colour, clearance + 0.2, form=(0.2, 0.25))
    front = shift + cabin - model.slope * 0.12 - 0.12
    for side in (-1, 1):
        mirror = (half_width + 0.06) * side
        shop.stand((mirror, front, 0), (0.09, 0.07, 0.06), Material.PLAIN, paint, belt + 0.08)
    _put_underside(shop, half_width - 0.2, length / 2 - 0.35, clearance + 0.1)
    _put_wheels(shop, half_width - 0.09, (-length / 2 + 0.8, length / 2 - 0.85), wheel)
    return Vehicle(shop.finish(), (half_width, height, length / 2), (0.25, 0.6))


def build_van(dice: Dice, moving: bool) -> Vehicle:
    """A delivery van: a closed box behind a glazed cab."""
    length, half_width, height = dice.uniform(4.9, 6.6), dice.uniform(0.93, 1.03), dice.uniform(1.95, 2.75)
    paint, seed = vary(dice, dice.pick((*FLEET[:3], *FLEET[:3], *LORRIES)), 0.1), dice.whole(1, 10**6)
    belt, shop, lit = 1.12, Workshop(), float(moving)
    looks = {"seed": seed, "detail": (lit, length / 2, float(dice.whole(0, 2)), 0.0)}
    half = (half_width, (belt - 0.25) / 2, length / 2)
    shop.stand((0, 0, 0), half, Material.SHELL, paint, 0.25 + half[1], form=(0.03, 0.14), **looks)
    cab, box = 0.85, length / 2 - 0.75  # half lengths
    livery = {"detail": (0.0, float(dice.whole(0, 2)), 0.0, 0.0), "seed": seed, "trim": dice.pick(LORRIES)}
    middle = (belt + height) / 2
    half = (half_width - 0.03, (height - belt) / 2, box)
    shop.stand(
        (0, box - length / 2 + 0.04, 0), half, Material.CARGO, paint, middle, form=(0.06, 0.02), **livery
    )
    top, glass = min(height, 2.1), {"seed": seed, "detail": (lit, length / 2, belt, 0.0)}
    half = (half_width - 0.05, (top - belt) / 2, cab)
    place = (0, length / 2 - 0.72 - cab + 0.1, 0)
    shop.stand(place, half, Material.CAR_CABIN, paint, (belt + top) / 2, form=(0.1, 0.55), **glass)
    for side in (-1, 1):
        place = (side * (half_width + 0.1), length / 2 - 1.15, 0)
        shop.stand(place, (0.1, 0.16, 0.05), Material.PLAIN, DARK, belt + 0.2)
    _put_underside(shop, half_width - 0.2, length / 2 - 0.4, 0.35)
    _put_wheels(shop, half_width - 0.1, (-length / 2 + 1.1, length / 2 - 0.95), 0.36)
    return Vehicle(shop.finish(), (half_width, height, length / 2), (0.05, 0.2))


def build_bus(dice: Dice, moving: bool) -> Vehicle:
    """A city bus or a coach. Detail of its paint: lamps on, livery."""
    length, height = dice.pick((8.5, 12.0, 12.0)), dice.uniform(2.95, 3.5)
    paint, trim, seed = dice.pick(LORRIES), dice.pick((*FLEET[:3], *LORRIES)), dice.whole(1, 10**6)
    shop, half = Workshop(), (1.26, (height - 0.32) / 2, length / 2)
    looks = {"trim": trim, "detail": (float(moving), float(dice.whole(0, 1)), 0.0, 0.0), "seed": seed}
    shop.stand(
        (0, 0, 0), half, Material.BUS, vary(dice, paint, 0.1), 0.32 + half[1], form=(0.02, 0.03), **looks
    )
    shop.stand((0, -0.5, 0), (0.95, 0.1, length / 3), Material.PLAIN, trim, height + 0.1, form=(0.5, 0.5))
    _put_underside(shop, 1.0, length / 2 - 0.4, 0.4)
    for side in (-1, 1):
        mirror = (side * 1.42, length / 2 + 0.12, 0)
        shop.stand(mirror, (0.08, 0.22, 0.06), Material.PLAIN, DARK, 2.2)
    _put_wheels(shop, 1.2, (-length / 2 + 2.9, length / 2 - 2.6), 0.48)
    return Vehicle(shop.finish(), (1.26, height, length / 2), (0.02, 0.03))


def build_truck(dice: Dice, moving: bool) -> Vehicle:
    """A lorry, with the bars and skirts along its sides."""
    lorry = build_lorry(dice, moving)
    box = torch.nonzero(lorry.material == Material.CARGO)[0, 0]
    height, long = (lorry.centre[box, 1] + lorry.half[box, 1]).item(), lorry.half[box, 2].item()
    # Its origin is the middle of its box; the cab reaches 2.4 m beyond it.
    body = lorry.moved(0.0, -1.2, 0.0)
    shop = Workshop()
    shop.stand((0, -long - 1.15, 0), (1.15, 0.07, 0.06), Material.PLAIN, RIM, 0.5)
    for side in (-1, 1):
        shop.stand((side * 1.2, -1.6, 0), (0.03, 0.2, long * 0.5), Material.PLAIN, GREY, 0.75)
    body = Solids.concatenate([body, shop.finish()])
    return Vehicle(body, (1.25, height, long + 1.2), (0.0, 0.05))


def build_rider(dice: Dice, moving: bool) -> Vehicle:
    """A cyclist, or one on a motorbike, whose lamp and seat are wider."""
    shop, motor = Workshop(), dice.chance(0.45)
    coat, legs, skin = dice.pick(CLOTHES), dice.pick(CLOTHES), dice.pick(SKIN)
    frame, wheel = dice.pick(FLEET), 0.31 if motor else 0.34
    for z in (-0.58, 0.58):
        half = (0.07 if motor else 0.03, wheel, wheel)
        shop.add(Shape.ELLIPSOID, (0, wheel, z), half, Material.WHEEL, RUBBER, trim=RIM)
    bulk = (0.14, 0.17, 0.5) if motor else (0.025, 0.12, 0.42)
    shop.stand((0, 0, 0), bulk, Material.PLAIN, frame, 0.62)
    shop.stand((0, 0.45, 0), (0.3, 0.025, 0.03), Material.PLAIN, GREY, 1.02)
    for side in (-1, 1):
        x = side * (0.2 if motor else 0.11)
        shop.add(Shape.ELLIPSOID, (x, 0.66, 0.05), (0.08, 0.36, 0.15), Material.PLAIN, legs)
        shop.add(Shape.ELLIPSOID, (side * 0.24, 1.2, 0.2), (0.06, 0.2, 0.24), Material.PLAIN, coat)
    shop.add(Shape.ELLIPSOID, (0, 1.22, -0.05), (0.21, 0.34, 0.17), Material.PLAIN, coat)
    shop.add(Shape.ELLIPSOID, (0, 1.66, 0.08), (0.11, 0.14, 0.13), Material.PLAIN, skin)
    helmet = dice.pick(FLEET) if motor or dice.chance(0.6) else (0.03, 0.02, 0.015)
    shop.add(Shape.ELLIPSOID, (0, 1.72, 0.05), (0.125, 0.12, 0.15), Material.PLAIN, helmet)
    lamp = {"detail": (float(moving), 0.0, 0.0, 0.0)}
    shop.stand((0, -0.66, 0), (0.05, 0.05, 0.04), Material.TAIL, DARK, 0.72, **lamp)
    return Vehicle(shop.finish(), (0.3, 1.7, 0.8), (0.0, 0.3))


def _put_underside(shop: Workshop, half_width: float, half_length: float, top: float) -> None:
    """What one sees under a vehicle: nothing but dark."""
    shop.stand((0, 0, 0), (half_width, (top - 0.12) / 2, half_length), Material.PLAIN, DARK, (top + 0.12) / 2)


def _put_wheels(shop: Workshop, aside: float, axles: Pair, radius: float) -> None:
    for x in (-aside, aside):
        for z in axles:
            half = (0.13, radius, radius)
            shop.add(Shape.ELLIPSOID, (x, radius, z), half, Material.WHEEL, RUBBER, trim=RIM)


Build = Callable[[Dice, bool], Vehicle]
Fleet = tuple[tuple[Build, float], ...]
"""Kinds of vehicles and how often each is met; shares sum up to 1."""

STREET: Fleet = (
    (build_car, 0.74),
    (build_van, 0.11),
    (build_truck, 0.07),
    (build_bus, 0.05),
    (build_rider, 0.03),
)
HIGHWAY: Fleet = ((build_car, 0.6), (build_van, 0.12), (build_truck, 0.24), (build_bus, 0.04))
KERB: Fleet = ((build_car, 0.86), (build_van, 0.12), (build_truck, 0.02))
"""In city traffic, on motorways, and parked."""


def draw_vehicle(dice: Dice, fleet: Fleet, moving: bool) -> Vehicle:
    """One vehicle of a fleet."""
    build, chosen = fleet[0][0], dice.uniform(0, 1)
    for kind, share in fleet:
        if chosen < share:
            build = kind
            break
        chosen -= share
    return build(dice, moving)
