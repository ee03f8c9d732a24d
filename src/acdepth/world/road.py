"""The road: an analytic centreline x = f(z) with crossing streets, and the ground on both sides of it.

Inside the world a point is (x, height, z): x to the right, height upwards, z along the town.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.dice import Dice
from acdepth.world.solids import Triple

PAVEMENT_HEIGHT = 0.13


@dataclass(frozen=True)
class Road:
    """Shape of one town's road; lengths in metres, laterals from the centreline, right is positive."""

    waves: tuple[Triple, ...]  # (amplitude [m], wave number [rad/m], phase [rad])
    half_width: float
    lane_width: float
    pavement_width: float
    block_length: float
    first_crossing: float
    crossings: tuple[bool, ...]  # one per block: is there a street at its start?
    crossing_half_width: float
    step: float = PAVEMENT_HEIGHT  # from the carriageway up to what lies beside it
    median: float = 0.0  # half the width of the strip between two carriageways
    lanes: int = 1  # each way
    our_lane: int = 0  # counted from the middle

    @property
    def blocks(self) -> int:
        """Number of blocks; there may be a street at the end of the last one too."""
        return len(self.crossings) - 1

    def lane_middle(self, lane: int) -> float:
        """Lateral coordinate of the middle of a lane of our direction, counted from the road's middle."""
        return self.median + (lane + 0.5) * self.lane_width

    def lane_offset(self, lateral: Tensor) -> Tensor:
        """Distance outwards from the middle of the nearest lane, of either direction."""
        outwards = lateral.abs() - self.median
        lane = torch.floor(outwards / self.lane_width).clamp(0, self.lanes - 1)
        return outwards - (lane + 0.5) * self.lane_width

    def centre(self, z: Tensor) -> Tensor:
        """The centreline's x at z."""
        return sum((a * torch.sin(k * z + p) for a, k, p in self.waves), torch.zeros_like(z))

    def slope(self, z: Tensor) -> Tensor:
        """dx/dz of the centreline at z."""
        return sum((a * k * torch.cos(k * z + p) for a, k, p in self.waves), torch.zeros_like(z))

    def lateral(self, x: Tensor, z: Tensor) -> Tensor:
        """Signed distance of (x, z) from the centreline, exact to second order in curvature."""
        slope = self.slope(z)
        return (x - self.centre(z)) * torch.rsqrt(1 + slope * slope)

    def place(self, z: float, lateral: float) -> Triple:
        """(x, z, yaw [rad]) of the point beside the centreline at z; yaw 0 is +z, right is positive."""
        slope = sum(a * k * math.cos(k * z + p) for a, k, p in self.waves)
        centre = sum(a * math.sin(k * z + p) for a, k, p in self.waves)
        length = math.hypot(1.0, slope)
        return centre + lateral / length, z - lateral * slope / length, math.atan(slope)

    def leaves_room(self, x: float, z: float, radius: float) -> bool:
        """Whether a disc around (x, z) stays off the road, which bends, all along."""
        along = torch.linspace(z - radius, z + radius, 41)
        return torch.hypot(self.centre(along) - x, along - z).min().item() > radius + self.half_width

    def crossing_position(self, block: int) -> float:
        """Middle z of the street at the start of a block."""
        return self.first_crossing + block * self.block_length

    def crossing_distance(self, z: Tensor) -> Tensor:
        """Distance from the edge of the nearest crossing street; negative on it, large where none is."""
        block = ((z - self.first_crossing) / self.block_length).round().clamp(0, len(self.crossings) - 1)
        present = torch.tensor(self.crossings, device=z.device)[block.to(torch.int64)]
        distance = (z - self.first_crossing - block * self.block_length).abs() - self.crossing_half_width
        return torch.where(present, distance, distance.new_tensor(1e3))

    def kerb_distance(self, x: Tensor, z: Tensor) -> Tensor:
        """Distance beyond the kerb: positive on pavement and verge, negative on any carriageway."""
        return torch.minimum(self.lateral(x, z).abs() - self.half_width, self.crossing_distance(z))

    def meet(self, origin: Tensor, direction: Tensor) -> Tensor:
        """Where rays from above meet the ground: pavement plane, kerb face or carriageway.

        Origins and directions (..., 3) to parameters (...), infinite where a ray does not go down.
        """
        down = -direction[..., 1]
        going = down > 1e-6
        down = torch.where(going, down, torch.ones_like(down))
        upper = (origin[..., 1] - self.step) / down
        lower = origin[..., 1] / down
        above = self._kerb_distance_at(origin, direction, upper)
        below = self._kerb_distance_at(origin, direction, lower)
        face = upper + (lower - upper) * (-above / (below - above).clamp(min=1e-6)).clamp(0, 1)
        t = torch.where(above > 0, upper, torch.where(below > 0, face, lower))
        return torch.where(going, t, torch.full_like(t, math.inf))

    def _kerb_distance_at(self, origin: Tensor, direction: Tensor, t: Tensor) -> Tensor:
        return self.kerb_distance(
            origin[..., 0] + t * direction[..., 0], origin[..., 2] + t * direction[..., 2]
        )


def draw_waves(dice: Dice, steepest: float) -> tuple[Triple, ...]:
    """Waves of a centreline whose slope dx/dz stays below ``steepest``."""
    waves = []
    for share, shortest, longest in ((0.8, 150.0, 300.0), (0.2, 70.0, 120.0)):
        number = 2 * math.pi / dice.uniform(shortest, longest)
        waves.append((steepest * share / number, number, dice.uniform(0, 2 * math.pi)))
    return tuple(waves)


def draw_road(seed: int, blocks: int) -> Road:
    """Draw a town's road; the first blocks of a longer road are those of a shorter one."""
    dice = Dice(seed, "road")
    waves = draw_waves(dice, dice.pick((0.02, 0.12, 0.25, 0.36)))
    half_width = dice.uniform(5.1, 7.0)
    block_length = dice.uniform(58, 95)
    streets = Dice(seed, "crossings")
    return Road(
        waves=waves,
        half_width=half_width,
        lane_width=min(3.5, half_width - 2.2),
        pavement_width=dice.uniform(2.2, 4.0),
        block_length=block_length,
        first_crossing=-dice.uniform(0.3, 0.9) * block_length,
        crossings=tuple(streets.chance(0.7) for _ in range(blocks + 1)),
        crossing_half_width=dice.uniform(3.0, 4.5),
    )
