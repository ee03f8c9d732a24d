"""What depth tells about a picture: where the ground is, where the sky, where each pixel lies in space."""

from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.weather.draws import Draws

FARTHEST = 200.0
"""[m]; stands for infinitely far."""
USUAL_CAMERA_HEIGHT = 1.5
"""[m] above the ground, where the picture itself does not show it."""
SKY_BEGINS = 55.0
"""[m]; depth networks end near 80 m, and what they call farther than this above the horizon is sky."""


@dataclass(frozen=True)
class Scene:
    """Geometry of one image; positions in metres, x right, y down, z forward, the horizon at y = 0."""

    z: Tensor  # (1, H, W) depth [m]
    x: Tensor  # (1, H, W) [m]
    y: Tensor  # (1, H, W) [m]; the ground lies at ``camera_height``
    ground: Tensor  # (1, H, W) in 0..1: how surely the pixel lies on the ground plane
    sky: Tensor  # (1, H, W) in 0..1: how surely the pixel is sky
    focal: float  # assumed focal length [px]
    horizon: float  # row where the ground plane ends
    camera_height: float  # [m] above the ground

    def pixel(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Column and row where a point [m] is seen."""
        return self.z.shape[-1] / 2 + self.focal * x / z, self.horizon + self.focal * y / z


def understand(depth: Tensor, draws: Draws) -> Scene:
    """Read a scene off a depth map (1, H, W) [m]; the unknown focal length is drawn within the usual range.

    Ground seen by a pinhole camera has an inverse depth that is linear in column and row, whatever the
    camera: a robust fit of that plane to the lower part of the image finds ground and horizon.
    """
    height, width = depth.shape[-2:]
    z = depth.clamp(0.5, FARTHEST)
    focal = width * draws.uniform(0.55, 0.9)
    rows = torch.arange(height, device=depth.device, dtype=depth.dtype).view(1, -1, 1).expand_as(z)
    columns = torch.arange(width, device=depth.device, dtype=depth.dtype).view(1, 1, -1).expand_as(z)
    plane, horizon, slope = _fit_ground(1 / z, rows, columns, focal)
    camera_height = 1 / (slope * focal)
    tolerance = 0.12 * plane.clamp_min(0) + 0.004
    below = (plane > 0.004).to(z.dtype)
    return Scene(
        z=z,
        x=(columns - width / 2) / focal * z,
        y=(rows - horizon) / focal * z,
        ground=torch.exp(-(((1 / z - plane) / tolerance) ** 2)) * below,
        sky=torch.sigmoid((z - SKY_BEGINS) / 4) * torch.sigmoid((horizon - rows) / (0.01 * height)),
        focal=focal,
        horizon=horizon,
        camera_height=camera_height,
    )


def _fit_ground(inverse: Tensor, rows: Tensor, columns: Tensor, focal: float) -> tuple[Tensor, float, float]:
    """Plane of the ground in inverse depth (1, H, W), row of the horizon, slope per row [1/m/px]."""
    height, width = inverse.shape[-2:]
    part = (slice(None), slice(int(0.6 * height), None, 2), slice(int(0.1 * width), int(0.9 * width), 4))
    ones = torch.ones_like(inverse[part])
    terms = torch.stack([columns[part] / width - 0.5, rows[part] / height, ones], -1).reshape(-1, 3)
    seen = inverse[part].reshape(-1)
    weights = torch.ones_like(seen)
    solution = torch.zeros(3, device=inverse.device)
    for _ in range(6):
        weighted = terms * weights[:, None]
        normal = weighted.T @ terms + 1e-6 * torch.eye(3, device=inverse.device)
        solution = torch.linalg.solve(normal, weighted.T @ seen)
        error = (seen - terms @ solution) / (0.1 * seen + 0.002)
        # What stands on the ground is nearer than it, so errors to the near side count for less.
        weights = 1 / (1 + torch.where(error > 0, 2 * error, error) ** 2)
    across, down, constant = (float(value) for value in solution)
    horizon = -constant / down * height if down > 0 else -1.0
    slope = down / height
    if not 0.15 * height < horizon < 0.8 * height or not 0.5 < 1 / (slope * focal) < 6:
        horizon, slope, across = 0.48 * height, 1 / (USUAL_CAMERA_HEIGHT * focal), 0.0
    return slope * (rows - horizon) + across * (columns / width - 0.5), horizon, slope
