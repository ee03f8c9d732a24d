"""The ray caster against known distances, and its culling against no culling at all."""

import math

import pytest
import torch
from tests.world.culling import assert_culling_loses_nothing

from acdepth.world.raycast import trace
from acdepth.world.solids import Material, Shape, Workshop, to_local, to_world
from acdepth.world.view import CENTRES, SAMPLES, from_grid, make_view, to_grid, untile, world_camera


def look(height=1.5):
    pose = torch.eye(4, dtype=torch.float64)
    pose[1, 3] = -height
    return make_view(world_camera((24, 40)), pose)


def centre_depth(view, solids):
    depth = untile(trace(solids, view.sample_bundle()).t[:, SAMPLES:], view)
    return depth[12, 20].item()


@pytest.mark.parametrize(
    ("shape", "half", "yaw", "expected"),
    [
        (Shape.PRISM, (1.0, 2.0, 1.0), 0.0, 9.0),
        (Shape.PRISM, (3.0, 2.0, 0.5), math.pi / 2, 7.0),
        (Shape.ELLIPSOID, (1.0, 1.0, 2.0), 0.0, 8.0),
        (Shape.CYLINDER, (0.5, 2.0, 0.5), 0.0, 9.5),
    ],
)
def test_known_distance_straight_ahead(shape, half, yaw, expected):
    shop = Workshop()
    shop.add(shape, (0.0, 1.5, 10.0), half, Material.PLAIN, (0.5, 0.5, 0.5), yaw=yaw)
    # The nearest pixel centre is half a pixel off the axis: 0.02 of the focal length.
    assert centre_depth(look(), shop.finish()) == pytest.approx(expected, abs=0.1 if shape else 1e-4)


def test_leaning_side_recedes_with_height():
    shop = Workshop()
    shop.add(Shape.PRISM, (0.0, 1.5, 10.0), (2.0, 1.5, 1.0), Material.PLAIN, (0.5, 0.5, 0.5), form=(0.0, 0.2))
    view = look()
    bundle = view.sample_bundle()
    depth = untile(trace(shop.finish(), bundle).t[:, SAMPLES:], view)[:, 20]
    rise = untile(bundle.directions[:, SAMPLES:], view)[:, 20, 1]
    seen = depth.isfinite()
    height = 1.5 + depth[seen] * rise[seen]
    torch.testing.assert_close(depth[seen], 9.0 + 0.2 * height, atol=1e-3, rtol=0)


def test_flat_road_depth_follows_from_camera_height(drive, frame):
    view = make_view(drive.camera, drive.town.drive.poses[1])
    down = -untile(view.directions[:, SAMPLES:], view)[..., 1]
    middle = (frame.classes == 1) & (down > 0.15)
    middle[:, :30] = False
    middle[:, 55:] = False
    expected = view.origin[1] / down
    assert middle.sum() > 50
    torch.testing.assert_close(frame.depth[middle], expected[middle], rtol=1e-4, atol=0)


@pytest.mark.parametrize("mirrored", [False, True])
def test_culling_loses_nothing(drive, mirrored):
    view = make_view(world_camera((24, 40)), drive.town.drive.poses[1])
    assert_culling_loses_nothing(drive, view, mirrored)


def test_unwanted_tiles_stay_empty(drive):
    view = make_view(drive.camera, drive.town.drive.poses[1])
    wanted = torch.zeros(view.rows * view.columns, dtype=torch.bool)
    wanted[::2] = True
    hits = trace(drive.town.solids_at(1), view.sample_bundle(), wanted)
    assert hits.t[1::2].isinf().all()
    assert hits.t[::2].isfinite().any()


def test_turning_there_and_back():
    vector = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    turn = torch.tensor([math.cos(0.4), math.sin(0.4)])
    torch.testing.assert_close(to_world(to_local(vector, turn), turn), vector)


def test_grid_and_tiles_are_inverse():
    view = look()
    values = torch.arange(view.rows * view.columns * CENTRES).reshape(-1, CENTRES, 1)
    assert torch.equal(from_grid(to_grid(values, view), view), values)


def test_solid_moved_keeps_its_front():
    shop = Workshop()
    shop.add(Shape.PRISM, (0.0, 0.0, 2.0), (1.0, 1.0, 1.0), Material.PLAIN, (0.5, 0.5, 0.5))
    moved = shop.finish().moved(10.0, 20.0, math.pi / 2)
    torch.testing.assert_close(moved.centre, torch.tensor([[12.0, 0.0, 20.0]]), atol=1e-5, rtol=0)
