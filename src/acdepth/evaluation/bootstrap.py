"""How sure a mean is: 95 % intervals from drawing whole sequences again.

Neighbouring frames of a drive are nearly the same picture, so frames are no independent draws; sequences are.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

FEWEST_SEQUENCES = 2
"""Below this there is nothing to draw from, hence no interval: one drive says nothing about another."""
FEWEST_DRIVES = 6
"""Below this no order is claimed: if two models were equal, all k drives would still favour the same with
probability 2 / 2^k, which is below 5 % only from six drives on."""
CONFIDENCE_LEVEL = 0.95
DRAWS = 2000
DRAWN_AT_ONCE = 2**24
"""Numbers in memory of one kind: sets of sequences are drawn in groups of at most so many."""


class Interval(NamedTuple):
    """A mean and where it lies in 95 % of the draws; None for both ends where too few can be drawn from."""

    mean: float
    low: float | None
    high: float | None


def bootstrap_means(
    values: NDArray[np.float64],
    groups: NDArray[np.int64],
    generator: torch.Generator,
    draws: int = DRAWS,
    fewest: int = FEWEST_SEQUENCES,
) -> list[Interval]:
    """Mean of each column over the images, with its interval from resampled sequences.

    Of the differences of two models on the same images, that interval tells more than the models' own: every
    draw holds the same sequences for both, so what makes a sequence hard for both cancels.

    Args:
        values: (N, M), a row per image and a column per metric; NaN where the image has no such metric.
        groups: (N,) sequence of each image, any integers.
        generator: on the CPU.
        draws: sets of sequences that are drawn.
        fewest: sequences with a number that a column needs, to have an interval.

    Returns:
        M intervals. A column without any number has a NaN mean and no interval.
    """
    sums, counts = per_sequence(values, groups)
    with np.errstate(invalid="ignore"):
        means = sums.sum(0) / counts.sum(0)
    found = [Interval(float(mean), None, None) for mean in means]
    enough = (counts > 0).sum(0) >= fewest
    if enough.any():
        with np.errstate(invalid="ignore"):
            drawn = of_draws(lambda times: (times @ sums) / (times @ counts), len(sums), draws, generator)
        for column in np.flatnonzero(enough):
            found[column] = with_interval(float(means[column]), drawn[:, column])
    return found


def per_sequence(
    values: NDArray[np.float64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and counts of the numbers of each sequence, both (S, M)."""
    _, row = np.unique(groups, return_inverse=True)
    shape = (int(row.max()) + 1 if len(row) else 0, values.shape[1])
    known = np.isfinite(values)
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, row, np.where(known, values, 0.0))
    np.add.at(counts, row, known.astype(np.float64))
    return sums, counts


def of_draws(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    clips: int,
    draws: int,
    generator: torch.Generator,
    at_once: int = DRAWN_AT_ONCE,
) -> NDArray[np.float64]:
    """A statistic of each set of S ``clips`` that is drawn, (draws, ...); memory is bounded.

    Args:
        statistic: of some draws (D, S), how often each clip was drawn; gives (D, ...).
        clips: S.
        draws: in all.
        generator: on the CPU; the draws are the same however many are made at once.
        at_once: most numbers of D draws of S clips.
    """
    rows = max(1, at_once // clips)
    groups = [min(rows, draws - first) for first in range(0, draws, rows)]
    return np.concatenate([statistic(_draw(clips, group, generator)) for group in groups])


def with_interval(mean: float, drawn: NDArray[np.float64]) -> Interval:
    """The mean with the ends of its draws (D,).

    A rare class may be missing from every sequence of a draw; that draw is NaN and does not count.
    """
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return Interval(mean, float(low), float(high))


def _draw(clips: int, draws: int, generator: torch.Generator) -> NDArray[np.float64]:
    """(draws, S): how often each clip was drawn."""
    drawn = torch.randint(clips, (draws, clips), generator=generator)
    times = torch.zeros(draws, clips, dtype=torch.float64)
    return times.scatter_add_(1, drawn, torch.ones(1, 1, dtype=torch.float64).expand_as(times)).numpy()
