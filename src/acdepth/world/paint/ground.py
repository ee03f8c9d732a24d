"""The ground: points beside a road, and the asphalt, marks, kerbs, slabs and grass of towns."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from acdepth.world.paint.patch import Ground, plain
from acdepth.world.patterns import fade, hash01, inside, mix, pulse, sample_noise
from acdepth.world.road import Road

ASPHALT = (0.105, 0.105, 0.11)
SLABS = (0.3, 0.29, 0.27)
KERB = (0.4, 0.39, 0.37)
GRASS = (0.1, 0.145, 0.045)
MARKS = (0.62, 0.61, 0.57)


@dataclass(frozen=True)
class Spots:
    """N points of the ground of a road, with the widths of their rays and the grain of the world there."""

    x: Tensor
    z: Tensor
    lateral: Tensor
    crossing: Tensor  # distance from the edge of the nearest crossing street
    across: Tensor  # width of a ray across its course [m]
    along: Tensor  # and along it
    broad: Tensor  # (N, 4) noise
    grain: Tensor  # (N, 4) finer noise
    face: Tensor  # whether on the upright face of the kerb

    @classmethod
    def look(cls, point: Tensor, facing: Tensor, footprint: Tensor, road: Road) -> Self:
        """From what every `GroundPainter` is given."""
        x, height, z = point.unbind(1)
        along = footprint / facing.clamp(min=0.03)
        blurred = (footprint * along).sqrt()
        lateral, crossing = road.lateral(x, z), road.crossing_distance(z)
        broad, grain = sample_noise(x, z, 11.0, blurred), sample_noise(z + 3.1, x, 2.6, blurred)
        face = (height > 0.004) & (height < road.step - 0.004)
        return cls(x, z, lateral, crossing, footprint, along, broad, grain, face)


def paint_ground(
    point: Tensor, facing: Tensor, footprint: Tensor, road: Road, suburban: bool, seed: int
) -> Ground:
    """Paint a town's ground, with grass beyond the pavement in suburbs; `GroundPainter` says the rest."""
    spots = Spots.look(point, facing, footprint, road)
    broad, grain = spots.broad, spots.grain
    beyond = torch.minimum(spots.lateral.abs() - road.half_width, spots.crossing)
    colour = paint_asphalt(spots, seed)
    colour = mix(colour, colour.new_tensor(MARKS), _marks(spots, road))
    colour = torch.where((beyond > 0)[:, None], paint_slabs(spots), colour)
    if suburban:
        meadow = (beyond - road.pavement_width - 0.1 + 0.15 * broad[:, 0]).mul(4).clamp(0, 1)
        shade = (1 + 0.3 * broad[:, 1] + 0.28 * grain[:, 0]).clamp(min=0.2)
        colour = mix(colour, colour.new_tensor(GRASS) * shade[:, None], meadow)
    kerb = inside(beyond, -0.02, 0.17, footprint) * (1 - 0.5 * pulse(spots.z, 1.2, 0.0, 0.05, spots.along))
    colour = mix(colour, colour.new_tensor(KERB) * (1 + 0.15 * grain[:, :1]), kerb)
    face = colour.new_tensor(KERB) * 0.55 * (1 + 0.2 * grain[:, :1])
    colour = torch.where(spots.face[:, None], face, colour)
    return Ground(plain(colour), beyond, broad, torch.ones_like(beyond))


def paint_asphalt(spots: Spots, seed: int) -> Tensor:
    """Grain, wear by wheels, rectangular repairs, tar seams and manhole covers."""
    lateral, z, broad, grain = spots.lateral, spots.z, spots.broad, spots.grain
    footprint, along = spots.across, spots.along
    shade = 1 + 0.13 * broad[:, 0] + 0.05 * broad[:, 2] + 0.2 * grain[:, 0] + 0.12 * grain[:, 3]
    cell_u, cell_v = torch.floor(lateral / 2.4), torch.floor(z / 5.5)
    key = torch.full_like(cell_u, float(seed))
    drawn = hash01(cell_u, cell_v, key)
    reach = 0.5 + 0.5 * hash01(cell_v, cell_u, key)
    u, v = lateral - cell_u * 2.4, z - cell_v * 5.5
    inner = inside(u, 0.15, 2.25 * reach, footprint) * inside(v, 0.3, 5.2 * reach, along)
    outer = inside(u, 0.09, 2.25 * reach + 0.06, footprint) * inside(v, 0.22, 5.2 * reach + 0.08, along)
    repaired = (drawn < 0.34).float()
    tone = 0.62 + 0.75 * hash01(cell_u, key, cell_v)
    shade = shade * (1 + repaired * inner * (tone - 1)) * (1 - 0.45 * repaired * (outer - inner).clamp(0, 1))
    tracks = torch.cos(lateral * 3.9).clamp(min=0) * 0.12
    seam = inside(lateral + 0.1 * broad[:, 3], -0.035, 0.035, footprint)
    cracks = (1 - (broad[:, 3].abs() / 0.06)).clamp(0, 1) * fade(along, 0.25)
    shade = shade * (1 - tracks) * (1 - 0.4 * seam) * (1 - 0.45 * cracks)
    hatch = hash01(cell_v, cell_u, key + 5)
    radius = torch.hypot(u - 1.0 - 0.8 * reach, (v - 2.0 - 2 * reach))
    cover = ((0.34 - radius) / along.clamp(min=0.02) + 0.5).clamp(0, 1) * (hatch < 0.07)
    rim = ((0.06 - (radius - 0.34).abs()) / along.clamp(min=0.02) + 0.5).clamp(0, 1) * (hatch < 0.07)
    shade = shade * (1 - 0.45 * cover) * (1 - 0.4 * rim)
    return lateral.new_tensor(ASPHALT) * shade.clamp(min=0.15)[:, None]


def _marks(spots: Spots, road: Road) -> Tensor:
    """Share (N,) of white paint: dashes between the lanes, bay lines, stop lines and zebra crossings."""
    lateral, crossing, z, broad = spots.lateral, spots.crossing, spots.z, spots.broad
    footprint, along = spots.across, spots.along
    away = (crossing > 3.6).float()
    on_road = (crossing > 0).float()
    centre = inside(lateral, -0.075, 0.075, footprint) * pulse(z, 6.0, 0.0, 3.0, along) * away
    bay = road.half_width - 2.15
    sides = inside(lateral.abs(), bay - 0.05, bay + 0.05, footprint)
    ends = inside(lateral.abs(), bay, road.half_width, footprint) * pulse(z, 6.2, 0.0, 0.11, along)
    stop = inside(crossing, 3.9, 4.3, along) * (lateral.abs() < bay)
    zebra = inside(crossing, 0.6, 3.2, along) * pulse(lateral + 40.0, 1.1, 0.0, 0.55, footprint)
    zebra = zebra * (lateral.abs() < road.half_width - 0.3)
    worn = (0.85 - 0.3 * broad[:, 1] - 0.25 * broad[:, 0]).clamp(0.15, 1)
    return (centre + (sides + ends).clamp(max=1) * away * 0.8 + stop + zebra).clamp(0, 1) * on_road * worn


def paint_slabs(spots: Spots) -> Tensor:
    """Paving slabs in a running bond, each of its own shade."""
    lateral, footprint, along = spots.lateral, spots.across, spots.along
    size = 0.75
    row = torch.floor(lateral / size)
    shifted = spots.z + 0.5 * size * (row % 2)
    tone = (hash01(row, torch.floor(shifted / size)) - 0.5) * fade(along, 2 * size)
    ends = pulse(shifted, size, 0.0, 0.035, along)
    joints = torch.maximum(pulse(lateral, size, 0.0, 0.035, footprint), ends)
    shade = 1 + 0.45 * tone + 0.12 * spots.broad[:, 0] + 0.1 * spots.grain[:, 0]
    return lateral.new_tensor(SLABS) * (shade * (1 - 0.55 * joints)).clamp(min=0.15)[:, None]
