"""The ground of the country: asphalt or concrete with its lines, verges, farm tracks and fields."""

import torch
from torch import Tensor

from acdepth.world.paint.ground import MARKS, Spots
from acdepth.world.paint.patch import Ground, plain
from acdepth.world.patterns import fade, hash01, inside, mix, pulse
from acdepth.world.road import Road
from acdepth.world.styles.country.fields import CROPS, crop_of
from acdepth.world.styles.country.way import Kind, Way

GRASS = (0.12, 0.15, 0.05)
STRAW = (0.26, 0.22, 0.11)
GRAVEL = (0.27, 0.25, 0.215)
SOIL = (0.12, 0.088, 0.06)
FLOWERS = ((0.5, 0.07, 0.05), (0.6, 0.58, 0.52), (0.6, 0.48, 0.06))
FIELD_DEPTH = 85.0  # m


def paint_ground(point: Tensor, facing: Tensor, footprint: Tensor, road: Road, way: Way, seed: int) -> Ground:
    """Paint points of the ground; the first three arguments are those of every `GroundPainter`."""
    spots = Spots.look(point, facing, footprint, road)
    lateral, crossing, broad, grain = spots.lateral, spots.crossing, spots.broad, spots.grain
    beside = lateral.abs() - road.half_width
    ragged = 0.12 * broad[:, 0] + 0.05 * grain[:, 0]
    colour = _fields(spots, road, seed)
    verge = ((road.pavement_width + 4 * ragged - beside) / 0.5 + 0.5).clamp(0, 1)
    colour = mix(colour, _grass(spots), verge)
    track = ((0.15 * broad[:, 1] - crossing) / 0.3 + 0.5).clamp(0, 1)
    colour = mix(colour, _track(spots, crossing + road.crossing_half_width), track)
    gravel = ((0.3 + 2 * ragged - beside) / 0.2 + 0.5).clamp(0, 1)
    stones = colour.new_tensor(GRAVEL) * _shade(spots, 0.15, 0.2)[:, None]
    colour = mix(colour, stones, 0.85 * gravel)
    shade = _slabs(spots, road) if way.concrete else _asphalt(spots, road, seed)
    paved = colour.new_tensor(way.asphalt) * shade[:, None]
    paved = mix(paved, colour.new_tensor(MARKS), _lines(spots, road, way))
    on_road = (beside < 0) & (lateral.abs() >= road.median)
    colour = torch.where(on_road[:, None], paved, colour)
    colour = torch.where(spots.face[:, None], colour.new_tensor(SOIL) * (1 + 0.3 * grain[:, :1]), colour)
    sealed = torch.where(on_road, 1.0, torch.maximum(0.06 + 0.25 * gravel, 0.45 * track))
    return Ground(plain(colour), torch.minimum(beside, crossing), broad, sealed)


def _shade(spots: Spots, coarse: float, fine: float) -> Tensor:
    """Brightness (N,) around 1 that varies with the grain."""
    wide = spots.broad[:, 0] + 0.6 * spots.broad[:, 2]
    return (1 + coarse * wide + fine * spots.grain[:, 0]).clamp(min=0.2)


def _fields(spots: Spots, road: Road, seed: int) -> Tensor:
    """Rows of crops along the road or across, another field beside each block."""
    lateral, z = spots.lateral, spots.z
    block = torch.floor((z - road.first_crossing) / road.block_length)
    side, strip = torch.sign(lateral), torch.floor(lateral.abs() / FIELD_DEPTH)
    crop = crop_of(block, side, strip, seed)
    table = lateral.new_tensor([[*c.colour, *c.between, c.period, c.share] for c in CROPS])[crop]
    period, share = table[:, 6], table[:, 7]
    turned = hash01(block, side + 2, strip + 11) < 0.35
    u = torch.where(turned, z, lateral + 900.0)
    width = torch.where(turned, spots.along, spots.across)
    rows = pulse(u + 0.05 * period * spots.broad[:, 1], period, 0.0, share * period, width)
    # A tractor drives through every field in the same two ruts, every twelve metres.
    ruts = (pulse(u, 12.0, 3.0, 3.4, width) + pulse(u, 12.0, 4.9, 5.3, width)) * (period < 2)
    shade = _shade(spots, 0.22, 0.22) * (1 - 0.3 * ruts)
    return mix(table[:, 3:6], table[:, :3], rows) * shade[:, None]


def _grass(spots: Spots) -> Tensor:
    """Rough grass with dry stems and flowers."""
    broad, grain = spots.broad, spots.grain
    shade = _shade(spots, 0.2, 0.34)
    dry = (0.3 + 0.4 * broad[:, 0] + 0.35 * grain[:, 1]).clamp(0, 0.85)
    green = broad.new_tensor(GRASS).expand(len(shade), 3)
    colour = mix(green, broad.new_tensor(STRAW).expand_as(green), dry) * shade[:, None]
    drawn = hash01(torch.floor(spots.x / 0.16), torch.floor(spots.z / 0.16))
    bloom = (drawn < 0.05) * (broad[:, 2] > 0.2) * fade(spots.along, 0.2)
    kind = (drawn * 60).to(torch.int64).clamp(max=len(FLOWERS) - 1)
    return mix(colour, broad.new_tensor(FLOWERS)[kind], 0.8 * bloom)


def _track(spots: Spots, from_middle: Tensor) -> Tensor:
    """A farm track: two bare wheel tracks, grass between and beside them."""
    bare = 0.25 + 0.75 * torch.exp(-(((from_middle - 0.8) / 0.55) ** 2))
    grass = from_middle.new_tensor(GRASS).expand(len(from_middle), 3)
    return mix(grass, grass.new_tensor(GRAVEL).expand_as(grass), bare) * _shade(spots, 0.2, 0.25)[:, None]


def _asphalt(spots: Spots, road: Road, seed: int) -> Tensor:
    """Brightness (N,) of chippings: lanes renewed piece by piece, wheel tracks, sealed cracks."""
    lateral, broad, grain = spots.lateral, spots.broad, spots.grain
    lane, length = torch.floor(lateral / road.lane_width), 23.0
    shifted = spots.z + 0.37 * length * lane
    tone = 0.86 + 0.3 * hash01(lane + 9, torch.floor(shifted / length), torch.full_like(lane, float(seed)))
    joint = pulse(shifted, length, 0.0, 0.12, spots.along)
    offset = road.lane_offset(lateral)
    wheels, oil = torch.exp(-(((offset.abs() - 0.8) / 0.3) ** 2)), torch.exp(-((offset / 0.35) ** 2))
    cracks = (1 - ((broad[:, 3] + 0.2 * grain[:, 2]).abs() / 0.05)).clamp(0, 1) * fade(spots.along, 0.3)
    crumbled = ((lateral.abs() - road.half_width + 0.35 + 0.25 * broad[:, 0]) / 0.3).clamp(0, 1)
    shade = _shade(spots, 0.08, 0.13) * tone * (1 + 0.13 * wheels - 0.1 * oil) * (1 + 0.25 * crumbled)
    return shade * (1 - 0.3 * joint) * (1 - 0.35 * cracks)


def _slabs(spots: Spots, road: Road) -> Tensor:
    """Brightness (N,) of concrete slabs, each of its own tone, with dark joints."""
    size, outwards = 5.0, spots.lateral.abs() - road.median
    column, row = torch.floor(outwards / road.lane_width), torch.floor(spots.z / size)
    tone = 0.9 + 0.22 * hash01(column + 9, row, torch.sign(spots.lateral) + 2)
    shifted = outwards + 40 * road.lane_width
    ends = pulse(spots.z, size, 0.0, 0.05, spots.along)
    joints = torch.maximum(ends, pulse(shifted, road.lane_width, 0.0, 0.05, spots.across))
    offset = road.lane_offset(spots.lateral)
    wheels, oil = torch.exp(-(((offset.abs() - 0.85) / 0.3) ** 2)), torch.exp(-((offset / 0.45) ** 2))
    return _shade(spots, 0.06, 0.09) * tone * (1 - 0.16 * oil - 0.08 * wheels) * (1 - 0.55 * joints)


def _lines(spots: Spots, road: Road, way: Way) -> Tensor:
    """Share (N,) of white paint."""
    z, outwards = spots.z, spots.lateral.abs()

    def line(middle: float, width: float) -> Tensor:
        return inside(outwards, middle - width / 2, middle + width / 2, spots.across)

    if way.kind is Kind.MOTORWAY:
        dashes = line(road.median + road.lane_width, 0.15) * pulse(z, 18.0, 0.0, 6.0, spots.along)
        outer = road.median + road.lanes * road.lane_width
        lines = dashes + line(outer + 0.15, 0.3) + line(road.median + 0.35, 0.18)
    else:
        broken = 1.0 if way.solid_centre else pulse(z, 12.0, 0.0, 4.0, spots.along)
        centre = line(0.0, 0.13) * broken if way.kind is Kind.ROAD else 0.0
        lines = centre + line(road.half_width - 0.35, 0.13) * way.edge_lines
    worn = (0.95 - 0.2 * spots.broad[:, 1] - 0.2 * spots.broad[:, 0]).clamp(0.2, 1)
    return lines.clamp(0, 1) * worn
