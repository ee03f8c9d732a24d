"""The road in front of the camera as a plane: how high the camera is above it, in the units of the depth.

A plane is n . X = h for points X of the camera's frame (x right, y down, z forward); its normal n points
down and h is the camera's height. A pixel whose ray is r at depth z lies on it where z (n . r) = h: for each
normal each pixel says a height, and the right normal is the one for which most pixels say the same.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from acdepth.geometry.warp import pixel_rays

STEEPEST = math.radians(15.0)
"""How far the camera may look up or down, or lean to a side, against the road [rad]."""
MOST_LEANING = math.sin(math.radians(2.0))
"""Sine of how far a level road may lean against the camera: networks see a slant that is not there."""
PITCHES, ROLLS = 31, 11
"""Normals that are tried: 1 degree apart in pitch, 3 in roll."""
ROAD = (0.5, 1.0), (0.2, 0.8)
"""Where the road is looked for: parts of the height and of the width."""
ROWS, COLUMNS = 24, 32
"""Of pixels that are looked at there."""
LEAST_SLOPE = 1 / 7
"""n . r of the flattest ray that counts, 8 degrees below the horizon: it meets the road at seven times the
camera's height. Farther away networks say too little depth, which tilts the plane (docs/footage.md)."""
COARSE, FINE = 0.1, 0.05
"""How far the logarithms of the pixels' heights may lie from the plane's while normals are tried, and in the
end."""
ROUNDS = 10
"""Of least squares with weights from the round before; the last changes the height by less than 0.1 %."""
LEAST_SHARE = 0.3
"""Of the pixels below the horizon, that must lie on the plane."""
LEAST_PIXELS = ROWS * COLUMNS // 8
"""That must lie on it."""
LEAST_REACH = 1.5
"""Farthest over nearest depth of these: a narrow strip fits planes of many heights."""


class RoadPlane(NamedTuple):
    """The road as the depth of B frames shows it; NaN where it shows none that can be trusted."""

    height: Float[Tensor, "b"]
    """Of the camera above the road, in the units of the depth."""
    normal: Float[Tensor, "b 3"]
    """Of length 1, down to the road in the camera's frame."""
    share: Float[Tensor, "b"]
    """Part in 0..1 of the pixels looked at and below the horizon that lie on it; never NaN."""


def road_plane(
    depth: Float[Tensor, "b 1 h w"],
    intrinsics: Float[Tensor, "b 3 3"],
    counted: Bool[Tensor, "b 1 h w"] | None = None,
) -> RoadPlane:
    """The plane on which most of the pixels in the lower middle of each frame lie.

    Args:
        depth: along the optical axis, in any unit; 0 where it is not known.
        intrinsics: of the frames at this size [px].
        counted: pixels that may be road, not a part of the car; None for all.
    """
    return _plane(*_looked_at(depth, intrinsics, counted))


def level_plane(
    depth: Float[Tensor, "b 1 h w"],
    intrinsics: Float[Tensor, "b 3 3"],
    way: Float[Tensor, "b 3"],
    counted: Bool[Tensor, "b 1 h w"] | None = None,
) -> RoadPlane:
    """`road_plane`, turned until the vehicle drives along it and it leans no more than roads and mountings of
    cameras do; NaN where no road is seen or no way is known.

    Its height is the median of what the pixels say that lie on `road_plane`'s.

    Args:
        depth: as for `road_plane`.
        intrinsics: of the frames at this size [px].
        way: in the camera's frame, of length 1; NaN where it is not known.
        counted: pixels that may be road; None for all.
    """
    rays, depth, known = _looked_at(depth, intrinsics, counted)
    seen, way = _plane(rays, depth, known, every=4), way.to(rays)
    leaning = seen.normal[:, :1].clamp(-MOST_LEANING, MOST_LEANING)
    level = torch.cat([leaning, seen.normal[:, 1:]], 1)
    level = level - (level * way).sum(-1, keepdim=True) * way
    level = level / level.norm(dim=-1, keepdim=True)
    on_it = _apart(seen.normal / seen.height[:, None], rays, depth, known)[0] < FINE
    said = (depth * (rays @ level[..., None])[..., 0]).where(on_it, torch.nan)
    return RoadPlane(said.nanmedian(-1).values, level, seen.share)


def plane_inverse_depth(
    plane: RoadPlane, intrinsics: Float[Tensor, "b 3 3"], size: tuple[int, int]
) -> Float[Tensor, "b 1 h w"]:
    """One over the depth of a plane at each pixel; 0 from its horizon up, NaN where there is no plane."""
    rays = pixel_rays(intrinsics.double(), size).mT
    inverse = (rays @ (plane.normal / plane.height[:, None])[..., None])[..., 0]
    return inverse.clamp(min=0).unflatten(-1, size)[:, None].to(intrinsics)


def _plane(rays: Tensor, depth: Tensor, known: Tensor, every: int = 1) -> RoadPlane:
    """Of pixels, of which not all need to take part in the trial of normals, which takes most of the time."""
    first = _most_agreed(*(one[:, ::every] for one in (rays, depth, known)))
    return _trusted(_refined(first, rays, depth, known), rays, depth, known)


def _looked_at(depth: Tensor, intrinsics: Tensor, counted: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Rays (B, P, 3), depth (B, P), and where it is known, of the pixels of a grid in the lower middle."""
    known = depth > 0 if counted is None else counted & (depth > 0)
    rows, columns = (
        torch.linspace(low * side, high * side - 1, number, device=depth.device).round().long()
        for (low, high), side, number in zip(ROAD, depth.shape[-2:], (ROWS, COLUMNS), strict=True)
    )
    depth, known = (one[:, 0, rows[:, None], columns].flatten(1) for one in (depth.double(), known))
    return _rays(rows, columns, intrinsics.double()), depth, known


def _rays(rows: Tensor, columns: Tensor, intrinsics: Tensor) -> Tensor:
    """(B, P, 3), of depth 1."""
    v, u = (one.flatten().double() for one in torch.meshgrid(rows, columns, indexing="ij"))
    fx, fy, cx, cy = (intrinsics[:, i, j, None] for i, j in ((0, 0), (1, 1), (0, 2), (1, 2)))
    x, y = (u - cx) / fx, (v - cy) / fy
    return torch.stack([x, y, torch.ones_like(x)], -1)


def _most_agreed(rays: Tensor, depth: Tensor, known: Tensor) -> Tensor:
    """n / h (B, 3) of the best of the normals that are tried."""
    pitch, roll = (
        torch.linspace(-STEEPEST, STEEPEST, number, device=depth.device, dtype=depth.dtype)
        for number in (PITCHES, ROLLS)
    )
    pitch, roll = (one.flatten() for one in torch.meshgrid(pitch, roll, indexing="ij"))
    normals = torch.stack([roll.sin(), roll.cos() * pitch.cos(), roll.cos() * pitch.sin()], -1)
    slopes = normals @ rays.mT  # (B, K, P)
    usable = known[:, None] & (slopes > LEAST_SLOPE)
    log_heights = (depth[:, None] * slopes).log().where(usable, torch.inf).sort(-1).values
    # From each pixel's height upwards: how many others lie within the tolerance?
    ends = torch.searchsorted(log_heights, log_heights + 2 * COARSE, right=True)
    agreeing = (ends - torch.arange(ends.shape[-1], device=ends.device)).where(log_heights.isfinite(), 0)
    best = agreeing.flatten(1).argmax(-1)
    normal = normals[best // agreeing.shape[-1]]
    log_height = log_heights.flatten(1).gather(1, best[:, None]) + COARSE
    return normal * torch.exp(-log_height)


def _refined(fit: Tensor, rays: Tensor, depth: Tensor, known: Tensor) -> Tensor:
    """n / h by least squares in relative inverse depth, with Tukey's weights that leave out what is no road.

    Inverse depth is linear in the ray, and a network errs in it by a part of it.
    """
    inverse = torch.where(known, 1 / depth, 0.0)
    for tolerance in torch.linspace(2 * COARSE, 2 * FINE, ROUNDS).tolist():
        apart, _ = _apart(fit, rays, depth, known)
        fit = _least_squares(fit, rays, inverse, (1 - (apart / tolerance).square()).clamp(min=0).square())
    return fit


def _least_squares(fit: Tensor, rays: Tensor, inverse: Tensor, weights: Tensor) -> Tensor:
    """n / h (B, 3) of least squares in inverse depth (B, P) over that of ``fit``."""
    expected = (rays @ fit[..., None]).clamp(min=1e-9)
    weighted = rays * weights[..., None] / expected.square()
    return torch.linalg.solve_ex(weighted.mT @ rays, weighted.mT @ inverse[..., None]).result[..., 0]


def _trusted(fit: Tensor, rays: Tensor, depth: Tensor, known: Tensor) -> RoadPlane:
    apart, below = _apart(fit, rays, depth, known)
    road = apart < FINE
    share = road.sum(-1) / below.sum(-1).clamp(min=1)
    reach = depth.where(road, 0).amax(-1) / depth.where(road, torch.inf).amin(-1)
    height = 1 / fit.norm(dim=-1)
    normal = fit * height[:, None]
    leaning = torch.stack([normal[:, 0].asin(), torch.atan2(normal[:, 2], normal[:, 1])]).abs().amax(0)
    good = (share >= LEAST_SHARE) & (road.sum(-1) >= LEAST_PIXELS)
    good &= (reach >= LEAST_REACH) & (leaning <= STEEPEST)
    return RoadPlane(height.where(good, torch.nan), normal.where(good[:, None], torch.nan), share)


def _apart(fit: Tensor, rays: Tensor, depth: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """|log| (B, P) of the height that a pixel says over the plane's, and where it says one at all: where its
    depth is known and it is below the horizon; infinite elsewhere."""
    inverse = (rays @ fit[..., None])[..., 0]
    below = inverse > LEAST_SLOPE * fit.norm(dim=-1, keepdim=True)
    apart = (depth * inverse).log().abs()
    return apart.where(below & known, torch.inf), below & known


def steadiness(clip: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Each clip's median of the heights (F,) that its frames say, over these; ``clip`` (F,) is its number."""
    seen = [heights[clip == one] for one in np.unique(clip)]
    return np.concatenate([np.median(one) / one for one in seen] or [np.zeros(0)])


def quartiles_apart(factors: np.ndarray) -> float:
    """Interquartile range over median of (F,)."""
    low, middle, high = np.quantile(factors, (0.25, 0.5, 0.75))
    return float((high - low) / middle)
