"""The parts of the adaptation on batches: slow teacher, two views, anchor, what is learnt from."""

import pytest
import torch
from torch import nn

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import PRIOR
from acdepth.data.adverse import AdaptBatch
from acdepth.data.augment import AugmentSettings
from acdepth.engine import LoopSettings
from acdepth.inference.output import fuse_flipped
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.settings import AdaptConfig, ViewSettings
from acdepth.student.adapt.task import AdaptTask
from acdepth.student.adapt.views import cover_patches, restyle_translations, restyled, two_views
from acdepth.student.task import StudentTask

TINY = DepthNetConfig(width=8)
PLAIN = AugmentSettings(jitter=0.0, hue=0.0, noise_probability=0.0)
CONFIG = AdaptConfig(momentum=0.5, loop=LoopSettings(steps=10, batch_size=2))


def network(seed: int) -> DepthNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return DepthNet(TINY, 15.0)


@pytest.fixture(scope="module")
def prior() -> DepthAnythingPrior:
    return DepthAnythingPrior.from_pretrained(PRIOR)


def task(prior: DepthAnythingPrior, **values: object) -> AdaptTask:
    return AdaptTask(CONFIG.model_copy(update=values), network(0), network(1), prior)


def batch() -> AdaptBatch:
    clear, mixed, adverse = torch.rand(3, 2, 3, 64, 64, generator=make_generator(3))
    conditions = torch.tensor([Condition.CLEAR.index, Condition.NIGHT.index])
    return AdaptBatch(clear, mixed, conditions, adverse, conditions)


class TestSlowTeacher:
    def test_it_follows_the_student(self, prior):
        adapting = task(prior, momentum=0.75)
        weight = adapting.student.decoder.heads[0].weight
        with torch.no_grad():
            adapting.slow.values()["decoder.heads.0.weight"].fill_(1.0)
            weight.fill_(3.0)
        for expected in (1.5, 1.875):  # 0.75 * 1 + 0.25 * 3; 0.75 * 1.5 + 0.25 * 3
            adapting.slow.follow()
            assert (adapting.slow.values()["decoder.heads.0.weight"] == expected).all()
        assert (weight == 3).all()

    def test_it_answers_as_the_student_it_started_from_whatever_that_learns(self, prior):
        adapting = task(prior)
        images = torch.rand(2, 3, 64, 64, generator=make_generator(0))
        night = torch.tensor([False, True])
        expected = network(0).eval()(images, night).inverse_depths[0]
        for parameter in adapting.student.parameters():
            parameter.data.add_(0.1)
        assert torch.equal(adapting.both_ways(images, night)[0], expected)
        assert not torch.equal(adapting.student(images, night).inverse_depths[0], expected)
        assert not list(adapting.slow.parameters())
        held = {name for name, _ in adapting.student.named_parameters()}
        assert set(adapting.slow.values()) == held  # buffers, so that a run's state has all of it

    def test_both_ways_are_pixel_on_pixel(self, prior):
        adapting = task(prior)
        images, night = torch.rand(1, 3, 64, 64, generator=make_generator(0)), torch.tensor([False])
        straight, mirrored = adapting.both_ways(images, night)
        turned_mirrored, turned_straight = adapting.both_ways(images.flip(-1), night)
        assert torch.equal(turned_straight.flip(-1), straight)
        assert torch.equal(turned_mirrored.flip(-1), mirrored)


class TestViews:
    def test_no_view_moves_a_pixel(self):
        """A bright column stays where it is, whatever is done to colours."""
        images = torch.full((8, 3, 64, 64), 0.2)
        images[..., 20:24] = 0.9
        views = two_views(images, make_generator(0), ViewSettings(patches=0))
        for view in views:
            inside, outside = view[..., 20:24].mean((1, 2, 3)), view[..., 28:].mean((1, 2, 3))
            left = view[..., :16].mean((1, 2, 3))
            assert (inside > outside + 0.2).all() and (inside > left + 0.2).all()
            assert (view.mean((1, 2)).argmax(-1) // 4 == 5).all()

    def test_the_strong_view_is_farther_from_the_frame_than_the_weak_one(self):
        images = torch.rand(16, 3, 64, 64, generator=make_generator(0))
        weak, strong = (
            (view - images).abs().mean() for view in two_views(images, make_generator(1), ViewSettings())
        )
        assert strong > 3 * weak > 0

    def test_patches_cover_their_part_with_the_mean_colour_and_leave_the_rest(self):
        images = torch.rand(6, 3, 64, 64, generator=make_generator(0))
        covered = cover_patches(images, make_generator(1), 1, 0.25)
        mean = images.mean((2, 3), keepdim=True).expand_as(images)
        hidden = (covered == mean).all(1)
        assert (hidden.flatten(1).sum(1) == 32 * 32).all()
        keep = ~hidden[:, None].expand_as(images)
        assert torch.equal(covered[keep], images[keep])
        assert torch.equal(cover_patches(images, make_generator(1), 0, 0.25), images)


class TestRestyled:
    def test_values_change_by_rank(self):
        """Four tones of an image become the four of another; where they are stays."""
        image = torch.tensor([0.1, 0.4, 0.2, 0.3]).view(1, 1, 2, 2).repeat(1, 3, 1, 1)
        like = torch.tensor([0.9, 0.5, 0.6, 0.7]).view(1, 1, 2, 2).repeat(1, 3, 1, 1)
        expected = torch.tensor([0.5, 0.9, 0.6, 0.7]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
        torch.testing.assert_close(restyled(image, like), expected, rtol=0, atol=0.01)

    def test_tones_of_its_own_change_nothing_and_equal_values_stay_equal(self):
        images = torch.rand(2, 3, 32, 32, generator=make_generator(0)).mul(4).round() / 4
        torch.testing.assert_close(restyled(images, images), images)
        other = torch.rand(2, 3, 32, 32, generator=make_generator(1)) ** 3
        changed = restyled(images, other)
        for value in images.unique():
            assert (changed[0, 0][images[0, 0] == value]).unique().numel() == 1
        torch.testing.assert_close(
            restyled(torch.rand_like(other), other).mean(), other.mean(), rtol=0.05, atol=0
        )

    def test_translations_take_the_tones_of_their_own_condition_alone(self):
        """Rows: clear, night, rain; the adverse frames are of the night, a dark one and a black one."""
        one = torch.rand(3, 3, 64, 64, generator=make_generator(0))
        night, rain = Condition.NIGHT.index, Condition.RAIN.index
        dark = torch.stack([one[0] / 2, one[0] * 0])
        conditions = torch.tensor([Condition.CLEAR.index, night, rain])
        given = AdaptBatch(one, one, conditions, dark, torch.tensor([night, night]))
        changed = restyle_translations(given, make_generator(0), 1.0)
        assert torch.equal(changed.mixed[[0, 2]], one[[0, 2]]) and torch.equal(changed.clear, one)
        assert changed.mixed[1].max() <= 0.5 < one[1].max()
        assert torch.equal(restyle_translations(given, make_generator(0), 0.0).mixed, one)


class TestTask:
    def test_the_anchor_is_the_students_loss(self, prior):
        adapting = task(prior, ordinal_weight=0.1, restyled=0.0).eval()
        student = StudentTask(
            CONFIG.model_copy(update={"ordinal_weight": 0.1}).anchor, network(0), network(1), prior
        ).eval()
        anchor = student(batch(), make_generator(0), 0.0)
        terms = adapting(batch(), make_generator(0), 0.0)
        assert set(anchor) == {"distillation", "ordinal", "consistency"}
        assert all(torch.equal(terms[name], anchor[name]) for name in anchor)
        assert set(terms) - set(anchor) == {"guided", "adverse_ordinal"}

    def test_weights_multiply_their_terms(self, prior):
        plain = task(prior)(batch(), make_generator(0), 0.0)
        doubled = task(prior, guidance_weight=2.0, adverse_ordinal_weight=0.2)(
            batch(), make_generator(0), 0.0
        )
        for name, factor in (("distillation", 1), ("guided", 2), ("adverse_ordinal", 2)):
            assert plain[name] > 0
            torch.testing.assert_close(doubled[name], factor * plain[name])

    def test_guidance_is_the_distance_to_both_ways_fused_where_they_agree(self, prior):
        """Without changes of colour, and at first, the student says what the average says of the frame."""
        same = ViewSettings(weak=PLAIN, strong=PLAIN, patches=0)
        adapting = task(prior, views=same, most_disagreement=0.01).eval()
        one = batch()
        images = one.adverse
        straight, mirrored = (
            network(0).eval()(view).inverse_depths[0].detach().double() for view in (images, images.flip(-1))
        )
        mirrored = mirrored.flip(-1)
        certain = (straight / mirrored).log().abs() <= 0.01
        assert 0 < certain.float().mean() < 1
        distance = (straight / fuse_flipped(straight, mirrored)).log().abs()
        guided = adapting(one, make_generator(0), 0.0)["guided"].double()
        torch.testing.assert_close(guided, distance[certain].mean(), rtol=1e-4, atol=1e-6)

    def test_pixels_that_the_average_doubts_teach_nothing(self, prior):
        assert task(prior, most_disagreement=1e-12)(batch(), make_generator(0), 0.0)["guided"] == 0

    def test_the_slow_teacher_follows_once_a_step_however_many_passes(self, prior):
        for accumulate in (1, 4):
            loop = CONFIG.loop.model_copy(update={"accumulate": accumulate})
            adapting = task(prior, loop=loop)
            with torch.no_grad():
                adapting.student.decoder.heads[0].bias.fill_(2.0)
                adapting.slow.values()["decoder.heads.0.bias"].fill_(0.0)
            for _ in range(accumulate):
                adapting(batch(), make_generator(0), 0.0)
            torch.testing.assert_close(adapting.slow.values()["decoder.heads.0.bias"], torch.tensor([1.0]))

    def test_statistics_stay_and_the_student_alone_learns(self, prior):
        adapting = task(prior).train()
        norms = [module for module in adapting.student.modules() if isinstance(module, nn.BatchNorm2d)]
        before = [norm.running_mean.clone() for norm in norms]
        torch.stack([*adapting(batch(), make_generator(0), 0.0).values()]).sum().backward()
        assert all(torch.equal(norm.running_mean, mean) for norm, mean in zip(norms, before, strict=True))
        assert all(parameter.grad is not None for parameter in adapting.parameters())
        assert {name.split(".student.")[0] for name, _ in adapting.named_parameters()} == {"anchor"}
