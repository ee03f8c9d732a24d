"""The road, as far ahead as depth itself tells it from what stands on it: a plane along the vehicle's way.

A network says too little depth of a road that is far, and images correct it little: asphalt is plain, and a
depth that bends explains it as well as a plane does. But a vehicle drives along its road. So the plane that
near pixels show is turned until the way lies in it, and from there on upwards, as long as depth grows from
row to row as that of a road does and not of a thing that stands on it, depth is held to the plane.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.geometry.ground import level_plane, plane_inverse_depth

REACH = 20.0
"""How far ahead the road is held, in heights of the camera."""
GROWS = 0.3
"""Least part of the plane's own growth of log depth from row to row that a road's depth has: things that
stand have none."""
NEAR = 0.4
"""|log| by which depth may differ from the plane's where the road begins, at the bottom of the image."""
ROWS = 5
"""Over which growth is smoothed."""


def road_error(batch: TripletBatch, inverse_depth: Tensor) -> Tensor:
    """|log depth - log depth of the level road| (B, 1, H, W), 0 where there is none.

    Args:
        batch: with ways.
        inverse_depth: (B, 1, H, W) of its images [1/unit].
    """
    level, road = find_road(batch, inverse_depth.detach())
    return (inverse_depth.log() - level.clamp(min=1e-6).log()).abs().where(road, 0)


@torch.no_grad()
def find_road(batch: TripletBatch, inverse_depth: Tensor) -> tuple[Tensor, Tensor]:
    """One over the depth of the level road, and bool, where it is seen; both (B, 1, H, W)."""
    if batch.way is None:
        return torch.zeros_like(inverse_depth), torch.zeros_like(inverse_depth, dtype=torch.bool)
    plane = level_plane(1 / inverse_depth, batch.intrinsics, batch.way, batch.counted)
    height, width = batch.image.shape[-2:]
    level = plane_inverse_depth(plane, batch.intrinsics, (height, width))
    below = level * plane.height[:, None, None, None].to(level) > 1 / REACH
    log_depth, log_level = -inverse_depth.log(), -level.clamp(min=1e-6).log()
    grows = _growth(log_depth) > GROWS * _growth(log_level)
    begins = (log_depth - log_level).abs() < NEAR
    counted = torch.ones_like(below) if batch.counted is None else batch.counted
    # From the lowest pixel up that is no part of the vehicle itself.
    road = (grows & below) | ~counted
    joined = road.flip(-2).cumprod(-2).flip(-2).bool() & counted
    first = joined & ~F.pad(joined[..., 1:, :], (0, 0, 0, 1))
    sound = (first & begins).any(-2, keepdim=True)
    return level, joined & sound


def _growth(log_depth: Tensor) -> Tensor:
    """By which it grows from a row to the one above, smoothed."""
    step = log_depth[..., :-1, :] - log_depth[..., 1:, :]
    step = F.pad(step, (0, 0, 0, 1), mode="replicate")
    return F.avg_pool2d(step, (ROWS, 1), 1, (ROWS // 2, 0), count_include_pad=False)
