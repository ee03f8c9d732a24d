"""From relative inverse depth to metres, on scenes that are known."""

import numpy as np
import pytest
import torch

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.inference.metric import NoMetres, find_metres, fit_to_points, height_seen
from acdepth.inference.two_views import SparseDepth, depth_by_motion
from acdepth.inference.view import View

HEIGHT, WIDTH = 240, 400
CAMERA = Camera.central(240.0, HEIGHT, WIDTH)


def street(moved: float = 0.0, pitch: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """A road 1.4 m below and two walls, painted with noise, seen ``moved`` m on: image and inverse depth."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    rays = np.stack(
        [(columns - CAMERA.cx) / CAMERA.fx, (rows - CAMERA.cy) / CAMERA.fy, np.ones_like(rows)], -1
    )
    cos, sin = np.cos(pitch), np.sin(pitch)
    world = rays @ np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]]).T
    per_metre = np.stack(
        [world[..., 1] / 1.4, world[..., 0] / 4.0, -world[..., 0] / 3.0, world[..., 2] / 60.0]
    )
    inverse = per_metre.max(0)  # of the nearest surface; depth along the axis is 1 / inverse
    hit = world / inverse[..., None] + [0, 0, moved]
    surface = per_metre.argmax(0)
    u = np.where(surface == 0, hit[..., 0], np.where(surface == 3, hit[..., 0] / 6, hit[..., 1])) * 2.0
    v = np.where(surface == 3, hit[..., 1] / 6, hit[..., 2]) * 1.2
    texture = np.random.default_rng(5).random((64, 64, 4))
    shade = bilinear(texture, u, v + 17.3)[np.arange(HEIGHT)[:, None], np.arange(WIDTH), surface]
    return np.repeat((60 + 140 * shade).astype(np.uint8)[..., None], 3, 2), inverse


def bilinear(texture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A texture that repeats, at places of any size."""
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    right, down = (u - left)[..., None], (v - top)[..., None]
    corners = [[texture[(top + i) % 64, (left + j) % 64] for j in (0, 1)] for i in (0, 1)]
    rows = [a * (1 - right) + b * right for a, b in corners]
    return rows[0] * (1 - down) + rows[1] * down


def relative_of(inverse: np.ndarray, scale: float = 7.0, shift: float = 0.4) -> torch.Tensor:
    return torch.from_numpy(scale * inverse + shift).float()[None, None]


def test_two_images_place_points_in_metres():
    (image, inverse), (other, _) = street(), street(moved=1.0)
    points = depth_by_motion(image, other, CAMERA, 1.0)
    assert len(points.x) > 100
    truth = inverse[np.round(points.y).astype(int), np.round(points.x).astype(int)]
    near = truth > 0.08
    assert np.median(np.abs(points.inverse_depth / truth - 1)[near]) < 0.08


def test_scale_and_shift_come_from_motion():
    (image, inverse), (other, _) = street(), street(moved=1.0)
    view = View(CAMERA, None, None, 1.0, lambda: other, knows_lengths=True)
    metric = find_metres(relative_of(inverse), image, view).of(relative_of(inverse))[0, 0].numpy()
    near = inverse > 0.08
    assert np.median(np.abs(metric / inverse - 1)[near]) < 0.08
    assert abs(height_seen(torch.from_numpy(metric)[None, None], view) / 1.4 - 1) < 0.08


def test_a_camera_that_sees_nothing_move_tells_no_metres():
    image, inverse = street()
    view = View(CAMERA, None, None, 1.0, lambda: image, knows_lengths=True)
    with pytest.raises(NoMetres):
        find_metres(relative_of(inverse), image, view)
    with pytest.raises(NoMetres, match="stands"):
        find_metres(relative_of(inverse), image, View(CAMERA, knows_lengths=True))


def test_points_that_move_by_themselves_are_left_out():
    generator = np.random.default_rng(0)
    relative = generator.random((20, 30))
    rows, columns = (generator.integers(0, side, 400) for side in (20, 30))
    truth = 0.3 * relative[rows, columns] + 0.02
    truth[::5] += 0.5
    points = SparseDepth(columns.astype(float), rows.astype(float), truth, np.ones(400))
    found = fit_to_points(relative, points)
    assert found == pytest.approx((0.3, 0.02), abs=1e-6)
    with pytest.raises(NoMetres, match="do not agree"):
        fit_to_points(-relative, points)


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_the_cameras_height_tells_the_scale(scale: float):
    image, inverse = street()
    found = find_metres(relative_of(inverse, scale, 0.0), image, View(CAMERA, camera_height=1.4))
    assert found.shift == 0 and found.scale == pytest.approx(1 / scale, rel=0.02)


def test_without_a_road_the_height_tells_nothing():
    flat = torch.ones(1, 1, HEIGHT, WIDTH)
    with pytest.raises(NoMetres, match="no road"):
        find_metres(flat, street()[0], View(CAMERA, camera_height=1.4))


@pytest.mark.parametrize("view", [View(), View(CAMERA), View(camera_height=1.4)])
def test_what_tells_no_metres_is_refused_in_one_line(view: View):
    with pytest.raises(UserError, match="camera_height") as refused:
        find_metres(torch.ones(1, 1, HEIGHT, WIDTH), street()[0], view)
    assert not isinstance(refused.value, NoMetres)
