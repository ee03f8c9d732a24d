"""L_d and L_c of known values, as the student's task reduces them."""

import math

import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.student.losses import UncertaintyWeights, consistency_loss, expected_error_loss
from acdepth.student.task import mean_consistency, mean_distillation


def test_is_the_depth_error_relative_to_the_teachers_depth():
    student = [1 / torch.full((1, 1, 4, 4), 12.0), 1 / torch.full((1, 1, 2, 2), 5.0)]
    teacher = [1 / torch.full((1, 1, 4, 4), 10.0), 1 / torch.full((1, 1, 2, 2), 10.0)]
    assert mean_distillation(student, teacher).item() == pytest.approx((0.2 + 0.5) / 2, rel=1e-6)


def test_halving_and_doubling_are_one_mistake_to_the_log_error_only():
    teacher, half, double = (
        [torch.full((1, 1, 4, 4), 0.1)],
        [torch.full((1, 1, 4, 4), 0.2)],
        [torch.full((1, 1, 4, 4), 0.05)],
    )
    relative = [mean_distillation(student, teacher).item() for student in (half, double)]
    log = [mean_distillation(student, teacher, "log").item() for student in (half, double)]
    assert relative == pytest.approx([0.5, 1.0])
    assert log == pytest.approx([math.log(2)] * 2)


def test_every_scale_counts_the_same_whatever_its_size():
    far = [torch.full((1, 1, side, side), 0.1) for side in (8, 1)]
    near = [torch.full((1, 1, side, side), 0.2) for side in (8, 1)]
    first = mean_distillation([near[0], far[1]], far)
    second = mean_distillation([far[0], near[1]], far)
    torch.testing.assert_close(first, second)


def test_agreement_is_zero_and_the_gradient_points_to_the_teacher():
    teacher = torch.tensor([[[[0.1, 0.2]]]])
    assert mean_distillation([teacher], [teacher]) == 0
    student = torch.tensor([[[[0.2, 0.1]]]], requires_grad=True)
    mean_distillation([student], [teacher]).backward()
    assert student.grad is not None
    assert student.grad[0, 0, 0, 0] > 0 > student.grad[0, 0, 0, 1]


def test_scales_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        mean_distillation([torch.ones(1, 1, 2, 2)] * 2, [torch.ones(1, 1, 2, 2)])


def features(seed: int, batch: int = 4) -> list[torch.Tensor]:
    generator = make_generator(seed)
    shapes = ((3, 8, 8), (6, 4, 4), (12, 2, 2))
    return [torch.randn(batch, *shape, generator=generator) for shape in shapes]


def slow_twin(mixed, clear, teacher, degraded) -> float:
    """The formula, one sample at a time."""

    def distance(a, b, row):
        return sum((x[row] - y[row]).abs().mean().item() for x, y in zip(a, b, strict=True)) / len(a)

    def mean(values):
        return sum(values) / len(values) if values else 0.0

    bad = [row for row, is_degraded in enumerate(degraded) if is_degraded]
    good = [row for row, is_degraded in enumerate(degraded) if not is_degraded]
    students = mean([distance(mixed, clear, row) for row in bad])
    teachers = sum(mean([distance(mixed, teacher, row) for row in rows]) for rows in (good, bad))
    return 1.0 * students + 0.5 * teachers


@pytest.mark.parametrize(
    "degraded", [[True, False, True, True], [False] * 4, [True] * 4, [False, False, False, True]]
)
def test_equals_a_loop_over_samples(degraded):
    mixed, clear, teacher = features(0), features(1), features(2)
    found = mean_consistency(mixed, clear, teacher, torch.tensor(degraded))
    assert found.item() == pytest.approx(slow_twin(mixed, clear, teacher, degraded), rel=1e-5)


def test_only_the_mixed_features_learn():
    mixed, clear, teacher = ([f.requires_grad_() for f in features(seed)] for seed in range(3))
    mean_consistency(mixed, clear, teacher, torch.tensor([True, False, True, False])).backward()
    assert all(f.grad is not None and f.grad.abs().max() > 0 for f in mixed)
    assert all(f.grad is None for f in (*clear, *teacher))


def test_clear_rows_do_not_learn_from_the_clear_twin():
    mixed, clear, changed, teacher = features(0), features(1), features(1), features(2)
    degraded = torch.tensor([False, True, False, True])
    for f in changed:
        f[~degraded] += 100
    torch.testing.assert_close(
        mean_consistency(mixed, clear, teacher, degraded), mean_consistency(mixed, changed, teacher, degraded)
    )


def test_bfloat16_features_give_a_float32_loss():
    mixed, clear, teacher = ([f.bfloat16() for f in features(seed)] for seed in range(3))
    loss = mean_consistency(mixed, clear, teacher, torch.tensor([True, False, True, False]))
    assert loss.dtype == torch.float32 and loss.isfinite()


def test_of_each_level_only_the_counted_places_are_compared():
    mixed, clear = features(0, batch=2), features(1, batch=2)
    counted = [torch.rand(2, 1, *one.shape[2:], generator=make_generator(5)) < 0.5 for one in mixed]
    counted[2][1] = False  # which leaves nothing of this level to compare, and it is 0
    expected = []
    for row in range(2):
        levels = []
        for a, b, places in zip(mixed, clear, counted, strict=True):
            apart = (a[row] - b[row]).abs().mean(0)[places[row, 0]]
            levels.append(apart.mean().item() if len(apart) else 0.0)
        expected.append(sum(levels) / 3)
    assert consistency_loss(mixed, clear, counted).tolist() == pytest.approx(expected, rel=1e-5)
    everywhere = [torch.ones_like(places) for places in counted]
    torch.testing.assert_close(consistency_loss(mixed, clear, everywhere), consistency_loss(mixed, clear))


def test_levels_that_do_not_pair_are_refused():
    levels = features(0)
    with pytest.raises(ValueError, match="shorter"):
        consistency_loss(levels, levels[:2])
    with pytest.raises(ValueError, match="shorter"):
        consistency_loss(levels, levels, [torch.ones(4, 1, 8, 8, dtype=torch.bool)])


def test_the_expected_error_is_the_scale_of_a_laplace_distribution():
    found = expected_error_loss(torch.tensor([0.0, math.log(2)]), torch.tensor([3.0, 3.0]))
    assert found.tolist() == pytest.approx([3.0, 1.5 + math.log(2)])


def test_losses_weigh_themselves_by_their_scale():
    weights = UncertaintyWeights(("small", "large"))
    losses = {"small": torch.tensor(0.5), "large": torch.tensor(6.0)}
    at_first = weights(losses)
    assert {name: one.item() for name, one in at_first.items()} == {
        "small": 0.5,
        "large": 6.0,
        "small_log_scale": 0.0,
        "large_log_scale": 0.0,
    }
    with torch.no_grad():
        weights.log_scales["large"].fill_(math.log(3))
    later = weights(losses)
    assert later["large"].item() == pytest.approx(2.0) and later["small"].item() == 0.5
    assert later["large_log_scale"].item() == pytest.approx(math.log(3))
    sum(later.values()).backward()
    assert weights.log_scales["large"].grad.item() == pytest.approx(1 - 2.0)
