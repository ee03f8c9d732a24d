"""What a painter gets and gives: rays that met one kind of material."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.solids import Solids


@dataclass(frozen=True)
class Paint:
    """Colours of N points."""

    albedo: Tensor  # (N, 3) linear
    glow: Tensor  # (N, 3) light given off at night (lit windows, lamps)
    glass: Tensor  # (N,) share that mirrors its surroundings


@dataclass(frozen=True)
class Ground:
    """N points of the ground: their colours, and what weather needs to know of them."""

    paint: Paint
    kerb_distance: Tensor  # (N,) [m] beyond the edge of the carriageway, negative on it
    noise: Tensor  # (N, 4) at one scale
    sealed: Tensor  # (N,) 1 where water stays on top, 0 where it drains away


GroundPainter = Callable[[Tensor, Tensor, Tensor], Ground]
"""Paints points (N, 3) of the ground, given the cosines (N,) between ray and vertical, positive, and the
widths (N,) of the rays across their course [m]."""


def plain(albedo: Tensor) -> Paint:
    """A colour that neither glows nor mirrors."""
    return Paint(albedo, torch.zeros_like(albedo), torch.zeros_like(albedo[:, 0]))


def glowing(share: Tensor, colour: tuple[float, float, float]) -> Tensor:
    """Light (N, 3) of one colour where a share (N,) glows."""
    return share[:, None] * share.new_tensor(colour)


@dataclass(frozen=True)
class Patch:
    """N points on solids, in the frames of their solids."""

    solids: Solids  # N rows, one per point
    local: Tensor  # (N, 3)
    normal: Tensor  # (N, 3) local unit normal
    axis: Tensor  # (N,) which face of a prism: 0 x, 1 height, 2 z
    facing: Tensor  # (N,) cosine between ray and normal, positive
    footprint: Tensor  # (N,) width of a ray across its course [m]

    @property
    def risen(self) -> Tensor:
        """Height over the solid's base [m]."""
        return self.local[:, 1] + self.solids.half[:, 1]

    @property
    def wall_u(self) -> Tensor:
        """Horizontal coordinate along the face of a prism, zero in its middle [m]."""
        return torch.where(self.axis == 2, self.local[:, 0], self.local[:, 2])

    @property
    def stretched(self) -> Tensor:
        """Footprint along a wall's horizontal [m]: longer where the ray grazes it."""
        return self.footprint / self.facing.clamp(min=0.12)

    def select(self, rows: Tensor) -> "Patch":
        """The points of the given numbers."""
        parts = (self.local, self.normal, self.axis, self.facing, self.footprint)
        return Patch(self.solids.select(rows), *(part.index_select(0, rows) for part in parts))


def prism_faces(local: Tensor, solids: Solids) -> tuple[Tensor, Tensor]:
    """Face axis (N,) and local unit normal (N, 3) of points on prisms."""
    half, lean = solids.half, solids.form
    risen = local[:, 1] + half[:, 1]
    # Lean makes a side's slack larger than its distance; bring all three to distances.
    over_x = (local[:, 0].abs() + lean[:, 0] * risen - half[:, 0]) * torch.rsqrt(1 + lean[:, 0] ** 2)
    over_z = (local[:, 2].abs() + lean[:, 1] * risen - half[:, 2]) * torch.rsqrt(1 + lean[:, 1] ** 2)
    axis = torch.stack([over_x, local[:, 1].abs() - half[:, 1], over_z], 1).argmax(1)
    sign = torch.where(local >= 0, 1.0, -1.0)
    zero = torch.zeros_like(risen)
    x = torch.where(axis == 0, sign[:, 0], zero)
    z = torch.where(axis == 2, sign[:, 2], zero)
    up = torch.where(axis == 0, lean[:, 0], torch.where(axis == 2, lean[:, 1], sign[:, 1]))
    normal = torch.stack([x, up, z], 1)
    return axis, normal / normal.norm(dim=1, keepdim=True)


def round_normals(local: Tensor, solids: Solids, ellipsoid: Tensor) -> Tensor:
    """Local unit normals (N, 3) of points on ellipsoids, or on cylinders where the mask is false."""
    upright = torch.stack([local[:, 0], torch.zeros_like(local[:, 1]), local[:, 2]], 1)
    normal = torch.where(ellipsoid[:, None], local / solids.half**2, upright)
    return normal / normal.norm(dim=1, keepdim=True).clamp(min=1e-9)
