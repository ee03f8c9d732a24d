"""Spread over seeds, and differences paired over drives and seeds."""

import numpy as np
import pytest
import torch

from acdepth.evaluation.bootstrap import Interval
from acdepth.evaluation.repeats import draw_student, paired_changes, spread_over_seeds

SEEDS, DRIVES, FRAMES = 3, 12, 2
GROUPS = np.repeat(np.arange(DRIVES), FRAMES)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def worlds(rng: np.random.Generator, seed_effect: float, drive_effect: float, both: float) -> np.ndarray:
    """(S, N, 1) differences whose true mean is 0."""
    seeds = seed_effect * rng.standard_normal((SEEDS, 1))
    drives = drive_effect * rng.standard_normal((1, DRIVES))
    together = both * rng.standard_normal((SEEDS, DRIVES))
    return np.repeat(seeds + drives + together, FRAMES, axis=1)[..., None]


def hardness(rng: np.random.Generator) -> np.ndarray:
    """(1, N, 1): how large errors are on drives that are unlike each other by up to a factor of ten."""
    return np.repeat(10 ** rng.uniform(-1, 0, (1, DRIVES, 1)), FRAMES, axis=1)


def width(interval: Interval) -> float:
    assert interval.low is not None and interval.high is not None
    return interval.high - interval.low


def test_mean_and_sample_deviation_of_the_seeds_means():
    values = np.array([[[1.0], [3.0]], [[2.0], [4.0]], [[3.0], [8.0]]])
    (found,) = spread_over_seeds(values)
    assert found.of_seeds == (2.0, 3.0, 5.5)
    assert found.mean == pytest.approx(3.5)
    assert found.deviation == pytest.approx(np.sqrt((1.5**2 + 0.5**2 + 2.0**2) / 2))


def test_a_single_seed_has_no_deviation_and_no_interval():
    values = np.random.default_rng(0).random((1, DRIVES * FRAMES, 2))
    assert [found.deviation for found in spread_over_seeds(values)] == [None, None]
    found = paired_changes(values, values - 1.0, GROUPS, generator())
    assert [one.difference for one in found] == [pytest.approx((1.0, None, None))] * 2
    assert [(one.relative.low, one.relative.high) for one in found] == [(None, None)] * 2


def test_images_without_a_metric_do_not_count():
    values = np.array([[[1.0, np.nan], [2.0, 4.0], [3.0, 6.0]]] * 2)
    assert [found.mean for found in spread_over_seeds(values)] == [2.0, 5.0]
    found = paired_changes(values, 0 * values, np.array([0, 1, 2]), generator())
    assert [round(one.difference.mean, 9) for one in found] == [2.0, 5.0]


def test_what_drive_and_seed_give_both_cancels():
    rng = np.random.default_rng(1)
    shared = worlds(rng, 5.0, 5.0, 5.0)
    (found,) = paired_changes(shared - 0.1, shared, GROUPS, generator())
    assert found.difference == pytest.approx((-0.1, -0.1, -0.1))


def test_a_baseline_that_was_trained_once_stands_beside_each_seed():
    rng = np.random.default_rng(2)
    values, once = worlds(rng, 1.0, 1.0, 0.0), worlds(rng, 0.0, 1.0, 0.0)[:1]
    found = paired_changes(values, once, GROUPS, generator())
    assert found == paired_changes(values, np.repeat(once, SEEDS, axis=0), GROUPS, generator())


def test_seeds_that_agree_leave_the_interval_of_the_drives():
    """Drives alone vary: the standard error is that of their mean, 1 / sqrt(12) after normalising."""
    drives = np.random.default_rng(3).standard_normal(DRIVES)
    drives = (drives - drives.mean()) / drives.std()
    values = np.repeat(np.repeat(drives, FRAMES)[None, :, None], SEEDS, axis=0)
    (found,) = paired_changes(values, 0 * values, GROUPS, generator(), draws=20_000)
    assert width(found.difference) / 2 == pytest.approx(1.96 / np.sqrt(DRIVES), rel=0.05)


def test_drives_that_agree_leave_students_interval_of_the_seeds():
    """Three seeds at -1, 0, 1: mean 0, standard error 1 / sqrt(3), t of two degrees of freedom 4.303."""
    values = np.repeat(np.array([-1.0, 0.0, 1.0])[:, None, None], DRIVES * FRAMES, axis=1)
    (found,) = paired_changes(values, 0 * values, GROUPS, generator(), draws=200_000)
    assert found.difference.high == pytest.approx(4.303 / np.sqrt(3), rel=0.03)
    assert found.difference.low == pytest.approx(-4.303 / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("effects", [(1.0, 0.0, 0.0), (0.3, 1.0, 0.5), (0.0, 0.0, 1.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(effects):
    """Of 300 experiments with three seeds and twelve drives, about 95 % of the intervals hold the true 0, and
    20 % less."""
    rng, held = np.random.default_rng(4), np.zeros(2)
    for experiment in range(300):
        base, difference = 20 * hardness(rng), worlds(rng, *effects)
        (found, _) = paired_changes(difference, 0 * difference, GROUPS, generator(experiment), draws=400)[0]
        ours = 0.8 * base + difference
        (_, part) = paired_changes(ours, base, GROUPS, generator(experiment), draws=400)[0]
        held += found.low <= 0 <= found.high, part.low <= -0.2 <= part.high
    assert (held / 300 >= 0.91).all()


def test_a_part_that_is_the_same_everywhere_has_no_width_however_unlike_drives_are():
    """A fifth less on every image. With the baseline's mean held fixed, how hard the drawn drives are would
    look like doubt about the part."""
    base = hardness(np.random.default_rng(5))
    (found,) = paired_changes(0.8 * base, base, GROUPS, generator(), fewest_seeds=1)
    assert found.relative == pytest.approx((-0.2, -0.2, -0.2))
    fixed = width(found.difference) / base.mean()
    assert fixed > 0.1


@pytest.mark.parametrize("seeds", [1, 3])
def test_changes_are_those_of_a_slow_twin(seeds):
    """Image by image: the drives of each draw put together, both means taken on them."""
    rng = np.random.default_rng(6)
    base = np.repeat(hardness(rng), seeds, axis=0) * rng.uniform(0.9, 1.1, (seeds, DRIVES * FRAMES, 1))
    ours = base * rng.uniform(0.6, 1.0, base.shape)
    ours[0, 3], base[0, 8] = np.nan, np.nan  # missing in one, left out of both
    (found,) = paired_changes(ours, base, GROUPS, generator(1), draws=200, fewest_seeds=1)
    draws = torch.randint(DRIVES, (200, DRIVES), generator=(drawn_from := generator(1))).tolist()
    noise = draw_student(2, 200, drawn_from) if seeds == 3 else np.zeros(200)
    differences, parts = [], []
    for drives, t in zip(draws, noise, strict=True):
        images = [image for drive in drives for image in np.flatnonzero(drive == GROUPS)]
        pairs = [(ours[s, images, 0], base[s, images, 0]) for s in range(seeds)]
        known = [np.isfinite(mine + theirs) for mine, theirs in pairs]
        mine = np.array([mine[there].mean() for (mine, _), there in zip(pairs, known, strict=True)])
        theirs = np.array([theirs[there].mean() for (_, theirs), there in zip(pairs, known, strict=True)])
        part = mine.mean() / theirs.mean() - 1
        rest = (mine - (1 + part) * theirs) / theirs.mean()
        error = rest.std(ddof=1) / np.sqrt(3) if seeds == 3 else 0.0
        parts.append(part + t * error)
        error = (mine - theirs).std(ddof=1) / np.sqrt(3) if seeds == 3 else 0.0
        differences.append((mine - theirs).mean() + t * error)
    for interval, drawn in ((found.difference, differences), (found.relative, parts)):
        assert interval[1:] == pytest.approx(np.quantile(drawn, [0.025, 0.975]))


def test_without_anything_to_be_relative_to_there_is_a_difference_only():
    values = worlds(np.random.default_rng(7), 1.0, 1.0, 1.0)
    none = paired_changes(values, 0 * values, GROUPS, generator())[0]
    assert not np.isfinite(none.relative.mean) and none.relative[1:] == (None, None)
    some = np.zeros_like(values)
    some[:, :FRAMES] = 1.0  # one drive of twelve, which a third of the draws do not hold
    part = paired_changes(values, some, GROUPS, generator())[0]
    assert np.isfinite(part.relative.mean) and part.relative[1:] == (None, None)
    assert None not in none.difference + part.difference


def test_students_distribution():
    """Known quantiles: t of 2 degrees of freedom is above 4.303 in 2.5 %, of 30 above 2.042."""
    for freedom, quantile in ((2, 4.303), (30, 2.042)):
        drawn = draw_student(freedom, 200_000, generator())
        assert np.mean(drawn > quantile) == pytest.approx(0.025, abs=0.0015)
