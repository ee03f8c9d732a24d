"""What stands along a street: trees, lamps, signs, poles, hedges, parked cars and people waiting."""

from dataclasses import dataclass

from acdepth.world.dice import Dice
from acdepth.world.palette import LEAVES, SIGNS, linear, vary
from acdepth.world.road import Road
from acdepth.world.solids import Material, Shape, Triple, Workshop
from acdepth.world.trees import plant_tree
from acdepth.world.vehicles import CAR_HALF_WIDTH, build_person, build_vehicle

STEEL = linear("6a7074")
LAMP_HEIGHT = 6.4
CLEARANCE = 1.2  # between the lens' path and a parked car [m]


@dataclass(frozen=True)
class StreetStyle:
    """How one town furnishes its streets."""

    tree_pitch: float  # mean distance between street trees [m]
    tree_size: float
    parked_share: float  # of parking bays that are taken
    lamp_pitch: float
    people: float  # per side and block
    suburban: bool


def draw_street_style(seed: int, suburban: bool) -> StreetStyle:
    """The street furniture of a town."""
    dice = Dice(seed, "street")
    return StreetStyle(
        tree_pitch=dice.pick((9.0, 13.0, 20.0, 45.0)) * dice.uniform(0.85, 1.15),
        tree_size=dice.uniform(0.8, 1.25),
        parked_share=dice.pick((0.2, 0.45, 0.75)),
        lamp_pitch=dice.uniform(19, 30),
        people=dice.uniform(0.5, 4.0),
        suburban=suburban,
    )


def furnish_block(shop: Workshop, road: Road, style: StreetStyle, seed: int, block: int) -> list[Triple]:
    """Furnish one block on both sides; returns the positions (x, height, z) of its lamp heads."""
    start = road.crossing_position(block) + road.crossing_half_width
    end = road.crossing_position(block + 1) - road.crossing_half_width
    lamps: list[Triple] = []
    for side in (-1, 1):
        dice = Dice(seed, "furniture", block, side)
        _plant_trees(shop, road, style, dice, side, start + 4, end - 4)
        _park_cars(shop, road, style, dice, side, start + 6, end - 5)
        _put_signs(shop, road, dice, side, start + 2, end - 2)
        _put_people(shop, road, style, dice, side, start, end)
        if style.suburban:
            _plant_gardens(shop, road, dice, side, start + 5, end - 5)
        z = start + 3 + (0.5 if side > 0 else 0.0) * style.lamp_pitch
        while z < end:
            lamps.append(put_lamp(shop, road, side, z))
            z += style.lamp_pitch
    return lamps


def put_lamp(shop: Workshop, road: Road, side: int, z: float) -> Triple:
    """A lamp post on the pavement with its arm over the road."""
    x, foot, yaw = road.place(z, side * (road.half_width + 0.4))
    inner_x, inner_z, _ = road.place(z, side * (road.half_width - 0.9))
    shop.erect(x, foot, 0.07, LAMP_HEIGHT, Material.PLAIN, STEEL)
    middle = ((x + inner_x) / 2, LAMP_HEIGHT, (foot + inner_z) / 2)
    shop.add(Shape.PRISM, middle, (0.7, 0.04, 0.04), Material.PLAIN, STEEL, yaw=yaw)
    head = (inner_x, LAMP_HEIGHT - 0.02, inner_z)
    shop.add(Shape.PRISM, head, (0.38, 0.07, 0.14), Material.LAMP, STEEL, yaw=yaw)
    return head


def _plant_trees(
    shop: Workshop, road: Road, style: StreetStyle, dice: Dice, side: int, z: float, end: float
) -> None:
    z += dice.uniform(0, style.tree_pitch)
    while z < end:
        x, foot, _ = road.place(z, side * (road.half_width + dice.uniform(0.9, 1.2)))
        plant_tree(shop, dice, x, foot, style.tree_size * dice.uniform(0.75, 1.2))
        z += style.tree_pitch * dice.uniform(0.8, 1.25)


def _plant_gardens(shop: Workshop, road: Road, dice: Dice, side: int, z: float, end: float) -> None:
    """Hedges or low walls along the pavement and trees behind them."""
    edge = road.half_width + road.pavement_width + 0.4
    while z < end - 6:
        length = dice.uniform(5, 11)
        place, seed = road.place(z + length / 2, side * edge), dice.whole(1, 10**6)
        if dice.chance(0.45):
            half = (0.4, dice.uniform(0.45, 0.85), length / 2)
            colour = vary(dice, dice.pick(LEAVES))
            shop.stand(place, half, Material.FOLIAGE, colour, seed=seed)
        elif dice.chance(0.6):
            half = (0.14, dice.uniform(0.35, 0.6), length / 2)
            colour = vary(dice, (0.42, 0.36, 0.3))
            shop.stand(place, half, Material.WALL, colour, seed=seed)
        if dice.chance(0.6):
            tree_x, tree_z, _ = road.place(z + dice.uniform(0, length), side * (edge + 2.2))
            plant_tree(shop, dice, tree_x, tree_z, dice.uniform(0.6, 1.2))
        z += length + dice.uniform(2.5, 5)


def _park_cars(
    shop: Workshop, road: Road, style: StreetStyle, dice: Dice, side: int, z: float, end: float
) -> None:
    """Parked cars in bays 6 m long at the kerb, where they leave our lane its clearance."""
    lateral = road.half_width - CAR_HALF_WIDTH - 0.2
    if side > 0 and lateral - CAR_HALF_WIDTH - road.lane_width / 2 < CLEARANCE:
        return
    while z < end:
        if dice.chance(style.parked_share):
            x, middle, yaw = road.place(z + dice.uniform(-0.4, 0.4), side * (lateral + dice.uniform(0, 0.1)))
            facing = yaw + (0.0 if side > 0 else 3.14159265) + dice.uniform(-0.02, 0.02)
            shop.extend(build_vehicle(dice, moving=False).moved(x, middle, facing))
        z += 6.2


def _put_signs(shop: Workshop, road: Road, dice: Dice, side: int, z: float, end: float) -> None:
    z += dice.uniform(0, 20)
    while z < end:
        put_sign(shop, road, dice, side * (road.half_width + dice.uniform(0.35, 0.6)), z)
        z += dice.uniform(12, 40)


def put_sign(shop: Workshop, road: Road, dice: Dice, lateral: float, z: float) -> None:
    """A traffic sign on its pole."""
    x, foot, yaw = road.place(z, lateral)
    height = dice.uniform(2.2, 2.7)
    shop.erect(x, foot, 0.035, height, Material.PLAIN, STEEL)
    half = dice.pick(((0.3, 0.3, 0.02), (0.35, 0.25, 0.02), (0.22, 0.34, 0.02)))
    colour, figure = dice.pick(SIGNS), float(dice.whole(0, 2))
    looks = {"trim": (0.8, 0.8, 0.78), "detail": (0.0, figure, 0.0, 0.0)}
    shop.stand((x, foot - 0.06, yaw), half, Material.SIGN, colour, height - 0.3, **looks)


def _put_people(
    shop: Workshop, road: Road, style: StreetStyle, dice: Dice, side: int, start: float, end: float
) -> None:
    for _ in range(round(style.people * dice.uniform(0.5, 1.5))):
        lateral = side * (road.half_width + dice.uniform(1.4, max(1.6, road.pavement_width - 0.5)))
        x, z, _ = road.place(dice.uniform(start, end), lateral)
        person = build_person(dice, dice.uniform(-0.4, 0.4))
        shop.extend(person.moved(x, z, dice.uniform(0, 6.28)))
