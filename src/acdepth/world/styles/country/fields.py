"""The land: its crops, and what stands on it: woods, hedgerows, lone trees, hills, cattle and bales."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.palette import vary
from acdepth.world.patterns import hash01
from acdepth.world.road import Road
from acdepth.world.solids import Material, Pair, Shape, Triple, Workshop
from acdepth.world.trees import plant_bush, plant_conifer, plant_far_tree, plant_poplar, plant_tree

STRAW = (0.42, 0.33, 0.15)
GREENS = ((0.1, 0.15, 0.05), (0.15, 0.17, 0.06), (0.07, 0.12, 0.045), (0.24, 0.21, 0.09))
COWS = ((0.5, 0.48, 0.44), (0.12, 0.06, 0.035), (0.03, 0.028, 0.027))
NEAR = 4.0  # from the edge of the road to the first tree on the land [m]


@dataclass(frozen=True)
class Crop:
    """A field of rows; lengths in metres."""

    colour: Triple
    between: Triple  # the rows
    period: float
    share: float  # of the period that a row takes
    grazed: bool = False


CROPS = (
    Crop((0.105, 0.155, 0.045), (0.08, 0.13, 0.04), 3.1, 0.5, grazed=True),  # meadow, mown in swaths
    Crop((0.155, 0.175, 0.06), (0.135, 0.165, 0.055), 5.3, 0.5, grazed=True),  # pasture
    Crop((0.40, 0.30, 0.12), (0.29, 0.215, 0.09), 0.6, 0.6),  # wheat
    Crop((0.46, 0.40, 0.05), (0.28, 0.31, 0.06), 0.9, 0.7),  # rape
    Crop((0.155, 0.105, 0.07), (0.085, 0.058, 0.04), 0.75, 0.55),  # ploughed
    Crop((0.075, 0.155, 0.045), (0.15, 0.105, 0.072), 0.75, 0.55),  # beet
    Crop((0.36, 0.29, 0.16), (0.24, 0.18, 0.105), 0.5, 0.5),  # stubble
)


def crop_of(block: Tensor, side: Tensor, strip: Tensor, seed: int) -> Tensor:
    """Number (N,) in `CROPS` of the fields beside blocks, on sides -1 or 1, in strips away from the road."""
    drawn = hash01(block, side + 2, strip + 3, torch.full_like(block, seed % 100_003))
    return (drawn * len(CROPS)).to(torch.int64)


def first_crop(block: int, side: int, seed: int) -> Crop:
    """What grows beside a block, next to the road."""
    at_block, at_side, nearest = torch.tensor([[block], [side], [0]]).float()
    return CROPS[int(crop_of(at_block, at_side, nearest, seed))]


def settle_fields(
    shop: Workshop, road: Road, seed: int, block: int, side: int, stretch: Pair, farmed: bool
) -> None:
    """The land on one side of a block; ``farmed`` where houses leave no room for woods."""
    dice = Dice(seed, "country", "fields", block, side)
    start, end = stretch
    edge = road.half_width + road.pavement_width + NEAR
    if not farmed and dice.chance(0.35):
        _plant_wood(shop, road, dice, side, stretch, edge)
    elif dice.chance(0.6):
        _plant_hedgerow(shop, road, dice, side * (edge + 1), start + 1)
    for _ in range(dice.whole(0, 2)):
        x, z, _ = road.place(dice.uniform(start, end), side * (edge + dice.uniform(0, 9)))
        dice.pick((plant_tree, plant_tree, plant_poplar))(shop, dice, x, z, dice.uniform(0.8, 1.4))
    if dice.chance(0.25):
        _plant_row(shop, road, dice, side, stretch)
    if dice.chance(0.5):
        _raise_hill(shop, road, dice, side, dice.uniform(start, end))
    crop = first_crop(block, side, seed)
    if crop.grazed and dice.chance(0.7):
        for _ in range(dice.whole(3, 7)):
            x, z, _ = road.place(dice.uniform(start, end), side * (edge + dice.uniform(2, 24)))
            _put_cow(shop, dice, x, z)
    elif dice.chance(0.35):
        for _ in range(dice.whole(3, 6)):
            x, z, yaw = road.place(dice.uniform(start, end), side * (edge + dice.uniform(2, 26)))
            half, colour = (0.6, 0.6, dice.uniform(0.6, 1.2)), vary(dice, STRAW)
            shop.stand((x, z, yaw + dice.uniform(-1, 1)), half, Material.PLAIN, colour)


def _plant_wood(shop: Workshop, road: Road, dice: Dice, side: int, stretch: Pair, edge: float) -> None:
    """Trees of one kind, closer to the road or farther away."""
    plant = dice.pick((plant_conifer, plant_far_tree, plant_far_tree))
    edge += dice.pick((0.0, 6.0, 18.0))
    for _ in range(dice.whole(14, 24)):
        x, z, _ = road.place(dice.uniform(*stretch), side * (edge + 30 * dice.uniform(0, 1) ** 1.6))
        plant(shop, dice, x, z, dice.uniform(1.0, 1.9))


def _plant_hedgerow(shop: Workshop, road: Road, dice: Dice, lateral: float, z: float) -> None:
    """Bushes and trees between two fields, away from the road."""
    side = math.copysign(1.0, lateral)
    for number in range(9):
        x, foot, _ = road.place(z, lateral + side * number * dice.uniform(3.5, 4.5))
        plant = plant_far_tree if dice.chance(0.25) else plant_bush
        plant(shop, dice, x, foot + dice.uniform(-0.5, 0.5), dice.uniform(0.9, 1.7))


def _plant_row(shop: Workshop, road: Road, dice: Dice, side: int, stretch: Pair) -> None:
    """A row of slim trees along a distant way."""
    lateral = side * dice.uniform(28, 55)
    z, pitch, size = stretch[0], dice.uniform(6, 9), dice.uniform(0.9, 1.4)
    while z < stretch[1]:
        x, foot, _ = road.place(z, lateral)
        plant_poplar(shop, dice, x, foot, size * dice.uniform(0.9, 1.1))
        z += pitch


def _raise_hill(shop: Workshop, road: Road, dice: Dice, side: int, z: float) -> None:
    """A low hill, if there is room for it beside the road."""
    radii = dice.uniform(30, 60), dice.uniform(35, 70)
    height, sunk = dice.uniform(7, 15), dice.uniform(1, 3)
    x, middle, _ = road.place(z, side * (road.half_width + radii[0] + dice.uniform(22, 70)))
    first, second = dice.pick(GREENS), dice.pick(GREENS)
    seed = dice.whole(1, 10**6)
    if road.leaves_room(x, middle, max(radii) + 6):
        half = (radii[0], height, radii[1])
        shop.add(Shape.ELLIPSOID, (x, -sunk, middle), half, Material.MEADOW, first, trim=second, seed=seed)


def _put_cow(shop: Workshop, dice: Dice, x: float, z: float) -> None:
    """A cow that grazes or looks up."""
    local, coat = Workshop(), dice.pick(COWS)
    local.add(Shape.ELLIPSOID, (0, 0.98, 0), (0.36, 0.4, 0.85), Material.PLAIN, coat)
    for side in (-0.2, 0.2):
        for foot in (-0.5, 0.5):
            local.erect(side, foot, 0.07, 0.7, Material.PLAIN, coat)
    head = (0, dice.pick((0.4, 1.3)), 1.05)
    local.add(Shape.ELLIPSOID, head, (0.15, 0.2, 0.28), Material.PLAIN, coat)
    shop.extend(local.finish().moved(x, z, dice.uniform(0, 6.28)))
