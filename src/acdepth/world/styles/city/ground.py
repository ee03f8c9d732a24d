"""The ground of a city: asphalt with its lanes, stop lines, crossings and rails; kerbs, slabs and lawns."""

import torch
from torch import Tensor

from acdepth.world.paint.ground import GRASS, KERB, MARKS, Spots, paint_asphalt, paint_slabs
from acdepth.world.paint.patch import Ground, plain
from acdepth.world.patterns import inside, mix, pulse
from acdepth.world.road import Road
from acdepth.world.styles.city.plan import Plan

YELLOW = (0.5, 0.34, 0.06)
STEEL = (0.2, 0.2, 0.21)


def paint_ground(
    point: Tensor, facing: Tensor, footprint: Tensor, road: Road, plan: Plan, seed: int
) -> Ground:
    """Paint points of the ground; the first three arguments are those of every `GroundPainter`."""
    spots = Spots.look(point, facing, footprint, road)
    broad, grain, lateral = spots.broad, spots.grain, spots.lateral
    beyond = torch.minimum(lateral.abs() - road.half_width, spots.crossing)
    colour = paint_asphalt(spots, seed) * plan.asphalt
    worn = (0.9 - 0.25 * broad[:, 1] - 0.2 * broad[:, 0]).clamp(0.2, 1)
    open_road = spots.crossing > 0
    colour = mix(colour, colour.new_tensor(MARKS), _white(spots, road, plan) * worn * open_road)
    if road.median == 0:
        middle = inside(lateral.abs(), 0.08, 0.2, spots.across) * (spots.crossing > 3.6) * worn
        colour = mix(colour, colour.new_tensor(YELLOW if plan.yellow else MARKS), middle)
    else:
        strip = (lateral.abs() < road.median) & open_road
        shade = (1 + 0.3 * broad[:, 1] + 0.28 * grain[:, 0]).clamp(min=0.2)
        lawn = colour.new_tensor(GRASS) * shade[:, None] if plan.median > 1.4 else paint_slabs(spots)
        colour = torch.where(strip[:, None], lawn, colour)
        rim = inside(lateral.abs(), road.median - 0.15, road.median + 0.02, spots.across) * open_road
        colour = mix(colour, colour.new_tensor(KERB) * (1 + 0.15 * grain[:, :1]), rim)
    if plan.tram:
        rails = _rails(spots, road)
        colour = mix(colour, colour.new_tensor(STEEL), rails)
    colour = torch.where((beyond > 0)[:, None], paint_slabs(spots), colour)
    kerb = inside(beyond, -0.02, 0.17, footprint) * (1 - 0.5 * pulse(spots.z, 1.2, 0.0, 0.05, spots.along))
    colour = mix(colour, colour.new_tensor(KERB) * (1 + 0.15 * grain[:, :1]), kerb)
    face = colour.new_tensor(KERB) * 0.55 * (1 + 0.2 * grain[:, :1])
    colour = torch.where(spots.face[:, None], face, colour)
    return Ground(plain(colour), beyond, broad, torch.ones_like(beyond))


def _white(spots: Spots, road: Road, plan: Plan) -> Tensor:
    """Share (N,) of white paint: dashes between lanes, the edge line, bays, stop lines, zebra crossings."""
    lateral, crossing, z = spots.lateral, spots.crossing, spots.z
    across, along = spots.across, spots.along
    outwards, away = lateral.abs() - road.median, (crossing > 3.6).float()
    outer = road.lanes * road.lane_width
    nearest = (outwards / road.lane_width).round().clamp(1, max(1, road.lanes - 1)) * road.lane_width
    between = inside((outwards - nearest).abs(), -1.0, 0.07, across) if road.lanes > 1 else 0.0
    lines = between * pulse(z, 9.0, 0.0, 3.0, along) + inside(outwards, outer, outer + 0.14, across)
    if plan.parked:
        bays = inside(lateral.abs(), road.half_width - plan.bay, road.half_width, across)
        lines = lines + 0.8 * bays * pulse(z, 6.2, 0.0, 0.11, along)
    stop = inside(crossing, 3.9, 4.4, along) * (outwards > 0) * (outwards < outer)
    zebra = inside(crossing, 0.6, 3.2, along) * pulse(lateral + 60.0, 1.1, 0.0, 0.55, across)
    return (lines * away + stop + zebra * (lateral.abs() < road.half_width - 0.3)).clamp(0, 1)


def _rails(spots: Spots, road: Road) -> Tensor:
    """Share (N,) of the tram's rails, in the inner lanes."""
    from_middle = (spots.lateral.abs() - road.median - 0.5 * road.lane_width).abs()
    return inside(from_middle, 0.68, 0.75, spots.across)
