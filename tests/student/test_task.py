"""The student's terms on batches: what weighs, when, and what is left alone."""

import pytest
import torch

from acdepth.core.batches import MixBatch
from acdepth.core.condition import Condition
from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import PRIOR
from acdepth.engine import LoopSettings
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.settings import OrdinalOptions, StudentConfig
from acdepth.student.task import StudentTask

TINY = DepthNetConfig(width=8)
CONFIG = StudentConfig(consistency_start=0.5)


def network(seed: int) -> DepthNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return DepthNet(TINY, 15.0)


def task(**values: object) -> StudentTask:
    config = CONFIG.model_copy(update=values)
    prior = DepthAnythingPrior.from_pretrained(PRIOR) if config.ordinal_weight > 0 else None
    return StudentTask(config, network(0), network(1), prior)


def batch() -> MixBatch:
    images = torch.rand(2, 2, 3, 64, 64, generator=make_generator(3))
    return MixBatch(images[0], images[1], torch.tensor([Condition.CLEAR.index, Condition.NIGHT.index]))


def terms(progress: float = 1.0, **values: object) -> dict[str, torch.Tensor]:
    return task(**values)(batch(), make_generator(0), progress)


def test_weights_multiply_their_terms():
    plain, doubled = terms(), terms(ordinal_weight=0.02, consistency_weight=0.04)
    assert set(plain) == {"distillation", "ordinal", "consistency"} and all(v > 0 for v in plain.values())
    torch.testing.assert_close(doubled["distillation"], plain["distillation"])
    torch.testing.assert_close(doubled["ordinal"], 2 * plain["ordinal"])
    torch.testing.assert_close(doubled["consistency"], 2 * plain["consistency"])


def test_without_weight_a_term_is_left_out_and_no_prior_is_needed():
    assert set(terms(ordinal_weight=0.0, consistency_weight=0.0)) == {"distillation"}


@pytest.mark.parametrize(("epoch", "paper", "published"), [(14, 0, 0), (15, 1, 0), (16, 1, 1)])
def test_the_published_consistency_begins_an_epoch_later(epoch, paper, published):
    """Its epochs count from 0, and L_c is there in those that exceed 15: RobotCar's, that exceed 5."""
    for config, first in ((StudentConfig(), 0), (StudentConfig(consistency_start=0.2), 10)):
        started = [one.consistency_start <= (epoch - first) / 25 for one in (config, config.published())]
        assert started == [paper, published]


@pytest.mark.parametrize(("progress", "there"), [(0.0, False), (0.49, False), (0.5, True)])
def test_consistency_begins_after_its_part_of_the_run(progress, there):
    assert ("consistency" in terms(progress)) is there


def test_a_network_that_is_told_the_condition_is_told_it_in_training():
    """The published code's oracle; night images of one batch, normalised as such."""
    night = DepthNetConfig(width=8, night_mean=(0.1, 0.1, 0.1), night_std=(0.1, 0.1, 0.1))
    told = StudentTask(CONFIG.model_copy(update={"ordinal_weight": 0.0}), DepthNet(night), network(1), None)
    seen = []
    told.student.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    told.student.load_state_dict(network(0).state_dict())
    label_free = task(ordinal_weight=0.0)
    label_free.student.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for one in (told, label_free):
        one(batch(), make_generator(0), 0.0)
    assert torch.equal(seen[0][0], seen[1][0]) and not torch.equal(seen[0][1], seen[1][1])


def test_gradients_reach_the_student_alone():
    learning = task()
    torch.stack([*learning(batch(), make_generator(0), 1.0).values()]).sum().backward()
    assert all(parameter.grad is not None for parameter in learning.parameters())
    assert {name.split(".")[0] for name, _ in learning.named_parameters()} == {"student"}
    teacher, _ = learning.teachers
    assert teacher is not None and all(parameter.grad is None for parameter in teacher.parameters())


@pytest.mark.parametrize(("mode", "moves"), [("eval", False), ("train", True)])
def test_the_published_teacher_keeps_updating_its_statistics(mode, moves):
    learning = task(teacher_batch_norm=mode)
    teacher, _ = learning.teachers
    assert teacher is not None
    before = teacher.encoder.bn1.running_mean.clone()
    learning(batch(), make_generator(0), 0.0)
    assert bool((teacher.encoder.bn1.running_mean != before).any()) is moves


def test_looking_at_the_clear_image_leaves_the_students_statistics_alone():
    assert torch.equal(running_mean(consistency_weight=0.0), running_mean())


def test_the_published_look_at_the_clear_image_updates_them_too():
    learning = task(consistency_weight=0.0)
    learning.train()
    learning(batch(), make_generator(0), 1.0)
    learning.student.features(batch().clear)
    assert torch.equal(
        running_mean(consistency_batch_norm="update"), learning.student.encoder.bn1.running_mean
    )
    assert not torch.equal(running_mean(consistency_batch_norm="update"), running_mean())


def test_normalisation_at_rest_stays_as_it_starts() -> None:
    learning = task(batch_norm="eval")
    before = learning.student.encoder.bn1.running_mean.clone()
    assert torch.equal(running_mean(batch_norm="eval"), before)
    assert not torch.equal(running_mean(), before)


def running_mean(**values: object) -> torch.Tensor:
    """Of the student's first BatchNorm, after one step with L_c."""
    learning = task(**values)
    learning.train()
    learning(batch(), make_generator(0), 1.0)
    return learning.student.encoder.bn1.running_mean


def test_the_published_preset_changes_what_the_published_code_does():
    published = StudentConfig().published()
    found = Identity.of(published).changes(Identity.of(StudentConfig()).values)
    assert found == {
        "augmentation.noise": "per image → published",
        "augmentation.noise_first": "false → true",
        "consistency_batch_norm": "keep → update",
        "consistency_start": "0.6 → 0.64",
        "loop.precision": "auto → fp32",
        "ordinal.pooled": "false → true",
        "ordinal.sampling": "uniform → published",
        "prior_normalisation": "own → student",
        "prior_size": "own → [322, 574]",
        "mirrored": "samples → batches",
        "scene_ends": "true → false",
        "teacher_batch_norm": "eval → train",
        "teacher_normalisation": "own → student",
    }
    assert published.ordinal == OrdinalOptions().published()


def test_the_published_preset_takes_gradients_whole():
    clipped = StudentConfig(loop=LoopSettings(steps=1, gradient_clip=1.0))
    assert clipped.published().loop.gradient_clip is None
