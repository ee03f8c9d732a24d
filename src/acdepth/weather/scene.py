"""What depth tells about a picture: where the ground is, where the sky, where each pixel lies in space."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from acdepth.weather.bands import bands
from acdepth.weather.draws import Draws

FARTHEST = 200.0
"""[m]; stands for infinitely far."""
USUAL_CAMERA_HEIGHT = 1.5
"""[m] above the ground, where the picture itself does not show it."""
SKY_BEGINS = 55.0
"""[m]; depth networks end near 80 m, and what they call farther than this above the horizon is sky."""
SKY_REACH = 16.0
"""Widths of the horizon's soft edge to which sky reaches below it; e^-16 is nothing."""
LEAST_INVERSE = 0.004
"""[1/m] of the plane of the ground; what is farther is no ground to be seen."""


@dataclass(frozen=True)
class Scene:
    """Geometry of one image; positions in metres, x right, y down, z forward, the horizon at y = 0."""

    z: Tensor  # (1, H, W) depth [m]
    right: Tensor  # (1, 1, W) metres to the right per metre of depth
    under: Tensor  # (1, H, 1) metres down per metre of depth
    ground: Tensor  # (1, H, W) in 0..1: how surely the pixel lies on the ground plane
    sky: Tensor  # (1, H, W) in 0..1: how surely the pixel is sky
    ground_top: int  # row above which no pixel lies on the ground
    focal: float  # assumed focal length [px]
    horizon: float  # row where the ground plane ends
    camera_height: float  # [m] above the ground

    @cached_property
    def x(self) -> Tensor:
        """(1, H, W) [m]."""
        return self.right * self.z

    @cached_property
    def y(self) -> Tensor:
        """(1, H, W) [m]; the ground lies at ``camera_height``."""
        return self.under * self.z

    def pixel(self, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Columns and rows where points [m] are seen."""
        return self.z.shape[-1] / 2 + self.focal * x / z, self.horizon + self.focal * y / z

    def within(self, rows: slice) -> "Scene":
        """The scene of some rows only; `pixel` and ``ground_top`` still count from the first row of all."""
        parts = {name: getattr(self, name)[:, rows] for name in ("z", "under", "ground", "sky")}
        return replace(self, **parts)

    def every(self, step: int) -> "Scene":
        """The scene of every so many-th pixel: of the middle ones of squares of pixels."""
        rows = columns = slice(step // 2, None, step)
        return Scene(
            z=self.z[:, rows, columns],
            right=self.right[..., columns],
            under=self.under[:, rows],
            ground=self.ground[:, rows, columns],
            sky=self.sky[:, rows, columns],
            ground_top=self.ground_top // step,
            focal=self.focal / step,
            horizon=self.horizon / step,
            camera_height=self.camera_height,
        )


def understand(depth: Tensor, draws: Sequence[Draws]) -> list[Scene]:
    """Read scenes off depth maps (B, 1, H, W) [m]; unknown focal lengths are drawn within the usual range.

    Ground seen by a pinhole camera has an inverse depth that is linear in column and row, whatever the
    camera: a robust fit of that plane to the lower part of the image finds ground and horizon.
    """
    z = depth.clamp(0.5, FARTHEST)
    focals = [depth.shape[-1] * one.uniform(0.55, 0.9) for one in draws]
    inverse = 1 / z
    # A device is waited for once, and not for each image.
    planes = torch.stack([_fit_ground(one) for one in inverse]).tolist()
    return [_scene(*one) for one in zip(z, inverse, planes, focals, strict=True)]


def _scene(z: Tensor, inverse: Tensor, plane: list[float], focal: float) -> Scene:
    """Scene of depth (1, H, W) [m] and its inverse, by the plane that `_fit_ground` found."""
    height, width = z.shape[-2:]
    across, down, constant = plane
    horizon = -constant / down * height if down > 0 else -1.0
    slope = down / height
    if not 0.15 * height < horizon < 0.8 * height or not 0.5 < 1 / (slope * focal) < 6:
        horizon, slope, across = 0.48 * height, 1 / (USUAL_CAMERA_HEIGHT * focal), 0.0
    rows = torch.arange(height, device=z.device, dtype=z.dtype).view(1, -1, 1)
    columns = torch.arange(width, device=z.device, dtype=z.dtype).view(1, 1, -1)
    top = min(max(int(horizon + (LEAST_INVERSE - abs(across) / 2) / slope), 0), height - 1)
    # Ground lies below its top, and sky no farther below the horizon than it reaches.
    sky, soft = torch.zeros_like(z), 0.01 * height
    end = min(height, math.ceil(horizon + SKY_REACH * soft))
    sky[:, :end] = torch.sigmoid((z[:, :end] - SKY_BEGINS).div_(4))
    sky[:, :end].mul_(torch.sigmoid((horizon - rows[:, :end]) / soft))
    return Scene(
        z=z,
        right=(columns - width / 2) / focal,
        under=(rows - horizon) / focal,
        ground=_ground(inverse, slope * (rows - horizon), across * (columns / width - 0.5), top),
        sky=sky,
        ground_top=top,
        focal=focal,
        horizon=horizon,
        camera_height=1 / (slope * focal),
    )


def _ground(inverse: Tensor, down: Tensor, across: Tensor, top: int) -> Tensor:
    """How surely (1, H, W) inverse depth [1/m] lies on the plane that is the sum of a part by row and one by
    column, and no pixel above row ``top`` does."""
    ground = torch.zeros_like(inverse)
    for rows in bands(inverse[:, top:]):
        lower = slice(top + rows.start, top + rows.stop)
        plane = down[:, lower] + across
        away = (inverse[:, lower] - plane).div_(plane.clamp_min(0).mul_(0.12).add_(0.004))
        ground[:, lower] = away.square_().neg_().exp_().mul_(plane > LEAST_INVERSE)
    return ground


def _fit_ground(inverse: Tensor) -> Tensor:
    """Plane (3,) through the lower part of an inverse depth (1, H, W): parts of column, row, and constant."""
    height, width = inverse.shape[-2:]
    step = max(1, round(width / 640))
    part = (
        slice(int(0.6 * height), None, 2 * step),
        slice(int(0.1 * width), int(0.9 * width), 4 * step),
    )
    seen = inverse[0][part]
    rows = torch.arange(height, device=inverse.device)[part[0], None].expand_as(seen)
    columns = torch.arange(width, device=inverse.device)[part[1]].expand_as(seen)
    terms = torch.stack([columns / width - 0.5, rows / height, torch.ones_like(seen)], -1).reshape(-1, 3)
    seen = seen.reshape(-1)
    weights, tolerance = torch.ones_like(seen), 0.1 * seen + 0.002
    solution = torch.zeros(3, device=inverse.device)
    little = 1e-6 * torch.eye(3, device=inverse.device)
    for _ in range(6):
        weighted = terms * weights[:, None]
        normal = weighted.T @ terms + little
        solution = torch.linalg.solve_ex(normal, weighted.T @ seen).result
        error = (seen - terms @ solution) / tolerance
        # What stands on the ground is nearer than it, so errors to the near side count for less.
        weights = 1 / (1 + torch.where(error > 0, 2 * error, error) ** 2)
    return solution
