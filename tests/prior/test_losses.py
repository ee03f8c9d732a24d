"""The prior's losses ignore scale and shift, and nothing else."""

import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.prior.losses import gradient_matching_loss, scale_shift_invariant_loss, standardise


def maps(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = make_generator(seed, "prior losses")
    prediction, target = torch.rand(2, 3, 1, 16, 24, generator=generator)
    known = torch.rand(3, 1, 16, 24, generator=generator) > 0.2
    return prediction, target, known


def test_standardise_against_numbers_done_by_hand() -> None:
    inverse_depth = torch.tensor([[[[1.0, 2.0, 4.0, 100.0]]]])
    known = torch.tensor([[[[True, True, True, False]]]])
    # Median of 1, 2, 4 is 2; mean |x - 2| = (1 + 0 + 2) / 3 = 1.
    assert standardise(inverse_depth, known).flatten().tolist() == pytest.approx([-1.0, 0.0, 2.0, 0.0])


def test_scale_and_shift_do_not_count_but_sign_does() -> None:
    _, target, known = maps()
    assert scale_shift_invariant_loss(7 * target + 3, target, known).max() < 1e-4
    assert gradient_matching_loss(7 * target + 3, target, known).max() < 1e-4
    assert scale_shift_invariant_loss(-target, target, known).mean() > 1
    assert gradient_matching_loss(-target, target, known).min() > 1


def test_unknown_pixels_change_nothing() -> None:
    prediction, target, known = maps()
    spoilt = torch.where(known, target, 1e6)
    for loss in (scale_shift_invariant_loss, gradient_matching_loss):
        assert torch.equal(loss(prediction, spoilt, known), loss(prediction, target, known))


def test_images_do_not_influence_each_other() -> None:
    prediction, target, known = maps()
    for loss in (scale_shift_invariant_loss, gradient_matching_loss):
        rows = zip(prediction.split(1), target.split(1), known.split(1), strict=True)
        alone = torch.cat([loss(*row) for row in rows])
        torch.testing.assert_close(loss(prediction, target, known), alone)


def test_gradient_matching_against_a_slow_twin() -> None:
    prediction, target, known = (x[:1] for x in maps())
    difference = (standardise(prediction, known) - standardise(target, known))[0, 0].tolist()
    seen = known[0, 0].tolist()
    expected = 0.0
    for step in (1, 2, 4, 8):
        for down, right in ((0, step), (step, 0)):
            jumps = [
                abs(difference[v + down][u + right] - difference[v][u])
                for v in range(0, 16 - down, step)
                for u in range(0, 24 - right, step)
                if seen[v][u] and seen[v + down][u + right]
            ]
            expected += sum(jumps) / len(jumps)
    assert gradient_matching_loss(prediction, target, known).item() == pytest.approx(expected, rel=1e-4)


def test_an_image_without_any_known_pixel_is_silent() -> None:
    prediction, target, _ = maps()
    prediction.requires_grad_()
    nothing = torch.zeros_like(target, dtype=torch.bool)
    loss = scale_shift_invariant_loss(prediction, target, nothing).sum()
    (loss + gradient_matching_loss(prediction, target, nothing).sum()).backward()
    assert loss == 0
    assert prediction.grad is not None and prediction.grad.abs().max() == 0


def test_a_flat_prediction_gets_a_finite_gradient() -> None:
    _, target, known = maps()
    prediction = torch.ones_like(target, requires_grad=True)
    scale_shift_invariant_loss(prediction, target, known).mean().backward()
    assert prediction.grad is not None and prediction.grad.isfinite().all() and prediction.grad.any()
