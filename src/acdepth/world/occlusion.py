"""Who stands in whose light: shadow maps of the standing town, and the shadows of what moves."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from acdepth.world.raycast import Bundle, meet_prism, trace
from acdepth.world.solids import Material, Solids, Triple, to_local
from acdepth.world.town import SIGHT, Town

CELL = 0.15  # m
TILE = 8  # cells
BAND = 48  # rows of tiles traced at once, to bound memory
REACH = 45.0  # m to both sides of the road that cast sharp shadows
TOP = 80.0  # m, above everything
AIRY = (Material.FOLIAGE, Material.LAMP, Material.SIGN, Material.PANEL, Material.MEADOW)
"""What leaves the ground beneath or beside it open to the sky."""


@dataclass(frozen=True)
class HeightMap:
    """For each cell of the ground, the height at which a ray from the light towards it is stopped."""

    heights: Tensor  # (Z, X); 0 where the light reaches the ground
    corner: tuple[float, float]  # x, z of the first cell's centre
    drift: tuple[float, float]  # ground x, z that the light's ray moves per metre of descent, negated

    def light(self, point: Tensor, bias: float) -> Tensor:
        """Share (N,) of light that reaches points (N, 3), smoothed over neighbouring cells."""
        x = (point[:, 0] - point[:, 1] * self.drift[0] - self.corner[0]) / CELL
        z = (point[:, 2] - point[:, 1] * self.drift[1] - self.corner[1]) / CELL
        rows, columns = self.heights.shape
        inside = (x >= 0) & (x < columns - 1) & (z >= 0) & (z < rows - 1)
        x, z = x.clamp(0, columns - 1.01), z.clamp(0, rows - 1.01)
        left, near = x.floor(), z.floor()
        index = near.to(torch.int64) * columns + left.to(torch.int64)
        flat, limit = self.heights.reshape(-1), point[:, 1] + bias
        lit = [(flat[index + step] < limit).float() for step in (0, 1, columns, columns + 1)]
        here, beyond = torch.lerp(lit[0], lit[1], x - left), torch.lerp(lit[2], lit[3], x - left)
        return torch.where(inside, torch.lerp(here, beyond, z - near), 1.0)


@dataclass(frozen=True)
class Occlusion:
    """Light maps of a town, of the same cells: the sun's shadows, and how much of the sky the ground sees."""

    sun: HeightMap
    open_sky: Tensor  # (Z, X) share of the sky that each cell of the ground sees


def _bounds(town: Town) -> tuple[float, float, float, float]:
    """left, near, right, far of the maps."""
    near, far = town.drive.along[0].item() - 12, town.drive.along[-1].item() + SIGHT * 0.75
    centre = town.road.centre(torch.linspace(near, far, 200))
    return centre.min().item() - REACH, near, centre.max().item() + REACH, far


def bake_heights(solids: Solids, light: Tensor, bounds: tuple[float, float, float, float]) -> HeightMap:
    """Trace parallel light onto the ground; ``light`` (3,) points towards its source."""
    left, near, right, far = bounds
    columns, rows = math.ceil((right - left) / CELL / TILE), math.ceil((far - near) / CELL / TILE)
    drift = (light[0] / light[1]).item(), (light[2] / light[1]).item()
    bands = []
    for first in range(0, rows, BAND):
        count = min(BAND, rows - first)
        corner = left, near + first * TILE * CELL
        t = trace(solids, _light_bundle(corner, count, columns, drift, solids.centre.device)).t
        grid = t.reshape(count, columns, TILE, TILE).transpose(1, 2).reshape(count * TILE, columns * TILE)
        bands.append((TOP - grid).clamp(min=0))
    return HeightMap(torch.cat(bands), (left, near), drift)


def _light_bundle(
    corner: tuple[float, float], rows: int, columns: int, drift: tuple[float, float], device: torch.device
) -> Bundle:
    """Parallel rays from high up to the cells of some rows of tiles; the parameter is the descent [m]."""
    x = corner[0] + CELL * torch.arange(columns * TILE, device=device)
    z = corner[1] + CELL * torch.arange(rows * TILE, device=device)
    z, x = torch.meshgrid(z, x, indexing="ij")
    start = torch.stack([x + TOP * drift[0], torch.full_like(x, TOP), z + TOP * drift[1]], -1)
    tiled = start.reshape(rows, TILE, columns, TILE, 3).transpose(1, 2).reshape(rows * columns, TILE**2, 3)
    course = x.new_tensor([-drift[0], -1.0, -drift[1]])[None, None]

    def tile_bounds(corners: Tensor) -> Tensor:
        u = (corners[..., 0] - corners[..., 1] * drift[0] - corner[0]) / (CELL * TILE)
        v = (corners[..., 2] - corners[..., 1] * drift[1] - corner[1]) / (CELL * TILE)
        low = [u.amin(1) - 0.1, v.amin(1) - 0.1]
        high = [u.amax(1) + 0.1, v.amax(1) + 0.1]
        left, top = (value.floor().clamp(min=0).to(torch.int64) for value in low)
        right = high[0].floor().clamp(max=columns - 1).to(torch.int64)
        bottom = high[1].floor().clamp(max=rows - 1).to(torch.int64)
        return torch.stack([left, right, top, bottom], 1)

    return Bundle(tiled, course, rows, columns, TILE**2, tile_bounds)


def bake_occlusion(town: Town) -> Occlusion:
    """Both maps of a town, once for all frames of its drive."""
    bounds, device = _bounds(town), town.standing.centre.device
    sun = bake_heights(town.standing, town.daylight.sun, bounds)
    airy = town.standing.material.new_tensor([int(material) for material in AIRY])
    solid = town.standing.select(torch.nonzero(~torch.isin(town.standing.material, airy))[:, 0])
    above = bake_heights(solid, torch.tensor([0.0, 1.0, 0.0], device=device), bounds)
    covered = (above.heights > 0.2).float()[None, None]
    share = 0.5 * _blurred(covered, 5) + 0.5 * _blurred(covered, 19)
    return Occlusion(sun, 1 - share[0, 0])


def _blurred(values: Tensor, size: int) -> Tensor:
    for _ in range(2):
        values = functional.avg_pool2d(values, size, 1, size // 2, count_include_pad=False)
    return values


def sky_share(town: Town, occlusion: Occlusion, frame: int, point: Tensor) -> Tensor:
    """How open the sky is over ground points (N, 3): near 0 under cars, 1 in the open."""
    (rows, columns), (left, near) = occlusion.open_sky.shape, occlusion.sun.corner
    x = ((point[:, 0] - left) / CELL) / (columns - 1) * 2 - 1
    z = ((point[:, 2] - near) / CELL) / (rows - 1) * 2 - 1
    sky, places = occlusion.open_sky[None, None], torch.stack([x, z], 1)[None, None]
    share = functional.grid_sample(sky, places, padding_mode="border", align_corners=True)[0, 0, 0]
    for mover in town.movers:
        width, _, length = mover.half_size
        around = _near(point, mover.places[frame], max(3.5, length + 1.3))
        local = _mover_frame(point[around], mover.places[frame])
        outside = torch.stack([local[:, 0].abs() - width, local[:, 2].abs() - length], 1).clamp(min=0)
        share[around] *= 1 - 0.8 * torch.exp(-outside.square().sum(1) / 0.12)
    return share


def sun_share(town: Town, occlusion: Occlusion, frame: int, point: Tensor, ground: Tensor) -> Tensor:
    """Share (R,) of the sun that reaches points; only the ground's (indices) are shaded by what moves."""
    share = occlusion.sun.light(point, 0.22)
    below = point[ground]
    for mover in town.movers:
        width, height, length = mover.half_size
        near = _near(below, mover.places[frame], max(8.0, length + 3.3 * height))
        local = _mover_frame(below[near], mover.places[frame])
        box = point.new_tensor([[[width, height / 2, length]]])
        start = local - local.new_tensor([0.0, height / 2, 0.0])
        x, z, yaw = mover.places[frame]
        towards = _mover_frame(town.daylight.sun[None] + point.new_tensor([x, 0.0, z]), (x, z, yaw))
        lean = point.new_tensor([[mover.lean]]) * (length > 1)
        blocked = meet_prism(start[None], towards[None], box, lean)[0].isfinite()
        under = (local[:, 0].abs() < width) & (local[:, 2].abs() < length)
        share[ground[near]] = share[ground[near]] * (~(blocked | under)).float()
    return share


def _near(point: Tensor, place: Triple, reach: float) -> Tensor:
    """Indices of the points in the square around a mover."""
    x, z, _ = place
    return torch.nonzero(((point[:, 0] - x).abs() < reach) & ((point[:, 2] - z).abs() < reach))[:, 0]


def _mover_frame(point: Tensor, place: Triple) -> Tensor:
    x, z, yaw = place
    turn = point.new_tensor([math.cos(yaw), math.sin(yaw)])
    return to_local(point - point.new_tensor([x, 0.0, z]), turn)
