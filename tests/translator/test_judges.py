"""Judges that can say none of these, their controls, real told from made, and intervals over trainings."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.evaluation.repeats import paired_changes
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.translator.perception import Perception
from acdepth.translator.scoring.controls import CONTROLS, PIECES, WRONG, build_controls, build_wrong, shuffle
from acdepth.translator.scoring.intervals import Answers, share
from acdepth.translator.scoring.judges import (
    JudgeSettings,
    ask,
    split_drives,
    train_judge,
    train_judges,
    write_lesson,
)
from acdepth.translator.scoring.looking import NET, PRIOR, Eye
from acdepth.translator.scoring.pictures import Pictures
from acdepth.translator.scoring.telling import Seen, tell_apart

SIZE = (48, 64)
FEW = JudgeSettings(
    trainings=1, steps=40, telling_trainings=2, telling_steps=20, batch_size=16, width=8, hidden=8
)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=make_generator(seed, "test"))


def stripes(upright: bool, brightness: float, count: int, seed: int) -> Pictures:
    """Stripes somewhere, upright or lying: structure; brightness is what a lazy judge goes by."""
    axis = torch.arange(SIZE[1] if upright else SIZE[0]) / 3
    phase = noise(count, 1, 1, 1, seed=seed) * 6
    wave = (axis.view(1, 1, 1, -1) if upright else axis.view(1, 1, -1, 1)) + phase
    image = (0.5 + 0.4 * torch.sin(wave)).expand(count, 3, *SIZE) * brightness
    image = image + 0.05 * noise(count, 3, *SIZE, seed=seed + 1)
    return Pictures((image * 255).round().to(torch.uint8), np.arange(count) // 2)


REAL = {
    Condition.CLEAR: stripes(upright=True, brightness=1.0, count=24, seed=0),
    Condition.NIGHT: stripes(upright=False, brightness=0.5, count=24, seed=2),
}


@pytest.mark.parametrize("drives", [2, 3, 5, 11])
def test_held_out_drives_are_not_learned(drives: int) -> None:
    images = Pictures(torch.zeros(2 * drives, 3, 8, 8, dtype=torch.uint8), np.arange(2 * drives) // 2)
    learned, asked = (
        set(part[Condition.CLEAR].drives) for part in split_drives({Condition.CLEAR: images}, every=5)
    )
    assert learned and asked and not learned & asked and len(learned | asked) == drives
    assert len(asked) == max(1, drives // 5)


def test_shuffled_pieces_change_places_and_nothing_else() -> None:
    image = noise(2, 3, 2 * PIECES + 1, 3 * PIECES)
    shuffled = shuffle(image, make_generator(0))

    def pieces(of: Tensor) -> set[bytes]:
        return {
            of[1, :, 2 * row : 2 * row + 2, 3 * column : 3 * column + 3].contiguous().numpy().tobytes()
            for row in range(PIECES)
            for column in range(PIECES)
        }

    assert pieces(shuffled) == pieces(image) and len(pieces(image)) == PIECES**2
    assert torch.equal(shuffled[..., -1, :], image[..., -1, :])  # left over
    changed = (shuffled != image)[..., : 2 * PIECES, :].float().mean((1, 2, 3))
    assert changed.min() > 0.9 and not torch.equal(shuffled[0] != image[0], shuffled[1] != image[1])


def test_controls_are_right_in_one_thing_and_wrong_in_another() -> None:
    sources, truth = REAL[Condition.CLEAR], REAL[Condition.NIGHT]
    controls = build_controls(sources, truth, truth, make_generator(0))
    assert tuple(controls) == CONTROLS
    colours, shuffled, recoloured = (controls[name].pixels.float() for name in CONTROLS)
    assert colours.mean() == pytest.approx(float(truth.pixels.float().mean()), rel=0.05)
    assert shuffled.mean((1, 2, 3)) == pytest.approx(colours.mean((1, 2, 3)))
    assert recoloured.mean() == pytest.approx(float(sources.pixels.float().mean()), rel=0.05)
    assert recoloured.std(3).mean() < 0.3 * recoloured.std(2).mean()  # stripes lie, as in the truth
    assert tuple(build_controls(sources, None, truth, make_generator(0))) == CONTROLS[:2]


def test_wrong_images_are_of_every_kind_and_condition() -> None:
    first, second = build_wrong(REAL, make_generator(0))
    assert len(first) == len(second) == 2 * 24
    recoloured, by_turns = first.pixels[:24].float(), first.pixels[24:].float()
    assert recoloured.mean() == pytest.approx(float(REAL[Condition.NIGHT].pixels.float().mean()), rel=0.05)
    negatives = slice(4 * list(WRONG).index("negative"), 4 * list(WRONG).index("negative") + 4)
    rows = np.arange(list(WRONG).index("negative"), 24, len(WRONG))
    assert torch.equal(by_turns[negatives], 255 - REAL[Condition.CLEAR].pixels[rows].float())


def test_judges_of_both_kinds_know_conditions_and_none_of_them() -> None:
    eye = Eye(Perception(DepthAnythingPrior.tiny(0)), torch.device("cpu"), 8)
    lesson = write_lesson(REAL, eye, 0)
    assert lesson.names == ("clear", "night", "none")
    steps = []
    judges = train_judges(lesson, FEW, 0, lambda: steps.append(1))
    assert len(steps) == 2 * FEW.trainings and list(judges) == [NET, PRIOR]
    views = eye.views(stripes(upright=False, brightness=0.5, count=10, seed=6))
    painted = eye.views(stripes(upright=True, brightness=0.5, count=10, seed=8))
    for kind, trained in judges.items():
        for judge in trained:
            assert (ask(judge, views[kind]) == 1).mean() > 0.8, kind
            assert (ask(judge, painted[kind]) == 1).mean() < 0.3, kind


def test_a_training_gives_the_same_judge_again() -> None:
    pools = [noise(6, 2, 5), noise(6, 2, 5, seed=1)]
    one, same, other = (train_judge(pools, FEW, 5, seed) for seed in (0, 0, 1))

    def weights(judge: nn.Module) -> Tensor:
        return torch.cat([parameter.flatten() for parameter in judge.parameters()])

    assert torch.equal(weights(one), weights(same)) and not torch.equal(weights(one), weights(other))


def features(drives: int, shift: float, seed: int) -> Seen:
    """Three images a drive, each drive with a look of its own."""
    generator = make_generator(seed, "features")
    of_drive = torch.randn(drives, 1, 2, 6, generator=generator).repeat(1, 3, 1, 1).flatten(0, 1)
    images = of_drive + 0.1 * torch.randn(of_drive.shape, generator=generator) + shift
    return Seen({PRIOR: images}, np.repeat(np.arange(drives), 3))


def test_what_is_alike_cannot_be_told_apart_on_new_drives() -> None:
    """A judge that were asked about drives that it has learned would know each by its look."""
    settings = JudgeSettings(telling_steps=60, telling_trainings=1, hidden=16)

    def right(made: Seen) -> float:
        told = tell_apart(made, features(40, 0, 1), settings, 0)[PRIOR]
        return float(np.mean([side.said.mean() for side in told]))

    assert 0.3 < right(features(40, 0, 0)) < 0.7
    assert right(features(40, 3, 0)) > 0.95


def test_networks_learn_from_strips_and_are_asked_about_whole_images() -> None:
    sides = [
        stripes(upright, brightness=1.0, count=24, seed=seed) for upright, seed in ((True, 0), (False, 2))
    ]
    made, real = (Seen({NET: side.pixels.float() / 255}, side.drives) for side in sides)
    told = tell_apart(made, real, FEW, 0)[NET]
    assert min(side.said.mean() for side in told) > 0.8


def test_every_training_answers_to_every_image_and_tells_when_done() -> None:
    steps = []
    told = tell_apart(features(5, 9, 0), features(4, 0, 1), FEW, 0, lambda: steps.append(1))
    made, real = told[PRIOR]
    assert made.said.shape == (FEW.telling_trainings, 15) and real.said.shape == (FEW.telling_trainings, 12)
    assert len(steps) == FEW.telling_trainings and made.said.mean() > 0.7
    assert tell_apart(features(1, 9, 0), features(4, 0, 1), FEW, 0) == {}


def answers(trainings: int, drives: int, seed: int) -> Answers:
    draws = np.random.default_rng(seed)
    sure = draws.random((trainings, 1)) + draws.random((1, drives)) - 0.5
    said = draws.random((trainings, 2 * drives)) < np.repeat(sure, 2, axis=1)
    return Answers(said.astype(float), np.repeat(np.arange(drives), 2))


def test_a_share_has_the_interval_over_drives_and_trainings() -> None:
    given = answers(trainings=4, drives=10, seed=0)
    found = share([given], make_generator(0))
    values = given.said[..., None]
    expected = paired_changes(values, 0 * values, given.drives, make_generator(0))[0].difference
    assert found.mean == pytest.approx(expected.mean)
    assert expected.low is not None and expected.high is not None
    assert found[1:] == pytest.approx((max(0.0, expected.low), min(1.0, expected.high)))
    one_training = Answers(given.said[:1], given.drives)
    one_drive = Answers(given.said, 0 * given.drives)
    for few in (one_training, one_drive):
        assert share([few], make_generator(0))[1:] == (None, None)


def test_sets_count_alike_however_large() -> None:
    all_right, all_wrong = Answers(np.ones((2, 4)), np.arange(4)), Answers(np.zeros((2, 40)), np.arange(40))
    assert share([all_right, all_wrong], make_generator(0)) == pytest.approx((0.5, 0.5, 0.5))


def test_trainings_that_differ_widen_the_interval() -> None:
    alike = Answers(np.tile([0.0, 1.0], (4, 10)), np.arange(20) // 2)
    found = share([alike], make_generator(0))
    assert found == pytest.approx((0.5, 0.5, 0.5))
    apart = Answers(np.repeat([[0.0], [1.0], [0.0], [1.0]], 20, axis=1), alike.drives)
    wide = share([apart], make_generator(0))
    assert wide.low is not None and wide.high is not None and wide.low < 0.1 and wide.high > 0.9
