import math

import pytest
import torch
from pydantic import ValidationError

from acdepth.core.seeding import make_generator
from acdepth.student.ordinal import (
    Pairs,
    agreed_labels,
    discrepancy,
    order_labels,
    ordinal_loss,
    ranking_terms,
    sample_global,
    sample_global_in_rows,
    sample_local,
    sample_local_from_part,
    sample_pairs,
    uncertain_pixels,
    upper_quantile,
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

    def test_what_does_not_count_is_never_uncertain_and_decides_no_quantile_or_range(self):
        student, teacher = inverse_depth(0), inverse_depth(1)
        counted = torch.rand(student.shape, generator=make_generator(2)) < 0.5
        counted[2] = True
        student, teacher = (torch.where(counted, one, 1e3 * (1 + one)) for one in (student, teacher))
        apart = discrepancy(student, teacher, "inverse_depth", counted)
        uncertain = uncertain_pixels(apart, 0.9, counted)
        for row in range(3):
            ours, theirs = (one[row][counted[row]] for one in (student, teacher))
            ours, theirs = ((one - one.min()) / (one.max() - one.min()) for one in (ours, theirs))
            expected = (ours - theirs).abs() / (ours + theirs).clamp(min=1e-6)
            torch.testing.assert_close(apart[row][counted[row]], expected)
            torch.testing.assert_close(uncertain[row][counted[row]], expected >= expected.quantile(0.9))
            assert not uncertain[row][~counted[row]].any()

    def test_a_flat_map_on_inverse_depth_differs_nowhere(self):
        flat = torch.full((1, 1, 2, 2), 0.1)
        assert discrepancy(flat, flat, "inverse_depth").abs().max() == 0

    @pytest.mark.parametrize("quantile", [0.05, 0.5, 0.95, 0.9999])
    def test_the_quantile_is_torchs(self, quantile):
        values = torch.rand(3, PIXELS, generator=make_generator(0))
        values[1] = (8 * values[1]).round()  # many equal ones
        expected = torch.quantile(values, quantile, dim=1)
        assert torch.equal(upper_quantile(values, quantile), expected)
        values[2, 7] = torch.nan
        assert upper_quantile(values, quantile).isnan().tolist() == [False, False, True]


class TestSampling:
    options = OrdinalOptions(local_part=0.5)

    def test_each_pixel_of_a_mask_is_as_likely_as_another(self):
        among = torch.rand(1, 1, HEIGHT, WIDTH, generator=make_generator(1)) < 0.01
        uncertain = torch.cat([among, ~among])
        options = OrdinalOptions(local_part=1.0, uncertain_quantile=0.01)
        drawn = sample_local(uncertain, options, make_generator(0)).a
        assert drawn.shape[1] == round(0.99 * PIXELS)
        for chosen, mask in zip(drawn, uncertain.flatten(1), strict=True):
            counts = torch.bincount(chosen, minlength=PIXELS)
            assert not counts[~mask].any()
            mean = drawn.shape[1] / int(mask.sum())
            assert float(counts[mask].float().var()) == pytest.approx(mean, rel=0.6)

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

    def test_published_global_pairs_are_a_few_rows_apart(self):
        """At 320x576 by 5.8 on average, and by 106 if drawn uniformly."""
        large, apart = torch.zeros(2, 1, 320, 576, dtype=torch.bool), {}
        for sample in (sample_global, sample_global_in_rows):
            drawn = [sample(large, OrdinalOptions(), make_generator(seed)) for seed in range(30)]
            rows = [(pairs.a // 576 - pairs.b // 576).abs().float().mean().item() for pairs in drawn]
            apart[sample] = sum(rows) / len(rows)
        assert apart[sample_global] == pytest.approx(106.7, abs=1.5)
        assert apart[sample_global_in_rows] == pytest.approx(5.8, abs=1.0)

    def test_published_global_pairs_read_two_masks_in_row_order_and_are_the_same_in_each_image(self):
        uncertain = torch.zeros(3, 1, HEIGHT, WIDTH, dtype=torch.bool)
        pairs = sample_global_in_rows(uncertain, OrdinalOptions(global_part=0.1), make_generator(5))
        draws = make_generator(5)
        masks = [torch.rand(PIXELS, generator=draws) < 0.1 for _ in "ab"]
        first, second = ([i for i in range(PIXELS) if mask[i]] for mask in masks)
        slow = list(zip(first, second, strict=False))  # the longer one is cut
        assert len(first) != len(second)
        for row in range(3):
            assert list(zip(pairs.a[row].tolist(), pairs.b[row].tolist(), strict=True)) == slow

    def test_published_local_pairs_are_not_the_same_number_in_each_image(self):
        uncertain = uncertain_pixels(discrepancy(inverse_depth(0), inverse_depth(1)))
        options = OrdinalOptions(local_part=0.2)
        flat, seen = uncertain.flatten(1), {}
        for sample in (sample_local, sample_local_from_part):
            drawn = [sample(uncertain, options, make_generator(seed)) for seed in range(40)]
            real = [(one, one.a != one.b) for one in drawn]
            assert all(flat.gather(1, one.a)[there].all() for one, there in real)
            counts = torch.cat([there.sum(1) for _, there in real]).float()
            assert counts.mean().item() == pytest.approx(0.05 * PIXELS * 0.2, rel=0.1)
            seen[sample] = counts.std() > 0
        assert seen == {sample_local: False, sample_local_from_part: True}

    @pytest.mark.parametrize("local_part", [0.05, 0.01])
    def test_published_partners_come_from_a_twentieth_of_what_was_not_sampled(self, local_part):
        """Whatever part is sampled of the uncertain pixels; here they are half of the image."""
        uncertain = (torch.arange(PIXELS) < PIXELS // 2).view(1, 1, HEIGHT, WIDTH)
        options = OrdinalOptions(local_part=local_part)
        pairs = sample_local_from_part(uncertain, options, make_generator(0))
        draws = make_generator(0)
        sampled, lots = (torch.rand(PIXELS, generator=draws) for _ in "ab")
        first = [i for i in range(PIXELS // 2) if sampled[i] < local_part]
        rest = [i for i in range(PIXELS) if i not in first and lots[i] < 0.05]
        partners = [rest[k] for k in torch.randint(len(rest), (len(first),), generator=draws)]
        assert (pairs.a[0].tolist(), pairs.b[0].tolist()) == (first, partners)
        assert min(partners) < PIXELS // 2 <= max(partners)

    def test_published_pairs_of_an_image_without_any_are_none(self):
        options = OrdinalOptions(sampling="published", local_part=0.0, global_part=0.0)
        student = inverse_depth(0)
        kinds = sample_pairs(student, inverse_depth(1), options, make_generator(0))
        assert not any((pairs.a != pairs.b).any() for pairs in kinds)
        rankings = ordinal_loss(student, inverse_depth(2), kinds, options)
        assert all(not ranking.ordered.any() and ranking.loss.sum() == 0 for ranking in rankings)

    def test_an_image_without_disagreement_can_be_sampled(self):
        student = inverse_depth(0)
        teacher = torch.cat([student[:1], inverse_depth(1)[1:]])
        uncertain = uncertain_pixels(discrepancy(student, teacher))
        assert uncertain[0].all() and not uncertain[1].all()
        pairs = self.pairs(uncertain)
        assert not uncertain.flatten(1)[1:].gather(1, pairs.b[1:]).any()
        assert len(pairs.b[0].unique()) > 0.9 * pairs.b.shape[1]  # any pixel is a partner

    def test_an_image_that_is_uncertain_nowhere_is_sampled_everywhere(self):
        uncertain = uncertain_pixels(discrepancy(inverse_depth(0), inverse_depth(1)))
        uncertain[0] = False
        pairs = self.pairs(uncertain)
        assert all(len(chosen[0].unique()) > 0.9 * pairs.a.shape[1] for chosen in pairs)
        assert uncertain.flatten(1)[1:].gather(1, pairs.a[1:]).all()

    def test_there_is_at_least_one_pair(self):
        uncertain = torch.zeros(2, 1, 2, 2, dtype=torch.bool)
        options = OrdinalOptions(local_part=0.0, global_part=0.0)
        for sample in (sample_local, sample_global):
            assert sample(uncertain, options, make_generator(0)).a.shape == (2, 1)


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

    def test_a_second_opinion_keeps_the_labels_it_shares(self):
        pairs = Pairs(torch.tensor([[0, 0, 1, 2]]), torch.tensor([[1, 2, 2, 2]]))
        witness = torch.tensor([[0.3, 0.2, 0.1]])  # the first is the nearest, by however little
        found = agreed_labels(torch.tensor([[-1.0, 1.0, -1.0, 1.0]]), witness, pairs)
        assert found.tolist() == [[-1.0, 0.0, -1.0, 0.0]]

    def test_large_differences_stay_finite(self):
        found = ranking_terms(torch.tensor([500.0]), torch.tensor([0.0]), torch.tensor([-1.0]))
        assert found.item() == pytest.approx(500.0)

    @pytest.mark.parametrize("zeros", [True, False])
    @pytest.mark.parametrize("side", [3, 5])
    def test_the_mean_of_windows_and_its_gradient_equal_pooling(self, side, zeros):
        values = inverse_depth(0).double().requires_grad_()
        twin = values.detach().clone().requires_grad_()
        expected = torch.nn.functional.avg_pool2d(twin, side, 1, side // 2, count_include_pad=zeros)
        found, weights = window_mean(values, side, zeros), inverse_depth(1).double()
        torch.testing.assert_close(found, expected)
        for one in (found, expected):
            (one * weights).sum().backward()
        torch.testing.assert_close(values.grad, twin.grad)

    def test_window_counts_zeros_beyond_the_border(self):
        found = window_mean(torch.ones(1, 1, 6, 6), 5)[0, 0]
        assert found[2, 2] == 1
        assert found[0, 0].item() == pytest.approx(9 / 25)
        assert torch.equal(window_mean(torch.ones(1, 1, 6, 6), 5, zeros_beyond=False), torch.ones(1, 1, 6, 6))
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
        published = mean_ranking(student, teacher, prior, OrdinalOptions(pooled=True), make_generator(4))
        assert published.item() == pytest.approx(pooled, rel=1e-4)

    @pytest.mark.parametrize(
        ("rank_on", "flat"), [("depth", False), ("log_depth", True), ("inverse_depth", True)]
    )
    def test_a_flat_student_is_flat_up_to_the_border_unless_depth_is_ranked_as_published(self, rank_on, flat):
        """A pair of the border and the middle: beyond the border the published code has a depth of 0 m."""
        student, prior = torch.full((1, 1, HEIGHT, WIDTH), 0.05), torch.ones(1, 1, HEIGHT, WIDTH)
        prior[..., 0, 0] = 2.0
        pairs = Pairs(torch.tensor([[0]]), torch.tensor([[PIXELS // 2 + WIDTH // 2]]))
        (ranking,) = ordinal_loss(student, prior, [pairs], OrdinalOptions(rank_on=rank_on))
        # The corner's window has 9 of its 25 pixels inside: a depth of 20 m becomes 7.2 m, rightly nearer.
        expected = math.log(2) if flat else math.log1p(math.exp(20 * 9 / 25 - 20))
        assert ranking.loss.item() == pytest.approx(expected, rel=1e-4)

    def test_a_pixel_has_no_order_with_itself(self):
        """Which fills up the images that have fewer pairs."""
        student, itself = inverse_depth(0), Pairs(*(torch.zeros(3, 4, dtype=torch.long) for _ in "ab"))
        (ranking,) = ordinal_loss(student, inverse_depth(2), [itself], OrdinalOptions(margin=0.0))
        assert not ranking.ordered.any() and ranking.loss.sum() == 0

    def test_pairs_whose_windows_reach_what_does_not_count_have_no_order(self):
        student, prior = torch.full((1, 1, 5, 9), 0.05), torch.linspace(1, 0.2, 9).repeat(1, 1, 5, 1)
        counted = torch.ones(1, 1, 5, 9, dtype=torch.bool)
        counted[..., 0] = False  # the nearest of the prior, so that only the rest says what is far
        # Of the third row: beside what does not count, of what is far enough, and of what is too far.
        pairs = Pairs(torch.tensor([[18, 19, 20, 20, 20]]), torch.tensor([[24, 24, 24, 19, 25]]))
        options = OrdinalOptions(window=3, least_prior=0.42)  # of 0.9, not of 1: the seventh column has 0.4
        for witness, shared in ((None, True), (prior, True), (prior.flip(-1), False)):
            (ranking,) = ordinal_loss(student, prior, [pairs], options, witness, counted)
            assert ranking.ordered.tolist() == [[False, False, shared, False, False]]
            assert ranking.loss.bool().tolist() == ranking.ordered.tolist()

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
        mean_student, mean_prior = (window_mean(one, 5, zeros_beyond=False) for one in (student, prior))
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
