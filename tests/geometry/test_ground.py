"""The road's plane in depth: of made planes with noise and obstacles, and of a drive through the world."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.seeding import make_generator
from acdepth.geometry.ground import (
    COARSE,
    _apart,
    _looked_at,
    _most_agreed,
    level_plane,
    plane_inverse_depth,
    quartiles_apart,
    road_plane,
    steadiness,
)

CAMERA = Camera(fx=128.0, fy=128.0, cx=79.5, cy=47.5, width=160, height=96)
SKY = 80.0


def down(pitch: float, roll: float = 0.0) -> Tensor:
    """The normal of a level road (3,), of a camera that looks down and leans by so many degrees."""
    pitch, roll = math.radians(pitch), math.radians(roll)
    lean = math.sin(roll), math.cos(roll) * math.cos(pitch), math.cos(roll) * math.sin(pitch)
    return torch.tensor(lean, dtype=torch.float64)


def road(height: float = 1.5, pitch: float = 2.0, roll: float = 0.0) -> Tensor:
    """Depth (1, 1, H, W) of a road and of the sky above it."""
    v, u = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in CAMERA.size), indexing="ij")
    rays = torch.stack([(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, torch.ones_like(u)], -1)
    slope = rays @ down(pitch, roll)
    return (height / slope.clamp(min=1e-9)).clamp(max=SKY)[None, None]


def found(depth: Tensor, counted: Tensor | None = None):
    return road_plane(depth, CAMERA.matrix()[None].expand(len(depth), 3, 3), counted)


@pytest.mark.parametrize(("height", "pitch", "roll"), [(1.5, 0, 0), (0.3, -6, 4), (4.0, 13.5, -7.5)])
def test_a_plane_is_found_as_it_is_in_any_unit(height, pitch, roll):
    plane = found(road(height, pitch, roll))
    torch.testing.assert_close(plane.height, torch.tensor([height], dtype=torch.float64))
    torch.testing.assert_close(plane.normal, down(pitch, roll)[None])
    assert plane.share > 0.99


def test_noise_obstacles_and_pavements_move_it_by_less_than_two_per_cent():
    generator, depth = make_generator(0, "ground"), road(1.5, 1.0).expand(8, -1, -1, -1).clone()
    depth *= torch.exp(0.04 * torch.randn(depth.shape, generator=generator, dtype=torch.float64))
    depth[:, :, 30:75, 60:90] = 6.0  # the back of a car
    depth[:, :, :, :45] = depth[:, :, :, :45].clamp(max=4.0) * 0.9  # a wall, and a pavement before it
    plane = found(depth)
    assert ((plane.height / 1.5 - 1).abs() < 0.02).all()
    assert (plane.share < 0.9).all()


def test_frames_do_not_depend_on_each_other_and_nothing_is_drawn():
    depth = torch.cat([road(1.2, 3.0), road(2.0, -1.0)])
    together, state = found(depth), torch.random.get_rng_state()
    for number, one in enumerate(depth.split(1)):
        torch.testing.assert_close(found(one).height, together.height[number : number + 1])
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("kind", ["wall", "noise", "ceiling", "unknown", "kerb"])
def test_what_is_no_road_has_no_height(kind):
    depth = {
        "wall": torch.full((1, 1, 96, 160), 8.0),
        "noise": 5 * torch.exp(torch.randn(1, 1, 96, 160, generator=make_generator(0, "noise"))),
        "ceiling": road(1.5, 0.0).flip(-2),
        "unknown": torch.zeros(1, 1, 96, 160),
        "kerb": road(1.5, 40.0),
    }[kind]
    plane = found(depth.double())
    assert plane.height.isnan() and plane.normal.isnan().all() and not plane.share.isnan()


def test_pixels_that_do_not_count_are_not_looked_at():
    depth = road(1.5, 0.0)
    depth[:, :, 84:] = 1.0 + 0 * depth[:, :, 84:]  # a bonnet
    counted = torch.ones_like(depth, dtype=torch.bool)
    counted[:, :, 84:] = False
    plane = found(depth, counted)
    torch.testing.assert_close(plane.height, torch.tensor([1.5], dtype=torch.float64))
    assert plane.share > 0.99 > 0.8 > found(depth).share


def test_few_pixels_a_narrow_strip_or_a_small_part_are_no_road_whatever_other_frames_show():
    whole, few, narrow, part = (road(height, 1.0) for height in (1.5, 1.5, 3.0, 1.5))
    few[..., :78], few[..., 82:] = 0, 0  # three of the columns that are looked at: 72 pixels
    narrow[:, :, :76], narrow[:, :, 86:] = 0, 0  # ten rows, the farthest 1.4 times as far as the nearest
    lost = torch.rand(part.shape, generator=make_generator(1, "no road"), dtype=torch.float64)
    part[..., 52:] = (part * (0.3 + 3 * lost))[..., 52:]
    together = found(torch.cat([whole, few, narrow, part]))
    assert together.height.isnan().tolist() == [False, True, True, True]
    assert together.share[1] > 0.9 and together.share[2] > 0.9 and together.share[3] < 0.3
    for number, one in enumerate((whole, few, narrow, part)):
        torch.testing.assert_close(found(one).share, together.share[number : number + 1])


def test_the_first_guess_lies_in_the_middle_of_what_the_pixels_say():
    depth = road(1.5, 0.0)
    noise = torch.rand(depth.shape, generator=make_generator(0, "guess"), dtype=torch.float64)
    rays, seen, known = _looked_at(depth * torch.exp(0.16 * noise - 0.08), CAMERA.matrix()[None], None)
    fit = _most_agreed(rays, seen, known)
    apart, below = _apart(fit, rays, seen, known)
    assert (apart[below] <= COARSE).double().mean() > 0.85  # a half, if it lay at the lowest or the highest
    assert 1 / fit.norm(dim=-1) == pytest.approx(1.5, rel=0.1)


def test_depth_that_is_not_known_is_left_out():
    depth = road(1.5, 1.0)
    depth[..., ::2] = 0
    torch.testing.assert_close(found(depth).height, torch.tensor([1.5], dtype=torch.float64))


def test_heights_are_steady_within_each_clip():
    factors = steadiness(np.array([3, 3, 1, 1, 1]), np.array([4.0, 2.0, 2.0, 8.0, 4.0]))
    assert factors.tolist() == [2.0, 0.5, 1.0, 0.75, 1.5]  # by clip, in the order of their numbers
    assert steadiness(np.zeros(0, int), np.zeros(0)).shape == (0,)
    assert quartiles_apart(np.array([5.0, 1.0, 2.0, 4.0, 3.0])) == pytest.approx((4 - 2) / 3)


class TestLevel:
    def plane(self, depth: Tensor, *way: float):
        direction = torch.tensor([way], dtype=torch.float64)
        return level_plane(depth, CAMERA.matrix()[None], direction / direction.norm())

    @pytest.mark.parametrize("pitch", [-3.0, 0.0, 4.0])
    def test_a_road_along_the_way_stays_as_it_is(self, pitch):
        plane = self.plane(road(1.5, pitch), 0.1, -math.tan(math.radians(pitch)), 1)
        torch.testing.assert_close(plane.height, torch.tensor([1.5], dtype=torch.float64))
        torch.testing.assert_close(plane.normal, down(pitch)[None])

    def test_one_that_rises_and_leans_is_turned_to_the_way_as_far_ahead_as_it_was_seen(self):
        plane = self.plane(road(1.5, 3.0, 6.0), 0, 0, 1)
        assert plane.normal[0, 2].abs() < 1e-9 and plane.normal[0, 0] == pytest.approx(
            math.sin(math.radians(2)), abs=1e-3
        )
        assert 1.2 < plane.height < 1.5

    def test_frames_together_are_frames_alone(self):
        depths, ways = torch.cat([road(1.2, 3.0, 2.0), road(2.0, -1.0)]), torch.eye(3)[[2, 2]].double()
        together = level_plane(depths, CAMERA.matrix().expand(2, 3, 3), ways)
        torch.testing.assert_close(together.normal.norm(dim=1), torch.ones(2, dtype=torch.float64))
        for number, depth in enumerate(depths.split(1)):
            alone = self.plane(depth, 0, 0, 1)
            torch.testing.assert_close(alone.height, together.height[number : number + 1])
            torch.testing.assert_close(alone.normal, together.normal[number : number + 1])

    def test_without_a_road_or_a_way_there_is_none(self):
        assert self.plane(torch.full((1, 1, *CAMERA.size), SKY), 0, 0, 1).height.isnan()
        assert self.plane(road(), math.nan, math.nan, math.nan).height.isnan()

    def test_its_depth_is_that_of_the_road_below_its_horizon(self):
        depth, size = road(1.5, 2.0), (CAMERA.height, CAMERA.width)
        plane = self.plane(depth, 0, -math.tan(math.radians(2.0)), 1)
        inverse = plane_inverse_depth(plane, CAMERA.matrix()[None], size)
        known = depth < SKY
        torch.testing.assert_close(inverse[known].double(), 1 / depth[known], atol=1e-6, rtol=1e-5)
        assert (inverse[~known] <= 1 / SKY + 1e-6).all() and not inverse[0, 0, 0].any()
