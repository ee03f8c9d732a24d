import math

import pytest
import torch

from acdepth.student.losses import distillation_loss


def test_is_the_depth_error_relative_to_the_teachers_depth():
    student = [1 / torch.full((1, 1, 4, 4), 12.0), 1 / torch.full((1, 1, 2, 2), 5.0)]
    teacher = [1 / torch.full((1, 1, 4, 4), 10.0), 1 / torch.full((1, 1, 2, 2), 10.0)]
    assert distillation_loss(student, teacher).item() == pytest.approx((0.2 + 0.5) / 2, rel=1e-6)


def test_halving_and_doubling_are_one_mistake_to_the_log_error_only():
    teacher, half, double = (
        [torch.full((1, 1, 4, 4), 0.1)],
        [torch.full((1, 1, 4, 4), 0.2)],
        [torch.full((1, 1, 4, 4), 0.05)],
    )
    relative = [distillation_loss(student, teacher).item() for student in (half, double)]
    log = [distillation_loss(student, teacher, "log").item() for student in (half, double)]
    assert relative == pytest.approx([0.5, 1.0])
    assert log == pytest.approx([math.log(2)] * 2)


def test_every_scale_counts_the_same_whatever_its_size():
    far = [torch.full((1, 1, side, side), 0.1) for side in (8, 1)]
    near = [torch.full((1, 1, side, side), 0.2) for side in (8, 1)]
    first = distillation_loss([near[0], far[1]], far)
    second = distillation_loss([far[0], near[1]], far)
    torch.testing.assert_close(first, second)


def test_agreement_is_zero_and_the_gradient_points_to_the_teacher():
    teacher = torch.tensor([[[[0.1, 0.2]]]])
    assert distillation_loss([teacher], [teacher]) == 0
    student = torch.tensor([[[[0.2, 0.1]]]], requires_grad=True)
    distillation_loss([student], [teacher]).backward()
    assert student.grad is not None
    assert student.grad[0, 0, 0, 0] > 0 > student.grad[0, 0, 0, 1]


def test_scales_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        distillation_loss([torch.ones(1, 1, 2, 2)] * 2, [torch.ones(1, 1, 2, 2)])
