import numpy as np
import pytest
import torch

from acdepth.evaluation.bootstrap import (
    CONFIDENCE_LEVEL,
    DRAWN_AT_ONCE,
    DRAWS,
    bootstrap_means,
    of_draws,
    per_sequence,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_two_sequences_give_their_means_as_ends():
    """Of two sequences a draw holds twice the one, twice the other or both: a quarter, a quarter, a half."""
    values, groups = np.array([[1.0], [1.0], [3.0], [3.0]]), np.array([5, 5, 9, 9])
    (found,) = bootstrap_means(values, groups, generator())
    assert found == (2.0, 1.0, 3.0)


def test_width_is_that_of_the_mean_of_sequences_and_not_of_frames():
    """Ten equal frames per drive are one draw: the standard error is 1 / sqrt(50), not 1 / sqrt(500)."""
    drives = np.random.default_rng(0).standard_normal(50)
    drives = (drives - drives.mean()) / drives.std()
    values, groups = np.repeat(drives, 10)[:, None], np.repeat(np.arange(50), 10)
    (found,) = bootstrap_means(values, groups, generator(), draws=20_000)
    assert found.mean == pytest.approx(0, abs=1e-12)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 / np.sqrt(50), rel=0.05)


def test_images_count_the_same_whatever_the_length_of_their_sequence():
    values, groups = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 0, 1])
    assert bootstrap_means(values, groups, generator())[0].mean == pytest.approx(0.25)


def test_one_sequence_has_no_interval():
    assert bootstrap_means(np.array([[1.0], [2.0]]), np.array([3, 3]), generator()) == [(1.5, None, None)]


def test_a_column_with_gaps_counts_what_it_has():
    values = np.array([[1.0, np.nan], [2.0, 4.0], [3.0, np.nan], [4.0, 8.0]])
    all_of_it, gappy = bootstrap_means(values, np.array([0, 1, 2, 3]), generator())
    assert (all_of_it.mean, gappy.mean) == (2.5, 6.0)
    assert (gappy.low, gappy.high) == (4.0, 8.0)


def test_a_column_in_one_sequence_only_has_no_interval():
    values = np.array([[1.0, np.nan], [2.0, 4.0]])
    assert bootstrap_means(values, np.array([0, 1]), generator())[1] == (4.0, None, None)


def test_pairing_removes_what_both_models_share():
    hardness = np.random.default_rng(1).uniform(0, 10, 30)[:, None]
    groups = np.arange(30)
    (own,) = bootstrap_means(hardness - 0.1, groups, generator())
    (difference,) = bootstrap_means(hardness - 0.1 - hardness, groups, generator())
    assert own.high - own.low > 1.0
    assert difference == pytest.approx((-0.1, -0.1, -0.1))


def test_the_seed_decides():
    values, groups = np.random.default_rng(2).random((40, 3)), np.arange(40) // 4
    assert bootstrap_means(values, groups, generator(1)) == bootstrap_means(values, groups, generator(1))
    assert bootstrap_means(values, groups, generator(1)) != bootstrap_means(values, groups, generator(2))


def whole(values: np.ndarray, groups: np.ndarray, seed: int, draws: int = DRAWS) -> list[tuple[float, float]]:
    """The ends of intervals from all draws at once, as they were made before draws came in groups."""
    sums, counts = per_sequence(values, groups)
    drawn = torch.randint(len(sums), (draws, len(sums)), generator=generator(seed))
    times = torch.zeros(draws, len(sums), dtype=torch.float64)
    times = times.scatter_add_(1, drawn, torch.ones_like(times)).numpy()
    means = (times @ sums) / (times @ counts)
    tail = (1 - CONFIDENCE_LEVEL) / 2
    return [tuple(np.nanquantile(column, [tail, 1 - tail])) for column in means.T]


def test_intervals_are_those_of_all_draws_at_once_to_the_last_bit():
    values, groups = np.random.default_rng(3).random((200, 4)), np.arange(200) // 5
    found = bootstrap_means(values, groups, generator(7))
    assert [(one.low, one.high) for one in found] == whole(values, groups, 7)


def test_draws_are_the_same_in_groups_of_any_size():
    once, grouped = (of_draws(lambda times: times, 30, 50, generator(1), size) for size in (10**6, 7 * 30))
    assert np.array_equal(once, grouped) and once.shape == (50, 30) and (once.sum(1) == 30).all()
    seen: list[int] = []
    of_draws(lambda times: seen.append(len(times)) or times, 30, 5, generator(1), 59)
    of_draws(lambda times: seen.append(len(times)) or times, 30, 5, generator(1), 10)
    assert seen == [1] * 10  # at least one, however many clips there are
    of_draws(lambda times: seen.append(len(times)) or times, 30, 5, generator(1), 60)
    assert seen[10:] == [2, 2, 1]


def test_memory_does_not_grow_with_clips_and_draws():
    """Drawn whole, 2000 draws of a million images as clips of their own would take 32 GB."""
    shapes = []

    def seen(times: np.ndarray) -> np.ndarray:
        shapes.append(times.shape)
        return times[:, :1]

    drawn = of_draws(seen, 200_000, 200, generator())
    assert drawn.shape == (200, 1) and sum(rows for rows, _ in shapes) == 200
    assert max(rows * clips for rows, clips in shapes) <= DRAWN_AT_ONCE < 200 * 200_000
