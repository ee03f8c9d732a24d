"""Seeing one image from the place of another: the target as its neighbours should see it."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch


def synthesise_views(
    batch: TripletBatch,
    inverse_depths: Sequence[Float[Tensor, "b 1 _ _"]],
    T_target_to_source: Float[Tensor, "b n 4 4"],
) -> Float[Tensor, "scales n b c h w"]:
    """Warp every neighbour into the target with the inverse depth [1/m] of every scale.

    Each scale is brought to full size with nearest neighbour first, as the reference implementation does.
    """
    size = batch.image.shape[-2:]
    rays = pixel_rays(batch.intrinsics, size)
    views = []
    # Scale by scale: what all neighbours share is computed once, and stays in a CPU's caches.
    for inverse in inverse_depths:
        points = rays * (1 / F.interpolate(inverse, size, mode="nearest").flatten(2))
        for source, motion in zip(batch.neighbours.unbind(1), T_target_to_source.unbind(1), strict=True):
            views.append(_sampled(source, _seen_at(points, size, batch.intrinsics, motion)))
    return torch.stack(views).unflatten(0, (len(inverse_depths), -1))


@torch.no_grad()
def shows_vehicle(
    batch: TripletBatch,
    inverse_depths: Sequence[Float[Tensor, "b 1 _ _"]],
    T_target_to_source: Float[Tensor, "b n 4 4"],
) -> Bool[Tensor, "scales n b 1 h w"] | None:
    """Where `synthesise_views` took its colours from the vehicle itself; None where it is not in view."""
    if batch.counted is None:
        return None
    vehicle = (~batch.counted).float()[:, None].expand(-1, batch.neighbours.shape[1], -1, -1, -1)
    seen = synthesise_views(replace(batch, neighbours=vehicle), inverse_depths, T_target_to_source)
    return seen > 0


def warp(
    source: Float[Tensor, "b c h w"],
    inverse_depth: Float[Tensor, "b 1 h w"],
    intrinsics: Float[Tensor, "b 3 3"],
    T_target_to_source: Float[Tensor, "b 4 4"],
) -> Float[Tensor, "b c h w"]:
    """Sample ``source`` where each pixel of the target, of this inverse depth [1/m], is seen in it.

    Bilinear, zero outside the image. Pixel coordinates are those of pixel centres, 0 to W - 1. The intrinsics
    [px] are of both images.
    """
    return _sampled(source, source_coordinates(inverse_depth, intrinsics, T_target_to_source))


def source_coordinates(
    inverse_depth: Float[Tensor, "b 1 h w"],
    intrinsics: Float[Tensor, "b 3 3"],
    T_target_to_source: Float[Tensor, "b 4 4"],
) -> Float[Tensor, "b h w 2"]:
    """Where each target pixel is seen in the source, scaled to -1..1."""
    size = inverse_depth.shape[-2:]
    points = pixel_rays(intrinsics, size) * (1 / inverse_depth.flatten(2))
    return _seen_at(points, size, intrinsics, T_target_to_source)


def pixel_rays(intrinsics: Float[Tensor, "b 3 3"], size: Sequence[int]) -> Float[Tensor, "b 3 n"]:
    """The point at a depth of 1 m that each pixel of (height, width) shows, row by row."""
    return inverse_intrinsics(intrinsics) @ _pixels(size[0], size[1], intrinsics)


def _seen_at(
    points: Float[Tensor, "b 3 n"],
    size: Sequence[int],
    intrinsics: Float[Tensor, "b 3 3"],
    T_target_to_source: Float[Tensor, "b 4 4"],
) -> Float[Tensor, "b h w 2"]:
    """Where the points [m] that the target's pixels show are seen in the source of (height, width)."""
    height, width = size
    seen = intrinsics @ (T_target_to_source[:, :3, :3] @ points + T_target_to_source[:, :3, 3:])
    # The small number keeps points in the plane of the source's lens from dividing by zero.
    u, v = (seen[:, :2] / (seen[:, 2:] + 1e-7)).unbind(1)
    grid = torch.stack([u / (width - 1) * 2 - 1, v / (height - 1) * 2 - 1], -1)
    return grid.unflatten(1, (height, width))


def _sampled(source: Float[Tensor, "b c h w"], grid: Float[Tensor, "b h w 2"]) -> Float[Tensor, "b c h w"]:
    return F.grid_sample(source, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def inverse_intrinsics(intrinsics: Float[Tensor, "b 3 3"]) -> Float[Tensor, "b 3 3"]:
    """The inverse of pinhole matrices without skew, in closed form: exact where a solver is not."""
    fx, fy = intrinsics[:, 0, 0], intrinsics[:, 1, 1]
    inverse = torch.zeros_like(intrinsics)
    inverse[:, 0, 0], inverse[:, 1, 1], inverse[:, 2, 2] = 1 / fx, 1 / fy, 1
    inverse[:, 0, 2], inverse[:, 1, 2] = -intrinsics[:, 0, 2] / fx, -intrinsics[:, 1, 2] / fy
    return inverse


def _pixels(height: int, width: int, like: Tensor) -> Tensor:
    sides = [torch.arange(side, device=like.device, dtype=like.dtype) for side in (height, width)]
    v, u = torch.meshgrid(*sides, indexing="ij")
    return torch.stack([u, v, torch.ones_like(u)]).flatten(1)
