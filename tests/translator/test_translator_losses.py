"""The translator's terms against slow twins and numbers worked out by hand."""

import math
import sys

import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.translator.losses import (
    colour_loss,
    depth_consistency_loss,
    perceptual_loss,
)
from acdepth.translator.perception import Perception, load_lpips
from acdepth.translator.task import mean_adversarial
from tests.diffusion.tiny import random_image
from tests.translator.tiny import tiny_prior


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=make_generator(seed))


@pytest.mark.parametrize(
    ("kind", "score", "real", "fake"),
    [
        ("sigmoid", 0.0, math.log(2), math.log(2)),
        ("sigmoid", 2.0, math.log1p(math.exp(-2)), math.log1p(math.exp(2))),
        ("sigmoid", 60.0, 0.0, 60.0),
        ("squares", 0.0, 1.0, 0.0),
        ("squares", 3.0, 4.0, 9.0),
    ],
)
def test_adversarial_losses_of_known_scores(kind, score, real, fake):
    scores = [torch.full((2, 3, 4), score)]
    torch.testing.assert_close(mean_adversarial(scores, True, kind), torch.tensor(real))
    torch.testing.assert_close(mean_adversarial(scores, False, kind), torch.tensor(fake))


def test_levels_count_the_same_whatever_their_size():
    scores = [torch.zeros(2, 8, 8), torch.full((2, 1, 1), 3.0)]
    torch.testing.assert_close(mean_adversarial(scores, True, "squares"), torch.tensor((1.0 + 4.0) / 2))
    summed = mean_adversarial(scores, True, "squares", "sum")  # the published way
    torch.testing.assert_close(summed, torch.tensor(1.0 + 4.0))


def test_colour():
    image, wanted = (torch.tensor(one).view(1, 3, 1, 1) for one in ([-1.0, 0.5, 0.0], [1.0, 0.25, 0.0]))
    assert colour_loss(image, wanted).flatten().tolist() == [2.0, 0.25, 0.0]


class TestPerceptual:
    def test_against_loops(self):
        ours, theirs = ([drawn(2, 5, 4, seed=seed), drawn(2, 3, 7, seed=seed + 1)] for seed in (0, 2))
        expected = []
        for image in range(2):
            levels = []
            for a, b in zip(ours, theirs, strict=True):
                places = [
                    sum((x / math.hypot(*p) - y / math.hypot(*q)) ** 2 for x, y in zip(p, q, strict=True))
                    for p, q in zip(a[image].tolist(), b[image].tolist(), strict=True)
                ]
                levels.append(sum(places) / len(places))
            expected.append(sum(levels) / len(levels))
        torch.testing.assert_close(perceptual_loss(ours, theirs), torch.tensor(expected))

    @pytest.mark.parametrize(("factor", "distance"), [(1.0, 0.0), (5.0, 0.0), (-1.0, 4.0), (-0.1, 4.0)])
    def test_lengths_do_not_count_and_opposites_are_four_apart(self, factor, distance):
        features = [drawn(2, 5, 4)]
        found = perceptual_loss([features[0] * factor], features)
        torch.testing.assert_close(found, torch.full((2,), distance), atol=1e-5, rtol=1e-5)

    def test_what_is_at_right_angles_is_two_apart(self):
        one, other = torch.tensor([[[3.0, 0.0]]]), torch.tensor([[[0.0, 2.0]]])
        torch.testing.assert_close(perceptual_loss([one], [other]), torch.tensor([2.0]))


class TestDepthConsistency:
    def test_scale_and_shift_do_not_count(self):
        source = drawn(2, 1, 6, 8)
        same = depth_consistency_loss(source * 3 + 7, source)
        assert same.shape == source.shape
        torch.testing.assert_close(same, torch.zeros_like(same), atol=1e-5, rtol=0)

    def test_each_image_has_its_own_scale(self):
        source = drawn(2, 1, 6, 8)
        scaled = source * torch.tensor([2.0, 0.1]).view(2, 1, 1, 1)
        assert depth_consistency_loss(scaled, source).max() < 1e-4

    def test_what_turned_round_counts(self):
        source = drawn(2, 1, 6, 8)
        assert depth_consistency_loss(-source, source).mean() > 1

    def test_by_hand(self):
        # Median 1, deviation 1: -1 0 0 4 0; median 0, deviation 1: 0 0 0 0 5.
        translated = torch.tensor([0.0, 1, 1, 5, 1]).view(1, 1, 1, 5)
        source = torch.tensor([0.0, 0, 0, 0, 5]).view(1, 1, 1, 5)
        expected = torch.tensor([1.0, 0, 0, 4, 5]).view(1, 1, 1, 5)
        torch.testing.assert_close(depth_consistency_loss(translated, source), expected)


class TestPerception:
    def test_the_gradient_of_depth_reaches_the_image_and_nothing_else(self):
        prior = tiny_prior()
        perception, image = Perception(prior), random_image().requires_grad_()
        with torch.no_grad():
            source = perception.inverse_depth(random_image(seed=1))
        depth_consistency_loss(perception.inverse_depth(image), source).mean().backward()
        assert image.grad is not None and all(bool(one.abs().sum() > 0) for one in image.grad)
        assert all(parameter.grad is None for parameter in prior.parameters())

    def test_the_gradient_of_features_reaches_the_image_and_nothing_else(self):
        prior = tiny_prior()
        perception, image = Perception(prior), random_image().requires_grad_()
        wanted = perception.features(random_image(seed=1))
        perceptual_loss(perception.features(image), wanted).mean().backward()
        assert image.grad is not None and all(bool(one.abs().sum() > 0) for one in image.grad)
        assert all(parameter.grad is None for parameter in prior.parameters())

    def test_depth_is_that_of_the_prior(self):
        prior, image = tiny_prior(), random_image()
        found = Perception(prior).inverse_depth(image)
        torch.testing.assert_close(found, prior(image / 2 + 0.5))


def test_lpips_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(UserError, match=r"needs the package lpips .* use perceptual: backbone"):
        load_lpips()
