"""Spread over seeds, and differences paired over drives and seeds."""

import numpy as np
import pytest
import torch

from acdepth.evaluation.repeats import draw_student, paired_difference, spread_over_seeds

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


def test_mean_and_sample_deviation_of_the_seeds_means():
    values = np.array([[[1.0], [3.0]], [[2.0], [4.0]], [[3.0], [8.0]]])
    (found,) = spread_over_seeds(values)
    assert found.of_seeds == (2.0, 3.0, 5.5)
    assert found.mean == pytest.approx(3.5)
    assert found.deviation == pytest.approx(np.sqrt((1.5**2 + 0.5**2 + 2.0**2) / 2))


def test_a_single_seed_has_no_deviation_and_no_interval():
    values = np.random.default_rng(0).random((1, DRIVES * FRAMES, 2))
    assert [found.deviation for found in spread_over_seeds(values)] == [None, None]
    found = paired_difference(values, values - 1.0, GROUPS, generator())
    assert found == [pytest.approx((1.0, None, None))] * 2


def test_images_without_a_metric_do_not_count():
    values = np.array([[[1.0, np.nan], [2.0, 4.0], [3.0, 6.0]]] * 2)
    assert [found.mean for found in spread_over_seeds(values)] == [2.0, 5.0]
    found = paired_difference(values, 0 * values, np.array([0, 1, 2]), generator())
    assert [round(one.mean, 9) for one in found] == [2.0, 5.0]


def test_what_drive_and_seed_give_both_cancels():
    rng = np.random.default_rng(1)
    shared = worlds(rng, 5.0, 5.0, 5.0)
    (found,) = paired_difference(shared - 0.1, shared, GROUPS, generator())
    assert found == pytest.approx((-0.1, -0.1, -0.1))


def test_a_baseline_that_was_trained_once_stands_beside_each_seed():
    rng = np.random.default_rng(2)
    values, once = worlds(rng, 1.0, 1.0, 0.0), worlds(rng, 0.0, 1.0, 0.0)[:1]
    found = paired_difference(values, once, GROUPS, generator())
    assert found == paired_difference(values, np.repeat(once, SEEDS, axis=0), GROUPS, generator())


def test_seeds_that_agree_leave_the_interval_of_the_drives():
    """Drives alone vary: the standard error is that of their mean, 1 / sqrt(12) after normalising."""
    drives = np.random.default_rng(3).standard_normal(DRIVES)
    drives = (drives - drives.mean()) / drives.std()
    values = np.repeat(np.repeat(drives, FRAMES)[None, :, None], SEEDS, axis=0)
    (found,) = paired_difference(values, 0 * values, GROUPS, generator(), draws=20_000)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 / np.sqrt(DRIVES), rel=0.05)


def test_drives_that_agree_leave_students_interval_of_the_seeds():
    """Three seeds at -1, 0, 1: mean 0, standard error 1 / sqrt(3), t of two degrees of freedom 4.303."""
    values = np.repeat(np.array([-1.0, 0.0, 1.0])[:, None, None], DRIVES * FRAMES, axis=1)
    (found,) = paired_difference(values, 0 * values, GROUPS, generator(), draws=200_000)
    assert found.high == pytest.approx(4.303 / np.sqrt(3), rel=0.03)
    assert found.low == pytest.approx(-4.303 / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("effects", [(1.0, 0.0, 0.0), (0.3, 1.0, 0.5), (0.0, 0.0, 1.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(effects):
    """Of 300 experiments with three seeds and twelve drives, about 95 % of the intervals hold the true 0."""
    rng, held = np.random.default_rng(4), 0
    for experiment in range(300):
        difference = worlds(rng, *effects)
        (found,) = paired_difference(difference, 0 * difference, GROUPS, generator(experiment), draws=400)
        held += found.low <= 0 <= found.high
    assert 0.91 <= held / 300 <= 1.0


def test_students_distribution():
    """Known quantiles: t of 2 degrees of freedom is above 4.303 in 2.5 %, of 30 above 2.042."""
    for freedom, quantile in ((2, 4.303), (30, 2.042)):
        drawn = draw_student(freedom, 200_000, generator())
        assert np.mean(drawn > quantile) == pytest.approx(0.025, abs=0.0015)
