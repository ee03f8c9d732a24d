import math

import pytest
import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.geometry.motion import pose_matrix
from acdepth.geometry.warp import inverse_intrinsics, source_coordinates, warp

HEIGHT, WIDTH = 6, 10
K = torch.tensor([[8.0, 0.0, 4.3], [0.0, 7.0, 2.6], [0.0, 0.0, 1.0]])[None]


def moved(*vector: float) -> Tensor:
    return pose_matrix(torch.tensor([vector], dtype=torch.float32))


def random_image(seed: int = 0) -> Tensor:
    return torch.rand(1, 3, HEIGHT, WIDTH, generator=make_generator(seed))


def constant(depth: float) -> Tensor:
    return torch.full((1, 1, HEIGHT, WIDTH), 1 / depth)


def test_inverse_intrinsics():
    torch.testing.assert_close(inverse_intrinsics(K) @ K, torch.eye(3)[None])


def test_no_motion_changes_nothing():
    image = random_image()
    torch.testing.assert_close(
        warp(image, constant(5.0), K, moved(0, 0, 0, 0, 0, 0)), image, atol=1e-5, rtol=0
    )


def test_a_step_aside_shifts_by_focal_length_over_depth_and_leaves_zeros():
    depth, pixels = 4.0, 2
    T = moved(pixels * depth / 8.0, 0, 0, 0, 0, 0)
    seen = warp(image := random_image(), constant(depth), K, T)
    torch.testing.assert_close(seen[..., :-pixels], image[..., pixels:], atol=1e-5, rtol=0)
    assert seen[..., -1].abs().max() == 0


def test_equals_a_loop_over_pixels():
    generator = make_generator(3)
    source = random_image(4)
    inverse_depth = 0.05 + 0.3 * torch.rand(1, 1, HEIGHT, WIDTH, generator=generator)
    T = moved(0.4, -0.2, 0.6, 0.02, -0.05, 0.03)
    seen = warp(source, inverse_depth, K, T)
    for v in range(HEIGHT):
        for u in range(WIDTH):
            expected = _look_up(source[0], inverse_depth[0, 0, v, u].item(), T[0], u, v)
            torch.testing.assert_close(seen[0, :, v, u], expected, atol=2e-5, rtol=0)


def _look_up(source: Tensor, inverse_depth: float, T: Tensor, u: int, v: int) -> Tensor:
    fx, fy, cx, cy = (K[0, 0, 0], K[0, 1, 1], K[0, 0, 2], K[0, 1, 2])
    z = 1 / inverse_depth
    x, y, z, _ = (T @ torch.tensor([(u - cx) / fx * z, (v - cy) / fy * z, z, 1.0])).tolist()
    u_source, v_source = (fx * x / z + cx).item(), (fy * y / z + cy).item()
    total = torch.zeros(3)
    for row in (math.floor(v_source), math.floor(v_source) + 1):
        for column in (math.floor(u_source), math.floor(u_source) + 1):
            weight = (1 - abs(v_source - row)) * (1 - abs(u_source - column))
            if 0 <= row < HEIGHT and 0 <= column < WIDTH:
                total += weight * source[:, row, column]
    return total


def test_gradients_of_depth_and_motion():
    generator = make_generator(5)
    inverse_depth = 0.1 + 0.2 * torch.rand(1, 1, 3, 4, generator=generator, dtype=torch.float64)
    vector = 0.1 * torch.randn(1, 6, generator=generator, dtype=torch.float64)

    def coordinates(inverse_depth: Tensor, vector: Tensor) -> Tensor:
        return source_coordinates(inverse_depth, K.double(), pose_matrix(vector))

    assert torch.autograd.gradcheck(coordinates, (inverse_depth.requires_grad_(), vector.requires_grad_()))


@pytest.mark.parametrize("depth", [0.1, 80.0])
def test_points_in_the_plane_of_the_lens_stay_finite(depth):
    assert source_coordinates(constant(depth), K, moved(0, 0, -depth, 0, 0, 0)).isfinite().all()
