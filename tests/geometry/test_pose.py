import math

import torch

from acdepth.core.seeding import make_generator
from acdepth.geometry.motion import pose_matrix


def rotation(axis: int, angle: float) -> torch.Tensor:
    vector = torch.zeros(6)
    vector[3 + axis] = angle
    return pose_matrix(vector)[:3, :3]


def test_zero_is_no_motion():
    assert torch.equal(pose_matrix(torch.zeros(2, 6)), torch.eye(4).expand(2, 4, 4))


def test_quarter_turns_follow_the_right_hand():
    x, y, z = torch.eye(3)
    torch.testing.assert_close(rotation(0, math.pi / 2) @ y, z)
    torch.testing.assert_close(rotation(1, math.pi / 2) @ z, x)
    torch.testing.assert_close(rotation(2, math.pi / 2) @ x, y)


def test_rotations_multiply_in_the_order_x_y_z():
    angles = (0.3, -0.7, 1.1)
    whole = pose_matrix(torch.tensor([0.0, 0.0, 0.0, *angles]))[:3, :3]
    x, y, z = (rotation(axis, angle) for axis, angle in enumerate(angles))
    torch.testing.assert_close(whole, x @ y @ z)
    assert not torch.allclose(whole, z @ y @ x, atol=1e-2)


def test_translation_comes_after_rotation():
    T = pose_matrix(torch.tensor([1.0, 2.0, 3.0, 0.0, 0.0, math.pi / 2]))
    point = torch.tensor([1.0, 0.0, 0.0, 1.0])
    torch.testing.assert_close(T @ point, torch.tensor([1.0, 3.0, 3.0, 1.0]))


def test_any_vector_is_a_rigid_motion_and_any_leading_shape_is_kept():
    vectors = torch.randn(2, 3, 6, generator=make_generator(0), dtype=torch.float64)
    T = pose_matrix(vectors)
    assert T.shape == (2, 3, 4, 4)
    R = T[..., :3, :3]
    torch.testing.assert_close(R @ R.transpose(-1, -2), torch.eye(3, dtype=torch.float64).expand_as(R))
    torch.testing.assert_close(torch.linalg.det(R), torch.ones(2, 3, dtype=torch.float64))


def test_gradient():
    vectors = torch.randn(2, 6, generator=make_generator(1), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pose_matrix, (vectors,))
