"""How sure a mean is: 95 % intervals from drawing whole sequences again.

Neighbouring frames of a drive are nearly the same picture, so frames are no independent draws; sequences are.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

FEWEST_SEQUENCES = 2
"""Below this there is nothing to draw from, hence no interval: one drive says nothing about another."""
FEWEST_DRIVES = 6
"""Below this no order is claimed: if two models were equal, all k drives would still favour the same with
probability 2 / 2^k, which is below 5 % only from six drives on."""
COVERAGE = 0.95
DRAWS = 2000


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
        times = draw_clips(len(sums), draws, generator)
        with np.errstate(invalid="ignore"):
            drawn = (times @ sums) / (times @ counts)
        tail = (1 - COVERAGE) / 2
        for column in np.flatnonzero(enough):
            # A rare class may be missing from every sequence of a draw; that draw has no mean.
            low, high = np.nanquantile(drawn[:, column], [tail, 1 - tail])
            found[column] = Interval(float(means[column]), float(low), float(high))
    return found


def bootstrap_difference(
    values: NDArray[np.float64],
    baseline: NDArray[np.float64],
    groups: NDArray[np.int64],
    generator: torch.Generator,
    draws: int = DRAWS,
    fewest: int = FEWEST_SEQUENCES,
) -> list[Interval]:
    """Mean of ``values - baseline``, both (N, M) of the same images in the same order, with its interval.

    Because every draw holds the same sequences for both models, what makes a sequence hard for both cancels:
    the difference of two means can be sure where their own intervals overlap.
    """
    return bootstrap_means(values - baseline, groups, generator, draws, fewest)


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


def draw_clips(clips: int, draws: int, generator: torch.Generator) -> NDArray[np.float64]:
    """(draws, S): how often each clip was drawn."""
    drawn = torch.randint(clips, (draws, clips), generator=generator)
    times = torch.zeros(draws, clips, dtype=torch.float64)
    return times.scatter_add_(1, drawn, torch.ones_like(times)).numpy()
