import math

import pytest
import torch
from pydantic import ValidationError

from acdepth.core.seeding import make_generator
from acdepth.student.ordinal import (
    discrepancy,
    order_labels,
    ranking_terms,
    sample_global,
    sample_local,
    uncertain_pixels,
    window_mean,
)
from acdepth.student.settings import OrdinalOptions
from acdepth.student.task import mean_ranking

HEIGHT, WIDTH = 40, 50
PIXELS = HEIGHT * WIDTH


def inverse_depth(seed: int, batch: int = 3) -> torch.Tensor:
    return 0.02 + 0.3 * torch.rand(batch, 1, HEIGHT, WIDTH, generator=make_generator(seed))


def map_of(*depths: float) -> torch.Tensor:
    return 1 / torch.tensor(depths).view(1, 1, 1, -1)


class TestUncertainty:
    def test_discrepancy_of_known_depths(self):
        found = discrepancy(map_of(10.0, 30.0, 5.0), map_of(10.0, 10.0, 15.0)).flatten()
        torch.testing.assert_close(found, torch.tensor([0.0, 0.5, 0.5]))

    def test_on_inverse_depth_each_map_is_brought_to_0_to_1_first(self):
        student, teacher = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([1.0, 2.0, 5.0])
        found = discrepancy(student.view(1, 1, 1, 3), teacher.view(1, 1, 1, 3), "inverse_depth").flatten()
        torch.testing.assert_close(found, torch.tensor([0.0, 0.25 / 0.75, 0.0]))

    def test_marks_a_twentieth_of_each_image(self):
        student, teacher = inverse_depth(0), inverse_depth(1)
        teacher[0] = student[0] * 1.001 + 1e-4 * teacher[0]  # an image of small discrepancies
        uncertain = uncertain_pixels(discrepancy(student, teacher))
        assert uncertain.flatten(1).sum(1).tolist() == [PIXELS // 20] * 3


class TestSampling:
    options = OrdinalOptions(local_part=0.5)

    def pairs(self, uncertain, seed=0):
        return sample_local(uncertain, self.options, make_generator(seed))

    def test_local_pairs_join_an_uncertain_pixel_with_another(self):
        uncertain = uncertain_pixels(discrepancy(inverse_depth(0), inverse_depth(1)))
        pairs = self.pairs(uncertain)
        assert pairs.a.shape == pairs.b.shape == (3, round(0.05 * PIXELS * 0.5))
        flat = uncertain.flatten(1)
        assert flat.gather(1, pairs.a).all()
        assert not flat.gather(1, pairs.b).any()

    def test_global_pairs_come_from_everywhere(self):
        uncertain = torch.zeros(3, 1, HEIGHT, WIDTH, dtype=torch.bool)
        pairs = sample_global(uncertain, OrdinalOptions(global_part=1.0), make_generator(0))
        assert pairs.a.shape == (3, PIXELS)
        for chosen in pairs:
            # Drawn with replacement: all but one in e of the pixels are met.
            assert len(chosen[0].unique()) / PIXELS == pytest.approx(1 - 1 / math.e, abs=0.03)
            assert chosen.float().mean() / PIXELS == pytest.approx(0.5, abs=0.03)

    def test_images_differ_and_the_generator_decides(self):
        uncertain = uncertain_pixels(discrepancy(inverse_depth(0), inverse_depth(1)))
        first, again, other = self.pairs(uncertain), self.pairs(uncertain), self.pairs(uncertain, seed=1)
        assert torch.equal(first.a, again.a) and torch.equal(first.b, again.b)
        assert not torch.equal(first.b, other.b)
        assert not torch.equal(first.b[0], first.b[1])

    def test_an_image_without_disagreement_can_be_sampled(self):
        student = inverse_depth(0)
        teacher = torch.cat([student[:1], inverse_depth(1)[1:]])
        uncertain = uncertain_pixels(discrepancy(student, teacher))
        assert uncertain[0].all() and not uncertain[1].all()
        pairs = self.pairs(uncertain)
        assert not uncertain.flatten(1)[1:].gather(1, pairs.b[1:]).any()


class TestOrder:
    @pytest.mark.parametrize(
        ("a", "b", "label"),
        [
            (2.0, 1.0, -1),  # a has the larger inverse depth: it is nearer
            (1.0, 2.0, 1),
            (1.1, 1.0, 0),
            (1.0, 1.1, 0),
            (1.5, 1.0, -1),  # at the margin itself: the published code's >= and >
            (1.0, 1.5, 0),
            (0.0, 0.0, 0),  # sky beside sky
            (0.3, 0.0, -1),
            (0.0, 0.3, 1),
        ],
    )
    def test_labels(self, a, b, label):
        margin = 0.5 if 1.5 in (a, b) else 0.15  # 1.5 is exact in binary, 1.15 is not
        assert order_labels(torch.tensor(a), torch.tensor(b), margin).item() == label

    def test_ranking_terms(self):
        a, b = torch.tensor([12.0, 12.0, 12.0]), torch.tensor([10.0, 10.0, 10.0])
        found = ranking_terms(a, b, torch.tensor([1.0, -1.0, 0.0]))
        expected = torch.tensor([math.log1p(math.exp(-2)), math.log1p(math.exp(2)), 0.0])
        torch.testing.assert_close(found, expected)

    def test_large_differences_stay_finite(self):
        found = ranking_terms(torch.tensor([500.0]), torch.tensor([0.0]), torch.tensor([-1.0]))
        assert found.item() == pytest.approx(500.0)

    def test_window_counts_zeros_beyond_the_border(self):
        found = window_mean(torch.ones(1, 1, 6, 6), 5)[0, 0]
        assert found[2, 2] == 1
        assert found[0, 0].item() == pytest.approx(9 / 25)
        assert torch.equal(window_mean(torch.ones(1, 1, 6, 6), 1), torch.ones(1, 1, 6, 6))


class TestLoss:
    def loss(self, student, prior, options=OrdinalOptions(local_part=1.0), seed=0):  # noqa: B008 - immutable
        return mean_ranking(student, inverse_depth(1), prior, options, make_generator(seed))

    def smooth(self) -> torch.Tensor:
        """Near at the left, far at the right."""
        ramp = torch.linspace(0.5, 0.02, WIDTH)
        return ramp.expand(3, 1, HEIGHT, WIDTH).clone()

    @pytest.mark.parametrize("rank_on", ["depth", "log_depth", "inverse_depth"])
    def test_agreeing_with_the_prior_costs_less_than_contradicting_it(self, rank_on):
        options = OrdinalOptions(local_part=1.0, rank_on=rank_on)
        prior = self.smooth()
        agreeing, contradicting = (self.loss(s, prior, options) for s in (prior, prior.flip(-1)))
        assert agreeing < contradicting

    @pytest.mark.parametrize("rank_on", ["depth", "log_depth", "inverse_depth"])
    def test_descent_moves_depth_towards_the_priors_order(self, rank_on):
        student = torch.full((3, 1, HEIGHT, WIDTH), 0.1, requires_grad=True)
        self.loss(student, self.smooth(), OrdinalOptions(local_part=1.0, rank_on=rank_on)).backward()
        assert student.grad is not None
        # Descent: inverse depth grows where the gradient is negative, so left must become nearer.
        left, right = student.grad[..., : WIDTH // 4].sum(), student.grad[..., -WIDTH // 4 :].sum()
        assert left < 0 < right

    def test_steepness_leaves_pairs_in_order_alone_and_still_pulls_wrong_ones(self):
        prior = self.smooth()
        pulls = {}
        for steepness in (1.0, 20.0):
            options = OrdinalOptions(local_part=1.0, rank_on="log_depth", steepness=steepness)
            for name, start in (("right", prior), ("wrong", prior.flip(-1))):
                student = start.clone().requires_grad_()
                self.loss(student, prior, options).backward()
                assert student.grad is not None
                pulls[name, steepness] = (student.grad * student.detach()).abs().sum().item()
        assert pulls["right", 20.0] < 0.25 * pulls["right", 1.0]
        assert pulls["wrong", 20.0] > pulls["wrong", 1.0]

    def test_pixels_that_the_prior_puts_infinitely_far_may_be_left_out(self):
        prior = self.smooth()
        prior[..., WIDTH // 2 :] = 0.0
        for least, pulled in ((0.0, True), (0.01, False)):
            student = torch.full((3, 1, HEIGHT, WIDTH), 0.1, requires_grad=True)
            options = OrdinalOptions(local_part=1.0, global_part=0.5, window=1, least_prior=least)
            self.loss(student, prior, options).backward()
            assert student.grad is not None
            assert bool(student.grad[..., WIDTH // 2 :].abs().max() > 0) is pulled
            assert student.grad[..., : WIDTH // 2].abs().max() > 0

    def test_equals_a_loop_over_pairs(self):
        student, teacher, prior = inverse_depth(0), inverse_depth(1), inverse_depth(2)
        options = OrdinalOptions()
        uncertain = uncertain_pixels(discrepancy(student, teacher))
        generator = make_generator(4)
        kinds = [sample(uncertain, options, generator) for sample in (sample_local, sample_global)]
        padded = torch.zeros(3, HEIGHT + 4, WIDTH + 4)
        padded[:, 2:-2, 2:-2] = 1 / student[:, 0]
        terms: list[list[float]] = [[], []]
        for kind, pairs in enumerate(kinds):
            for row in range(3):
                for a, b in zip(pairs.a[row].tolist(), pairs.b[row].tolist(), strict=True):
                    p_a, p_b = (prior[row, 0, i // WIDTH, i % WIDTH].item() for i in (a, b))
                    order = -1 if p_a / p_b >= 1.15 else 1 if p_b / p_a > 1.15 else 0
                    z_a, z_b = (
                        padded[row, i // WIDTH : i // WIDTH + 5, i % WIDTH : i % WIDTH + 5].mean().item()
                        for i in (a, b)
                    )
                    if order:
                        terms[kind].append(math.log1p(math.exp(-order * (z_a - z_b))))
        means = [sum(values) / len(values) for values in terms]
        pooled = sum(map(sum, terms)) / sum(map(len, terms))
        found = mean_ranking(student, teacher, prior, options, make_generator(4))
        assert found.item() == pytest.approx(sum(means), rel=1e-4)
        published = mean_ranking(student, teacher, prior, OrdinalOptions.published(), make_generator(4))
        assert published.item() == pytest.approx(pooled, rel=1e-4)

    def test_a_student_that_diverged_has_a_loss_that_is_no_number(self):
        """Which the training loop reports in one line; an error from the sampling it would not understand."""
        student = inverse_depth(0)
        student[1] = math.nan
        assert math.isnan(self.loss(student, inverse_depth(2)).item())

    def test_kinds_of_pairs_alone(self):
        """Local pairs are drawn first, so that they are the same alone and with global ones."""
        student, prior, options = inverse_depth(0), inverse_depth(2), OrdinalOptions()
        alone = {
            kind: self.loss(student, prior, options.model_copy(update={"pairs": kind}))
            for kind in ("both", "local", "global")
        }
        generator = make_generator(0)
        sample_local(uncertain_pixels(discrepancy(student, inverse_depth(1))), options, generator)
        only_global = options.model_copy(update={"pairs": "global"})
        after_local = mean_ranking(student, inverse_depth(1), prior, only_global, generator)
        torch.testing.assert_close(alone["both"], alone["local"] + after_local)
        assert alone["local"] > 0 and alone["global"] > 0 and alone["local"] != alone["global"]

    def test_the_window_averages_what_it_is_on(self):
        """Averaging by hand what an option averages gives the same loss on single pixels."""
        student, prior = inverse_depth(0), inverse_depth(2)
        pixel = OrdinalOptions(rank_on="inverse_depth", pairs="global", window=1, global_part=0.5)
        mean_student, mean_prior = window_mean(student, 5), window_mean(prior, 5)
        by_hand = {
            "prediction": self.loss(mean_student, prior, pixel),
            "prior": self.loss(student, mean_prior, pixel),
            "both": self.loss(mean_student, mean_prior, pixel),
        }
        for window_on, expected in by_hand.items():
            options = pixel.model_copy(update={"window": 5, "window_on": window_on})
            torch.testing.assert_close(self.loss(student, prior, options), expected)
        assert len({round(loss.item(), 6) for loss in by_hand.values()}) == 3

    @pytest.mark.parametrize("pooled", [False, True])
    def test_a_prior_without_order_costs_nothing(self, pooled):
        student = inverse_depth(0).requires_grad_()
        loss = self.loss(student, torch.ones(3, 1, HEIGHT, WIDTH), OrdinalOptions(pooled=pooled))
        loss.backward()
        assert loss == 0
        assert student.grad is not None and student.grad.abs().max() == 0


@pytest.mark.parametrize("wrong", [{"local_part": 1.5}, {"uncertain_quantile": 1.0}, {"rank_on": "dpeth"}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        OrdinalOptions(**wrong)
