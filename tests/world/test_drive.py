"""Towns and drives: repeatable, consistent with their poses, and kind to a teacher."""

import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.world import prepare, render
from acdepth.world.town import draw_town
from acdepth.world.trajectory import FRAME_RATE


def test_same_seed_same_bytes_whatever_else_is_asked_for(drive, frame):
    again = prepare(drive.town.seed, 4, (48, 80))
    again.frame(3, [Condition.FOG])
    for condition in (Condition.NIGHT, Condition.NIGHT_RAIN):
        alone = again.frame(1, [condition])
        assert torch.equal(alone.images[condition], frame.images[condition])
    assert torch.equal(alone.depth, frame.depth)
    assert torch.equal(alone.classes, frame.classes)


def test_different_seeds_differ():
    first, second = (next(iter(render(town, [], 1, (24, 40)))) for town in (0, 1))
    assert not torch.equal(first.depth, second.depth)


def test_longer_drive_begins_like_a_shorter_one():
    short, long = draw_town(5, 6), draw_town(5, 60)
    torch.testing.assert_close(short.drive.poses, long.drive.poses[:6])
    for place, same in zip(short.movers, long.movers, strict=True):
        torch.testing.assert_close(torch.tensor(place.places), torch.tensor(same.places[:6]))


def test_image_does_not_need_to_be_whole_tiles():
    frame = next(iter(render(0, [Condition.RAIN], 1, (26, 43))))
    assert frame.images[Condition.RAIN].shape == (26, 43, 3)
    assert frame.depth.shape == frame.classes.shape == (26, 43)


def reprojection_errors(drive, first_index, second_index):
    """Share of pixels of one frame that the next one sees, and their relative errors of foretold depth."""
    first, second = drive.frame(first_index, []), drive.frame(second_index, [])
    camera = drive.camera
    height, width = first.depth.shape
    rows, columns = torch.meshgrid(torch.arange(height + 0.0), torch.arange(width + 0.0), indexing="ij")
    ray = torch.stack(
        [(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy, torch.ones(height, width)], -1
    ).double()
    point = ray * first.depth[..., None]
    T_first_to_second = second.pose.inverse() @ first.pose
    moved = point @ T_first_to_second[:3, :3].T + T_first_to_second[:3, 3]
    expected = moved[..., 2]
    u = camera.fx * moved[..., 0] / expected + camera.cx
    v = camera.fy * moved[..., 1] / expected + camera.cy
    grid = torch.stack([u / (width - 1) * 2 - 1, v / (height - 1) * 2 - 1], -1)[None].float()
    inverse = torch.where(second.depth > 0, 1 / second.depth, 0.0)
    seen = torch.nn.functional.grid_sample(inverse[None, None], grid, align_corners=True)[0, 0]
    usable = (first.depth > 0) & (grid[0].abs() < 1).all(-1) & (expected > 1) & (seen > 0)
    return usable.float().mean(), (seen * expected - 1).abs()[usable]


def test_depth_of_next_frame_follows_from_pose(drive):
    usable, error = reprojection_errors(drive, 1, 2)
    assert usable > 0.5
    assert error.median() < 0.002
    assert (error < 0.01).float().mean() > 0.75


@pytest.mark.parametrize("seed", range(6))
def test_motion_is_smooth_and_speed_is_true(seed):
    drive = draw_town(seed, 40).drive
    step = (drive.poses[1:, :3, 3] - drive.poses[:-1, :3, 3]).norm(dim=1)
    assert step.min() > 0.5 and step.max() < 1.2
    mean_speed = (drive.speed[1:] + drive.speed[:-1]) / 2
    torch.testing.assert_close(step * FRAME_RATE, mean_speed, rtol=0.02, atol=0)
    turn = drive.poses[:-1, :3, :3].transpose(1, 2) @ drive.poses[1:, :3, :3]
    cosine = (turn.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    assert cosine.clamp(-1, 1).arccos().max() < 0.04


@pytest.mark.parametrize("seed", range(12))
def test_nothing_stands_in_our_way(seed):
    town = draw_town(seed, 24)
    corners = town.standing.corners()
    low = corners[..., 1].amin(1) < 2.2
    x, z = corners[low][..., 0], corners[low][..., 2]
    lateral = town.road.lateral(x, z) - town.road.lane_width / 2
    side_street = town.road.crossing_distance(z).amin(1) < 0
    gap = torch.where((lateral.amin(1) < 0) & (lateral.amax(1) > 0), 0.0, lateral.abs().amin(1))
    assert gap[~side_street].min() > 1.0


def test_poses_are_rotations(drive):
    rotation = drive.town.drive.poses[:, :3, :3]
    product = rotation @ rotation.transpose(1, 2)
    torch.testing.assert_close(product, torch.eye(3, dtype=torch.float64).expand_as(product))
    assert (torch.linalg.det(rotation) > 0).all()
