"""Losses and their gradients stay finite on whatever a camera may show and a network may say.

Black and white images, a horizon without texture, depths at the ends of their range, a prior that puts
everything infinitely far, batches without uncertain pixel, valid pair, known motion or degraded sample.
"""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.seeding import make_generator
from acdepth.geometry.motion import pose_matrix, velocity_loss, with_length
from acdepth.prior.losses import gradient_matching_loss, scale_shift_invariant_loss
from acdepth.student.losses import expected_error_loss
from acdepth.student.settings import OrdinalOptions
from acdepth.student.task import mean_consistency, mean_distillation, mean_ranking
from acdepth.teacher.losses import pull_loss
from acdepth.teacher.road import road_error
from acdepth.teacher.task import mean_photometric, mean_smoothness
from acdepth.translator.losses import adversarial_loss, depth_consistency_loss, perceptual_loss

B, H, W = 2, 32, 40
FARTHEST, NEAREST = 1 / 300, 1 / 0.1
"""Inverse depths that a network can say [1/m]."""

MAPS = st.sampled_from(["far", "near", "road", "noise", "steps", "one pixel"])
IMAGES = st.sampled_from(["black", "white", "noise", "sky", "checks"])
COUNTED = st.sampled_from(["all", "none", "half", None])
SEEDS = st.integers(0, 2**16)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def inverse_depth(kind: str, seed: int) -> Tensor:
    found = torch.full((B, 1, H, W), NEAREST if kind == "near" else FARTHEST)
    if kind == "road":
        found += torch.linspace(0, 0.5, H)[:, None]
    elif kind == "noise":
        found = torch.rand(B, 1, H, W, generator=make_generator(seed)) * (NEAREST - FARTHEST) + FARTHEST
    elif kind == "steps":
        found[..., ::2] = NEAREST
    elif kind == "one pixel":
        found[..., 3, 3] = NEAREST
    return found.requires_grad_()


def picture(kind: str, seed: int, count: int = B) -> Tensor:
    found = torch.zeros(count, 3, H, W)
    if kind == "white":
        found += 1
    elif kind == "noise":
        found = torch.rand(count, 3, H, W, generator=make_generator(seed))
    elif kind == "sky":  # nothing to see down to the horizon
        found[..., : H // 2, :] = 0.8
        found[..., H // 2 :, :] = torch.rand(H - H // 2, W, generator=make_generator(seed))
    elif kind == "checks":
        found[..., ::2, ::2] = 1
    return found


def mask(kind: str | None) -> Tensor | None:
    if kind is None:
        return None
    found = torch.zeros(B, 1, H, W, dtype=torch.bool)
    found[..., : {"all": W, "none": 0, "half": W // 2}[kind]] = True
    return found


def four_scales(full: Tensor) -> list[Tensor]:
    return [full, *(torch.nn.functional.avg_pool2d(full, 2**level) for level in (1, 2, 3))]


def check(loss: Tensor, learning: Sequence[Tensor]) -> None:
    assert loss.isfinite().all()
    if loss.requires_grad:
        for gradient in torch.autograd.grad(loss.sum(), learning, allow_unused=True):
            assert gradient is None or gradient.isfinite().all()


@quick
@given(MAPS, MAPS, COUNTED, st.sampled_from(["relative", "log"]), SEEDS)
def test_distillation(student, teacher, counted, error, seed):
    ours, theirs = inverse_depth(student, seed), inverse_depth(teacher, seed + 1).detach()
    check(mean_distillation(four_scales(ours), four_scales(theirs), error, mask(counted)), [ours])
    check(pull_loss(ours, theirs), [ours])


@quick
@given(
    MAPS,
    st.one_of(MAPS, st.just("same")),
    st.sampled_from(["zero", "flat", "noise", "sky"]),
    COUNTED,
    st.sampled_from(["depth", "log_depth", "inverse_depth"]),
    st.sampled_from(["depth", "inverse_depth"]),
    st.sampled_from(["uniform", "published"]),
    st.booleans(),
    SEEDS,
)
def test_ordinal(student, teacher, prior, counted, rank_on, uncertainty_on, sampling, pooled, seed):
    ours = inverse_depth(student, seed)
    theirs = ours.detach() if teacher == "same" else inverse_depth(teacher, seed + 1).detach()
    told = torch.zeros(B, 1, H, W) if prior == "zero" else torch.ones(B, 1, H, W)
    if prior in ("noise", "sky"):
        told = torch.rand(B, 1, H, W, generator=make_generator(seed, "prior"))
        told[..., : H // 2 if prior == "sky" else 0, :] = 0
    options = OrdinalOptions(
        rank_on=rank_on, uncertainty_on=uncertainty_on, sampling=sampling, pooled=pooled, least_prior=0.01
    )
    loss = mean_ranking(ours, theirs, told, options, make_generator(seed), counted=mask(counted))
    check(loss, [ours])
    if prior in ("zero", "flat"):
        assert float(loss.detach()) == 0


@quick
@given(st.sampled_from(["none", "all", "one"]), COUNTED, st.booleans(), SEEDS)
def test_consistency(degraded, counted, with_teacher, seed):
    generator = make_generator(seed)
    mixed, clear, taught = (
        [torch.randn(B, 4, H // 2**level, W // 2**level, generator=generator) for level in (1, 2, 3)]
        for _ in range(3)
    )
    which = torch.tensor({"none": [False, False], "all": [True, True], "one": [True, False]}[degraded])
    mixed = [one.requires_grad_() for one in mixed]
    check(mean_consistency(mixed, clear, taught if with_teacher else [], which, mask(counted)), mixed)


@quick
@given(
    MAPS,
    IMAGES,
    st.one_of(IMAGES, st.just("same")),
    COUNTED,
    st.sampled_from(["still", "forward", "backward", "through the lens"]),
    st.booleans(),
    SEEDS,
)
def test_photometric_and_smoothness(depth, target, neighbour, counted, motion, automask, seed):
    ours = inverse_depth(depth, seed)
    image = picture(target, seed)
    other = image if neighbour == "same" else picture(neighbour, seed + 1)
    ahead = {"still": 0.0, "forward": 1.0, "backward": -1.0, "through the lens": -1 / NEAREST}[motion]
    vectors = torch.zeros(B, 2, 6)
    vectors[..., 2] = ahead
    vectors.requires_grad_()
    camera = torch.tensor([[30.0, 0, 19.5], [0, 30.0, 15.5], [0, 0, 1]]).expand(B, 3, 3)
    batch = TripletBatch(
        image,
        torch.stack([other, other], 1),
        camera,
        torch.full((B, 2), torch.nan),
        mask(counted),
        way=torch.tensor([[0.0, 0.0, 1.0], [torch.nan] * 3]),
    )
    check(mean_photometric(batch, four_scales(ours), pose_matrix(vectors), automask), [ours, vectors])
    check(mean_smoothness(four_scales(ours), image), [ours])
    check(road_error(batch, ours), [ours])


@quick
@given(st.sampled_from([0.0, 1e-8, 1.0]), st.sampled_from([0.0, 1.0, float("nan")]))
def test_length_of_motion(moved, known):
    vectors = torch.zeros(B, 2, 6)
    vectors[..., 2] = moved
    vectors.requires_grad_()
    distance = torch.full((B, 2), known)
    check(velocity_loss(pose_matrix(vectors), distance), [vectors])
    check(with_length(pose_matrix(vectors), distance), [vectors])


@quick
@given(MAPS, MAPS, COUNTED.filter(lambda kind: kind is not None), SEEDS)
def test_losses_without_scale_and_shift(ours, theirs, known, seed):
    said, wanted = inverse_depth(ours, seed), inverse_depth(theirs, seed + 1).detach()
    where = mask(known)
    assert where is not None
    check(scale_shift_invariant_loss(said, wanted, where), [said])
    check(gradient_matching_loss(said, wanted, where), [said])
    check(depth_consistency_loss(said, wanted), [said])


@pytest.mark.parametrize("kind", ["squares", "sigmoid"])
@pytest.mark.parametrize("score", [-1e4, 0.0, 1e4])
def test_adversary(kind, score):
    scores = torch.full((B, 1, 2, 2), score, requires_grad=True)
    for real in (True, False):
        check(adversarial_loss(scores, real, kind), [scores])


def test_features_that_are_all_zero():
    ours, theirs = torch.zeros(B, 6, 4, requires_grad=True), torch.zeros(B, 6, 4)
    check(perceptual_loss([ours], [theirs]), [ours])
    said = torch.zeros(3, requires_grad=True)
    check(expected_error_loss(said, torch.tensor([0.0, 1.0, 1e4])), [said])
