"""The camera's rays, in tiles, and their mirror image under the wet road."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.world.car import USUAL, Rig
from acdepth.world.raycast import Bundle

TILE = 4  # pixels
SAMPLES = 4 * TILE * TILE  # rays of a tile that make the image: 2 x 2 in each pixel
CENTRES = TILE * TILE  # rays through pixel centres: exact depth, classes, and the wet road's mirror image
NEAR = 0.1


def world_camera(image_size: tuple[int, int], rig: Rig = USUAL, usual_focal: float = 0.8) -> Camera:
    """The camera of a drive, for (height, width) [px]; ``usual_focal`` is its style's, over the width."""
    height, width = image_size
    return Camera.central(usual_focal * width * rig.focal, height, width)


@dataclass(frozen=True)
class View:
    """A camera somewhere in the world: rays padded to whole tiles; the ray parameter is depth [m]."""

    camera: Camera
    origin: Tensor  # (3,) x, height, z
    axes: Tensor  # (3, 3) columns: the camera's right, down and forward in the world (x, height, z)
    directions: Tensor  # (T, SAMPLES + CENTRES, 3), one metre along the optical axis each
    rows: int
    columns: int

    def sample_bundle(self) -> Bundle:
        """All rays of the view."""
        return self._bundle(self.origin, self.directions, mirrored=False)

    def mirror_bundle(self) -> Bundle:
        """Rays through pixel centres after a flat mirror at height 0; parameters count from the camera."""
        flip = self.origin.new_tensor([1.0, -1.0, 1.0])
        return self._bundle(self.origin * flip, self.directions[:, SAMPLES:] * flip, mirrored=True)

    def _bundle(self, origin: Tensor, directions: Tensor, mirrored: bool) -> Bundle:
        return Bundle(
            origins=origin[None, None],
            directions=directions,
            rows=self.rows,
            columns=self.columns,
            lanes=directions.shape[1],
            tile_bounds=lambda corners: self._tile_bounds(corners, mirrored),
        )

    def _tile_bounds(self, corners: Tensor, mirrored: bool) -> Tensor:
        """Tiles that the projection of corner sets (N, 8, 3) may touch."""
        if mirrored:
            corners = corners * corners.new_tensor([1.0, -1.0, 1.0])
        x, y, z = ((corners - self.origin) @ self.axes).unbind(-1)
        depth = z.clamp(min=NEAR)
        u = (self.camera.fx * x / depth + self.camera.cx).clamp(-1e4, 1e4)
        v = (self.camera.fy * y / depth + self.camera.cy).clamp(-1e4, 1e4)
        # A solid beside the camera reaches behind it: where its corners lie on both sides of the optical
        # axis, the clamped projection says nothing about its left and right ends.
        straddles = (z.amin(1) < NEAR) & (x.amin(1) < 0) & (x.amax(1) > 0)
        left = torch.where(straddles, -1e4, u.amin(1))
        right = torch.where(straddles, 1e4, u.amax(1))
        bounds = torch.stack([left, right, v.amin(1), v.amax(1)], 1) + 0.5
        bounds[:, 0::2] -= 0.5
        bounds[:, 1::2] += 0.5
        tiles = torch.div(bounds, TILE, rounding_mode="floor").to(torch.int64)
        limits = tiles.new_tensor([self.columns - 1, self.rows - 1])
        low = tiles[:, 0::2].clamp(min=0)
        high = torch.minimum(tiles[:, 1::2], limits)
        high = torch.where((z.amax(1) < NEAR)[:, None], -1, high)
        return torch.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], 1)


def make_view(camera: Camera, pose: Tensor) -> View:
    """The view of a camera at a camera-to-world pose (4, 4) in file axes (x right, y down, z forward)."""
    upwards = pose.new_tensor([1.0, -1.0, 1.0])
    axes = (pose[:3, :3] * upwards[:, None]).float()
    origin = (pose[:3, 3] * upwards).float()
    rows, columns = math.ceil(camera.height / TILE), math.ceil(camera.width / TILE)
    samples = _tiles_of_rays(camera, rows, columns, 2)
    centres = _tiles_of_rays(camera, rows, columns, 1)
    local = torch.cat([samples, centres], 1).to(pose.device)
    return View(camera, origin, axes, local @ axes.T, rows, columns)


def _tiles_of_rays(camera: Camera, rows: int, columns: int, per_side: int) -> Tensor:
    """(T, rays per tile, 3) camera-frame directions with ``per_side`` squared rays in each pixel."""
    side = TILE * per_side
    v = ((torch.arange(rows * side) + 0.5) / per_side - 0.5 - camera.cy) / camera.fy
    u = ((torch.arange(columns * side) + 0.5) / per_side - 0.5 - camera.cx) / camera.fx
    grid = torch.stack([u.expand(len(v), -1), v[:, None].expand(-1, len(u)), torch.ones(len(v), len(u))], -1)
    tiled = grid.reshape(rows, side, columns, side, 3).transpose(1, 2)
    return tiled.reshape(rows * columns, side * side, 3)


def to_grid(values: Tensor, view: View) -> Tensor:
    """Lay per-ray values (T, L, ...), L = SAMPLES or CENTRES, out as rows and columns with padding."""
    side = math.isqrt(values.shape[1])
    rest = values.shape[2:]
    grid = values.reshape(view.rows, view.columns, side, side, *rest).transpose(1, 2)
    return grid.reshape(view.rows * side, view.columns * side, *rest)


def from_grid(grid: Tensor, view: View) -> Tensor:
    """The inverse of `to_grid`: (rows, columns, ...) to (T, L, ...)."""
    side, rest = len(grid) // view.rows, grid.shape[2:]
    tiles = grid.reshape(view.rows, side, view.columns, side, *rest).transpose(1, 2)
    return tiles.reshape(view.rows * view.columns, side * side, *rest)


def untile(values: Tensor, view: View) -> Tensor:
    """`to_grid` without the padding: an image (H*k, W*k, ...) with k*k rays in each pixel."""
    grid = to_grid(values, view)
    per_side = len(grid) // (view.rows * TILE)
    return grid[: view.camera.height * per_side, : view.camera.width * per_side]
