"""Pixels of the vehicle itself count in none of the student's terms."""

import pytest
import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.data.zoom import Zoom
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.student.settings import OrdinalOptions
from acdepth.student.task import mean_consistency, mean_distillation, mean_ranking, shrunk, zoom_lesson
from tests.student.test_task import batch, task

SIZE = (64, 64)
MASKED = 16
"""Rows at the bottom."""


def counted() -> Tensor:
    mask = torch.ones(2, 1, *SIZE, dtype=torch.bool)
    mask[..., -MASKED:, :] = False
    return mask


def maps(seed: int, *shape: int) -> Tensor:
    return 0.05 + torch.rand(2, *shape, generator=make_generator(seed))


def repainted(values: Tensor) -> Tensor:
    """Other values under the mask, and larger ones, at any scale."""
    return torch.where(shrunk_any(values), values, 3 * maps(77, *values.shape[1:]))


def shrunk_any(values: Tensor) -> Tensor:
    """What is made of counted pixels alone, at a scale."""
    return shrunk(counted(), values.shape[-2:])


def pyramid(seed: int, channels: int = 1) -> list[Tensor]:
    return [maps(seed + side, channels, side, side) for side in (64, 32, 16, 4)]


@pytest.mark.parametrize("error", ["relative", "log"])
def test_distillation_does_not_see_what_is_masked(error):
    student, teacher = [one.requires_grad_() for one in pyramid(0)], pyramid(100)
    loss = mean_distillation(student, teacher, error, counted())
    other = mean_distillation(
        [repainted(one) for one in student], [repainted(one) for one in teacher], error, counted()
    )
    torch.testing.assert_close(other, loss, rtol=0, atol=0)
    assert loss != mean_distillation([repainted(one) for one in student], teacher, error)
    for one, gradient in zip(student, torch.autograd.grad(loss, student), strict=True):
        assert gradient[shrunk_any(one)].abs().min() > 0
        assert not gradient[~shrunk_any(one)].any()


@pytest.mark.parametrize("uncertainty_on", ["depth", "inverse_depth"])
@pytest.mark.parametrize("sampling", ["uniform", "published"])
@pytest.mark.parametrize("window_on", ["prediction", "both"])
def test_ranking_does_not_see_what_is_masked(uncertainty_on, sampling, window_on):
    options = OrdinalOptions(
        uncertainty_on=uncertainty_on,
        sampling=sampling,
        window_on=window_on,
        least_prior=0.2,
        global_part=0.2,
    )
    student, teacher, prior = maps(1, 1, *SIZE).requires_grad_(), maps(2, 1, *SIZE), maps(3, 1, *SIZE)

    def ranking(student: Tensor, teacher: Tensor, prior: Tensor) -> Tensor:
        return mean_ranking(student, teacher, prior, options, make_generator(5), counted=counted())

    loss = ranking(student, teacher, prior)
    other = ranking(repainted(student), repainted(teacher), repainted(prior))
    assert loss > 0
    torch.testing.assert_close(other, loss, rtol=0, atol=0)
    (gradient,) = torch.autograd.grad(loss, student)
    assert gradient[counted()].any() and not gradient[~counted()].any()


def test_consistency_compares_counted_places_alone():
    mixed = [one.requires_grad_() for one in pyramid(0, 3)]
    clear, teacher = pyramid(100, 3), pyramid(200, 3)
    degraded = torch.tensor([True, False])
    loss = mean_consistency(mixed, clear, teacher, degraded, counted())
    mixed_other, clear_other, teacher_other = (
        [repainted(one) for one in each] for each in (mixed, clear, teacher)
    )
    other = mean_consistency(mixed_other, clear_other, teacher_other, degraded, counted())
    torch.testing.assert_close(other, loss, rtol=0, atol=0)
    for one, gradient in zip(mixed, torch.autograd.grad(loss, mixed), strict=True):
        hidden = ~shrunk_any(one).expand_as(one)
        assert gradient[~hidden].any() and not gradient[hidden].any()


def test_a_mask_that_hides_nothing_changes_no_term():
    everything = torch.ones_like(counted())
    student, teacher, prior = pyramid(0), pyramid(100), maps(3, 1, *SIZE)
    features, degraded = pyramid(5, 3), torch.tensor([True, False])
    torch.testing.assert_close(
        mean_distillation(student, teacher, "relative", everything), mean_distillation(student, teacher)
    )
    ranked = [
        mean_ranking(student[0], teacher[0], prior, OrdinalOptions(), make_generator(5), counted=mask)
        for mask in (everything, None)
    ]
    torch.testing.assert_close(*ranked, rtol=0, atol=0)
    consistent = [
        mean_consistency(features, pyramid(6, 3), pyramid(7, 3), degraded, mask)
        for mask in (everything, None)
    ]
    torch.testing.assert_close(*consistent)


def test_a_coarse_pixel_counts_if_all_in_it_do():
    mask = torch.ones(1, 1, 8, 8, dtype=torch.bool)
    mask[0, 0, 5, 2] = False
    coarse = shrunk(mask, (4, 4))
    assert (~coarse).nonzero().tolist() == [[0, 0, 2, 1]]


def test_the_mask_is_zoomed_with_its_images():
    """Twice the focal length about the middle shows rows 16 to 47; a wider lens mirrors what is beyond."""
    plain = batch()
    masked = type(plain)(plain.clear, plain.mixed, plain.condition, counted=counted())
    zoom = Zoom(torch.tensor([2.0, 0.8]), torch.zeros(2, 2))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        teacher = DepthNet(DepthNetConfig(width=8), 15.0).eval()
    said = teacher(plain.clear).inverse_depths
    windows, _ = zoom_lesson(zoom, masked, said, teacher.config)
    assert windows.counted is not None
    assert windows.counted[0, 0, :63].all()
    # A row y of the second window shows row 1.25 (y - 31.5) + 31.5: the mask begins at row 48.
    expected = torch.tensor([1.25 * (row - 31.5) + 31.5 <= 47 for row in range(64)])
    assert torch.equal(windows.counted[1, 0, :, 32], expected)
    assert zoom_lesson(zoom, plain, said, teacher.config)[0].counted is None


def test_the_task_takes_the_mask_from_its_batch():
    plain = batch()
    masked = type(plain)(plain.clear, plain.mixed, plain.condition, counted=counted())
    whole, part = (task()(one, make_generator(0), 1.0) for one in (plain, masked))
    assert whole.keys() == part.keys()
    assert all(whole[name] != part[name] for name in whole)
