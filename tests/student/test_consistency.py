import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.student.losses import consistency_loss


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
    found = consistency_loss(mixed, clear, teacher, torch.tensor(degraded))
    assert found.item() == pytest.approx(slow_twin(mixed, clear, teacher, degraded), rel=1e-5)


def test_only_the_mixed_features_learn():
    mixed, clear, teacher = ([f.requires_grad_() for f in features(seed)] for seed in range(3))
    consistency_loss(mixed, clear, teacher, torch.tensor([True, False, True, False])).backward()
    assert all(f.grad is not None and f.grad.abs().max() > 0 for f in mixed)
    assert all(f.grad is None for f in (*clear, *teacher))


def test_clear_rows_do_not_learn_from_the_clear_twin():
    mixed, clear, changed, teacher = features(0), features(1), features(1), features(2)
    degraded = torch.tensor([False, True, False, True])
    for f in changed:
        f[~degraded] += 100
    torch.testing.assert_close(
        consistency_loss(mixed, clear, teacher, degraded), consistency_loss(mixed, changed, teacher, degraded)
    )


def test_bfloat16_features_give_a_float32_loss():
    mixed, clear, teacher = ([f.bfloat16() for f in features(seed)] for seed in range(3))
    loss = consistency_loss(mixed, clear, teacher, torch.tensor([True, False, True, False]))
    assert loss.dtype == torch.float32 and loss.isfinite()
