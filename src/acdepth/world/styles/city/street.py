"""What stands along a city street and over it, block by block."""

from acdepth.world.buildings import add_row
from acdepth.world.dice import Dice
from acdepth.world.fleet import KERB
from acdepth.world.lanes import stand_row
from acdepth.world.palette import FACADES, LEAVES, PLANKS, vary
from acdepth.world.road import Road
from acdepth.world.solids import Material, Pair, Triple, Workshop
from acdepth.world.street import STEEL, put_lamp, put_sign
from acdepth.world.styles.city.plan import MARGIN, Plan
from acdepth.world.styles.country.motorway import CONCRETE, SIGN_BLUE, SIGN_GREEN, put_gantry
from acdepth.world.styles.country.verge import pieces, put_rail
from acdepth.world.trees import plant_bush, plant_tree
from acdepth.world.vehicles import build_person

WIRE = (0.02, 0.02, 0.022)
ORANGE, WHITE = (0.7, 0.16, 0.02), (0.75, 0.75, 0.73)
CLEAR_HEIGHT = 4.9  # under bridges [m]
WIRE_HEIGHT = 5.6


def furnish_side(shop: Workshop, road: Road, plan: Plan, seed: int, block: int, side: int) -> list[Triple]:
    """One side of one block; returns the places of its lamp heads."""
    start = road.crossing_position(block) + road.crossing_half_width
    end = road.crossing_position(block + 1) - road.crossing_half_width
    dice = Dice(seed, "city", "side", block, side)
    edge = road.half_width + road.pavement_width
    if dice.chance(plan.open_share):
        dice.pick((_build_wall, _lay_park, _fence_site, _put_rails))(
            shop, road, dice, side, edge, (start, end)
        )
    else:
        add_row(shop, road, plan.buildings, seed, block, side)
    kerb = Dice(seed, "city", "kerb", block, side)
    site = kerb.chance(0.12)
    if plan.parked and not site:
        lateral = side * (road.half_width - 0.15)
        stretch, share = (start + 5, end - 5), plan.parked_share
        stand_row(shop, road, kerb, KERB, stretch, lateral, (0.5, 1.6), taken=share, at_kerb=True)
    elif site:
        _bar_kerb(shop, road, plan, kerb, side, (start + 5, end - 5))
    return _line_pavement(shop, road, plan, kerb, side, (start, end))


def _line_pavement(
    shop: Workshop, road: Road, plan: Plan, dice: Dice, side: int, stretch: Pair
) -> list[Triple]:
    """Trees, signs, people, boxes, lamps, cables and the tram's masts."""
    start, end = stretch
    z = start + dice.uniform(2, 10)
    size = 1.0 if plan.parked else 0.6  # else crowns would hang into the lanes
    while plan.trees and z < end - 3:
        x, foot, _ = road.place(z, side * (road.half_width + dice.uniform(0.9, 1.2)))
        plant_tree(shop, dice, x, foot, size * dice.uniform(0.7, 1.4))
        z += plan.trees * dice.uniform(0.8, 1.25)
    for _ in range(dice.whole(1, 4)):
        put_sign(
            shop, road, dice, side * (road.half_width + dice.uniform(0.35, 0.6)), dice.uniform(start, end)
        )
    for _ in range(round(plan.people * dice.uniform(0.3, 1.6))):
        lateral = side * (road.half_width + dice.uniform(0.6, max(0.8, road.pavement_width - 0.4)))
        x, z, _ = road.place(dice.uniform(start, end), lateral)
        shop.extend(build_person(dice, dice.uniform(-1, 1)).moved(x, z, dice.uniform(0, 6.28)))
    for _ in range(dice.whole(0, 3)):
        _put_box(shop, road, dice, side, dice.uniform(start + 2, end - 2))
    lamps, pitch = [], dice.uniform(20, 34)
    z = start + (3 if side > 0 else pitch / 2)
    while z < end:
        lamps.append(put_lamp(shop, road, side, z))
        z += pitch
    if plan.cables == side:
        _string_cables(shop, road, side * (road.half_width + 0.7), stretch)
    if plan.tram:
        for z, _ in pieces(start, end, 32.0):
            x, foot, _ = road.place(z, side * (road.half_width + 0.5))
            shop.erect(x, foot, 0.11, 7.2, Material.PLAIN, STEEL)
    return lamps


def _put_box(shop: Workshop, road: Road, dice: Dice, side: int, z: float) -> None:
    """A cabinet, an advertising pillar, a bin, or bollards."""
    lateral, colour = side * (road.half_width + dice.uniform(0.6, 1.0)), vary(dice, dice.pick(PLANKS))
    x, foot, yaw = road.place(z, lateral)
    kind = dice.whole(0, 3)
    if kind == 0:
        shop.stand((x, foot, yaw), (0.25, dice.uniform(0.5, 0.8), 0.5), Material.PLAIN, (0.3, 0.31, 0.3))
    elif kind == 1:
        shop.erect(x, foot, 0.6, 3.2, Material.PLAIN, dice.pick(FACADES))
    elif kind == 2:
        shop.stand((x, foot, yaw), (0.3, 0.6, 0.35), Material.PLAIN, colour)
    else:
        for number in range(6):
            x, foot, _ = road.place(z + 1.5 * number, side * (road.half_width + 0.35))
            shop.erect(x, foot, 0.06, 1.0, Material.PLAIN, STEEL)


def _string_cables(shop: Workshop, road: Road, lateral: float, stretch: Pair) -> None:
    """Telephone poles with three cables from one to the next."""
    for middle, length in pieces(*stretch, 30.0):
        x, foot, yaw = road.place(middle - length / 2, lateral)
        shop.erect(x, foot, 0.13, 8.2, Material.BARK, (0.16, 0.13, 0.1), seed=5)
        shop.stand((x, foot, yaw), (0.8, 0.06, 0.06), Material.PLAIN, (0.16, 0.13, 0.1), height=7.6)
        for part, span in pieces(middle - length / 2, middle + length / 2, 10.0):
            sag = 0.5 * (1 - ((part - middle) / (length / 2)) ** 2)
            for across, height in ((-0.6, 7.6), (0.6, 7.6), (0.0, 6.6)):
                place = road.place(part, lateral + across)
                half = (0.016, 0.016, span / 2 + 0.05)
                shop.stand(place, half, Material.PLAIN, WIRE, height=height - sag)


def _build_wall(shop: Workshop, road: Road, dice: Dice, side: int, edge: float, stretch: Pair) -> None:
    """A wall of masonry or concrete, high or low, perhaps with trees behind it."""
    half_height, colour = dice.pick((0.6, 1.1, 1.6, 2.4)), vary(dice, dice.pick((*FACADES[:6], CONCRETE)))
    material, wooded = dice.pick((Material.WALL, Material.WALL, Material.PLANKS)), dice.chance(0.6)
    for middle, length in pieces(*stretch, 6.0):
        half, seed = (0.15, half_height, length / 2), dice.whole(1, 10**6)
        place = road.place(middle, side * (edge + 0.2))
        shop.stand(place, half, material, vary(dice, colour, 0.05), seed=seed)
        if wooded and dice.chance(0.6):
            x, z, _ = road.place(middle, side * (edge + dice.uniform(2.5, 8)))
            plant_tree(shop, dice, x, z, dice.uniform(1.0, 1.7))


def _lay_park(shop: Workshop, road: Road, dice: Dice, side: int, edge: float, stretch: Pair) -> None:
    """A hedge before trees and bushes."""
    half_height, leaves = dice.pick((0.4, 0.7, 1.3)), dice.pick(LEAVES)
    for middle, length in pieces(*stretch, 5.0):
        half, seed = (
            (dice.uniform(0.4, 0.8), half_height * dice.uniform(0.85, 1.15), length / 2),
            dice.whole(1, 999),
        )
        place = road.place(middle, side * (edge + 0.9))
        shop.stand(place, half, Material.FOLIAGE, vary(dice, leaves), form=(0.1, 0.05), seed=seed)
        for _ in range(dice.whole(1, 2)):
            x, z, _ = road.place(middle, side * (edge + dice.uniform(2.5, 16)))
            plant = plant_tree if dice.chance(0.7) else plant_bush
            plant(shop, dice, x, z, dice.uniform(1.0, 2.0))


def _fence_site(shop: Workshop, road: Road, dice: Dice, side: int, edge: float, stretch: Pair) -> None:
    """Boards around a building site with containers, or a car park behind a low rail."""
    start, end = stretch
    if dice.chance(0.5):
        for middle, length in pieces(start, end, 3.0):
            half, colour = (0.04, 1.0, length / 2), vary(dice, (0.62, 0.62, 0.58), 0.08)
            shop.stand(road.place(middle, side * (edge + 0.3)), half, Material.PLANKS, colour, trim=STEEL)
        for _ in range(4):
            x, z, yaw = road.place(dice.uniform(start, end), side * (edge + dice.uniform(4, 14)))
            half, paint = (1.25, dice.pick((1.3, 2.6)), 3.0), vary(dice, dice.pick(FACADES))
            shop.stand(
                (x, z, yaw + dice.uniform(-0.3, 0.3)), half, Material.CARGO, paint, seed=dice.whole(1, 999)
            )
    else:
        for row in (3.0, 9.0):
            inner = (start + 3, end - 3)
            stand_row(shop, road, dice, KERB, inner, side * (edge + row), (0.8, 4.0), taken=0.7, at_kerb=True)


def _put_rails(shop: Workshop, road: Road, dice: Dice, side: int, edge: float, stretch: Pair) -> None:
    """A guard rail before a slope of grass and bushes."""
    put_rail(shop, road, dice, side * (road.half_width + 0.5), *stretch)
    for middle, length in pieces(*stretch, 12.0):
        place, colour = road.place(middle, side * (edge + 5.5)), (0.1, 0.14, 0.045)
        half, looks = (5.0, dice.uniform(0.8, 1.8), length / 2 + 2), {"form": (1.6, 0.6), "seed": 3}
        shop.stand(place, half, Material.MEADOW, colour, trim=colour, **looks)
        x, z, _ = road.place(middle, side * (edge + dice.uniform(8, 14)))
        plant_tree(shop, dice, x, z, dice.uniform(1.2, 2.0))


def _bar_kerb(shop: Workshop, road: Road, plan: Plan, dice: Dice, side: int, stretch: Pair) -> None:
    """Road works beside the lanes: striped boards and cones."""
    lateral = side * (road.half_width - plan.bay - MARGIN + 0.55)
    striped = {"trim": WHITE, "detail": (0.25, 0.0, 0.0, 0.0)}
    for number, (middle, _) in enumerate(pieces(*stretch, 3.2)):
        x, z, yaw = road.place(middle, lateral)
        if number % 3:
            for height, size in ((0.04, 0.2), (0.38, 0.12)):
                half, form = (size, height if height < 0.1 else 0.36, size), (0.0, 0.0)
                form = (0.14, 0.14) if height > 0.1 else form
                shop.stand((x, z, yaw), half, Material.PLAIN, ORANGE, form=form)
        else:
            turned = yaw + 1.5707963 * dice.chance(0.5)
            shop.stand((x, z, turned), (0.9, 0.14, 0.03), Material.SIGN, (0.55, 0.02, 0.02), 0.85, **striped)
            shop.stand((x, z, turned), (0.05, 0.45, 0.05), Material.PLAIN, STEEL)


def furnish_above(shop: Workshop, road: Road, plan: Plan, seed: int, block: int) -> None:
    """The median of one block, and what crosses above: bridges, gantries, wires, traffic lights."""
    start, end = road.crossing_position(block), road.crossing_position(block + 1)
    dice = Dice(seed, "city", "above", block)
    if road.crossings[block]:
        _put_signals(shop, road, dice, start - road.crossing_half_width - 3.5)
    clear = start + road.crossing_half_width + 2, end - road.crossing_half_width - 2
    if road.median and dice.chance(0.7):
        _fill_median(shop, road, dice, clear)
    if road.median > 0.5 and dice.chance(0.25):
        put_gantry(shop, road, dice, dice.uniform(*clear), dice.pick((SIGN_BLUE, SIGN_GREEN)))
    if dice.chance(0.16):
        _build_bridge(shop, road, dice, dice.uniform(clear[0] + 8, clear[1] - 8))
    if plan.tram:
        _string_wires(shop, road, (start, end))


def _put_signals(shop: Workshop, road: Road, dice: Dice, z: float) -> None:
    """Traffic lights at the kerb and on an arm above our carriageway; all show the same."""
    lit, outer = (float(dice.whole(0, 2)), 0.0, 0.0, 0.0), road.half_width + 0.5
    x, foot, _ = road.place(z, outer)
    high = dice.chance(0.6)
    shop.erect(x, foot, 0.08, 6.0 if high else 3.2, Material.PLAIN, STEEL)
    heads = [(outer - 0.25, 2.7)]
    if high:
        reach = outer - road.lane_middle(0)
        arm = road.place(z, outer - reach / 2)
        shop.stand(arm, (reach / 2, 0.06, 0.06), Material.PLAIN, STEEL, height=5.9)
        heads += [(road.lane_middle(lane), 5.6) for lane in range(road.lanes)]
    for lateral, height in heads:
        place = road.place(z - 0.15, lateral)
        shop.stand(place, (0.17, 0.46, 0.14), Material.SIGNAL, STEEL, height=height, detail=lit)


def _fill_median(shop: Workshop, road: Road, dice: Dice, stretch: Pair) -> None:
    """A guard rail, a hedge, a concrete barrier or posts between the carriageways."""
    kind = dice.whole(0, 3)
    if kind == 0:
        put_rail(shop, road, dice, 0.0, *stretch)
        return
    leaves = dice.pick(LEAVES)
    for middle, length in pieces(*stretch, 4.0):
        place = road.place(middle, 0.0)
        width = 0.6 * road.median
        if kind == 1:
            half = (width, dice.uniform(0.3, 0.6), length / 2)
            shop.stand(place, half, Material.FOLIAGE, vary(dice, leaves), seed=dice.whole(1, 999))
        elif kind == 2:
            looks = {"form": (0.15, 0.0), "seed": 11}
            shop.stand(place, (0.3, 0.42, length / 2), Material.WALL, CONCRETE, **looks)
        else:
            shop.stand(place, (0.05, 0.5, 0.05), Material.PLAIN, WHITE)


def _build_bridge(shop: Workshop, road: Road, dice: Dice, z: float) -> None:
    """A railway or a road across, on abutments; a deep one is an underpass."""
    depth, colour = (
        dice.pick((2.5, 4.0, 9.0)),
        vary(dice, dice.pick((CONCRETE, FACADES[1], (0.1, 0.16, 0.14)))),
    )
    reach, seed = road.half_width + road.pavement_width + 12.0, dice.whole(1, 10**6)
    place, thick = road.place(z, 0.0), dice.uniform(0.45, 0.9)
    shop.stand(place, (reach, thick, depth), Material.WALL, colour, height=CLEAR_HEIGHT + thick, seed=seed)
    for across in (-1, 1):
        x, edge, _ = road.place(z + across * (depth - 0.1), 0.0)
        half = (reach, 0.5, 0.06)
        shop.stand((x, edge, place[2]), half, Material.RAIL, STEEL, CLEAR_HEIGHT + 2 * thick + 0.45)
        half = (6.0, CLEAR_HEIGHT / 2 + 0.2, depth + 0.3)
        at = road.place(z, across * (road.half_width + road.pavement_width + 6.0))
        shop.stand(at, half, Material.WALL, vary(dice, colour, 0.08), seed=seed + 1)
    if road.median > 0.5:
        shop.stand(place, (0.3, CLEAR_HEIGHT / 2, depth - 0.5), Material.WALL, CONCRETE, seed=seed + 2)


def _string_wires(shop: Workshop, road: Road, stretch: Pair) -> None:
    """The tram's wires above the inner lanes, and those across that bear them."""
    for z, _ in pieces(*stretch, 32.0):
        half = (road.half_width + 0.5, 0.018, 0.018)
        shop.stand(road.place(z, 0.0), half, Material.PLAIN, WIRE, height=WIRE_HEIGHT + 0.35)
    for middle, length in pieces(*stretch, 12.0):
        for side in (-1, 1):
            half = (0.018, 0.018, length / 2 + 0.05)
            place = road.place(middle, side * road.lane_middle(0))
            shop.stand(place, half, Material.PLAIN, WIRE, height=WIRE_HEIGHT)
