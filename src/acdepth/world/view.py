"""The camera's rays, in tiles, and their mirror image under the wet road."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.distortion import STRAIGHT, Distortion
from acdepth.core.errors import UserError
from acdepth.world.car import USUAL, Rig
from acdepth.world.raycast import Bundle

TILE = 4  # pixels
SAMPLES = 4 * TILE * TILE  # rays of a tile that make the image: 2 x 2 in each pixel
CENTRES = TILE * TILE  # rays through pixel centres: exact depth, classes, and the wet road's mirror image
NEAR = 0.1
STEEPEST = 75.0  # degrees from the axis; farther out, depth along it says little of a ray


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
    widths: Tensor | None  # (T, SAMPLES + CENTRES) of rays over one along the axis; None: a straight lens
    row_reach: Tensor  # (2, rows): the least y / z of rays from a row of tiles on, and the largest up to it
    column_reach: Tensor  # (2, columns): the same of x / z
    rows: int
    columns: int

    def pixel(self, which: slice) -> Tensor | float:
        """How wide pixels are at some rays of each tile [rad], (R,) or of all of them alike."""
        width = 1 / self.camera.fx
        return width if self.widths is None else width * self.widths[:, which].reshape(-1)

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
        u, v = x / depth, y / depth
        # A solid beside the camera reaches behind it: where its corners lie on both sides of the optical
        # axis, the clamped projection says nothing about its left and right ends.
        straddles = (z.amin(1) < NEAR) & (x.amin(1) < 0) & (x.amax(1) > 0)
        left = torch.where(straddles, -math.inf, u.amin(1))
        right = torch.where(straddles, math.inf, u.amax(1))
        first, last = _touched(self.column_reach, left, right)
        upper, lower = _touched(self.row_reach, v.amin(1), v.amax(1))
        behind = z.amax(1) < NEAR
        return torch.stack([first, last.masked_fill(behind, -1), upper, lower.masked_fill(behind, -1)], 1)


def make_view(camera: Camera, pose: Tensor, distortion: Distortion = STRAIGHT) -> View:
    """The view of a camera at a camera-to-world pose (4, 4) in file axes (x right, y down, z forward).

    Raises:
        UserError: if its lens bends rays farther than `STEEPEST` from the axis, or sees nothing in a corner.
    """
    upwards = pose.new_tensor([1.0, -1.0, 1.0])
    axes = (pose[:3, :3] * upwards[:, None]).float()
    origin = (pose[:3, 3] * upwards).float()
    rows, columns = math.ceil(camera.height / TILE), math.ceil(camera.width / TILE)
    local, widths = _rays(camera, distortion)
    here, widths = local.to(pose.device), widths if widths is None else widths.to(pose.device)
    tiled = here.reshape(rows, columns, -1, 3)
    across, down = tiled[..., 0].transpose(0, 1).flatten(1), tiled[..., 1].flatten(1)
    column_reach, row_reach = _reach(across, 0.5 / camera.fx), _reach(down, 0.5 / camera.fy)
    return View(camera, origin, axes, here @ axes.T, widths, row_reach, column_reach, rows, columns)


def _reach(slopes: Tensor, margin: float) -> Tensor:
    """(2, N) of the slopes (N, R) of rays in rows or columns of tiles, see `View`; generous by a margin."""
    least = slopes.amin(1).flip(0).cummin(0).values.flip(0) - margin
    return torch.stack([least, slopes.amax(1).cummax(0).values + margin])


def _touched(reach: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """First and last row or column of tiles that slopes from ``low`` to ``high`` may lie in."""
    first = torch.searchsorted(reach[1].contiguous(), low.contiguous())
    return first, torch.searchsorted(reach[0].contiguous(), high.contiguous(), right=True) - 1


@lru_cache(maxsize=2)
def _rays(camera: Camera, distortion: Distortion) -> tuple[Tensor, Tensor | None]:
    """Camera-frame directions (T, SAMPLES + CENTRES, 3), and their widths, see `View`."""
    rows, columns = math.ceil(camera.height / TILE), math.ceil(camera.width / TILE)
    grids = [_tiles_of_rays(camera, rows, columns, per_side) for per_side in (2, 1)]
    local = torch.cat(grids, 1)
    if distortion.is_none:
        return local, None
    u, v = local[..., 0].double(), local[..., 1].double()
    # Rays that only fill up tiles become those of the edge: a lens need not be defined outside its picture.
    u = u.clamp((-0.5 - camera.cx) / camera.fx, (camera.width - 0.5 - camera.cx) / camera.fx)
    v = v.clamp((-0.5 - camera.cy) / camera.fy, (camera.height - 0.5 - camera.cy) / camera.fy)
    x, y = distortion.undistort(u.numpy(), v.numpy())
    if not np.hypot(x, y).max() <= math.tan(math.radians(STEEPEST)):  # NaN where the lens sees nothing
        what = f"{distortion} bends a corner of the picture beyond {STEEPEST:g} degrees from its axis"
        raise UserError("lens", what, "take a longer focal length or weaker coefficients")
    bent = torch.from_numpy(np.stack([x, y, np.ones_like(x)], -1)).float()
    return bent, torch.from_numpy(distortion.magnification(x, y) ** -0.5).float()


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
