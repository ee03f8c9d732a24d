"""Seeing one image from the place of another."""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.geometry.camera import inverse_intrinsics


def warp(source: Tensor, inverse_depth: Tensor, intrinsics: Tensor, T_target_to_source: Tensor) -> Tensor:
    """Sample ``source`` where each pixel of the target is seen in it.

    Bilinear, zero outside the image. Pixel coordinates are those of pixel centres, 0 to W - 1.

    Args:
        source: (B, C, H, W).
        inverse_depth: (B, 1, H, W) of the target [1/m].
        intrinsics: (B, 3, 3) of both images [px].
        T_target_to_source: (B, 4, 4) [m].

    Returns:
        (B, C, H, W).
    """
    grid = source_coordinates(inverse_depth, intrinsics, T_target_to_source)
    return F.grid_sample(source, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def source_coordinates(inverse_depth: Tensor, intrinsics: Tensor, T_target_to_source: Tensor) -> Tensor:
    """Where each target pixel is seen in the source, scaled to -1..1, (B, H, W, 2)."""
    height, width = inverse_depth.shape[-2:]
    points = (inverse_intrinsics(intrinsics) @ _pixels(height, width, inverse_depth)) * (
        1 / inverse_depth.flatten(2)
    )
    seen = intrinsics @ (T_target_to_source[:, :3, :3] @ points + T_target_to_source[:, :3, 3:])
    # The small number keeps points in the plane of the source's lens from dividing by zero.
    u, v = (seen[:, :2] / (seen[:, 2:] + 1e-7)).unbind(1)
    grid = torch.stack([u / (width - 1) * 2 - 1, v / (height - 1) * 2 - 1], -1)
    return grid.unflatten(1, (height, width))


def _pixels(height: int, width: int, like: Tensor) -> Tensor:
    v, u = torch.meshgrid(
        torch.arange(height, device=like.device, dtype=like.dtype),
        torch.arange(width, device=like.device, dtype=like.dtype),
        indexing="ij",
    )
    return torch.stack([u, v, torch.ones_like(u)]).flatten(1)
