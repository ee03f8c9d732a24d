"""Trainings repeated with several seeds: their mean, their spread, and how two kinds of training differ.

Values are (S, N, M): a layer per seed, a row per image and a column per metric; NaN where an image has none.
All seeds are scored on the same images.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from acdepth.evaluation.bootstrap import (
    DRAWS,
    FEWEST_SEQUENCES,
    Interval,
    of_draws,
    per_sequence,
    with_interval,
)

Values = NDArray[np.float64]
FEWEST_SEEDS = 2
"""Below this nothing is known about other trainings, hence no interval."""


class PairedChange(NamedTuple):
    """One metric against a baseline on the same images."""

    difference: Interval
    """Of the means."""
    relative: Interval
    """To the baseline's mean: -0.3 is 30 % less; not finite where that is 0."""


class Spread(NamedTuple):
    """One metric over the seeds."""

    mean: float
    deviation: float | None
    """Sample standard deviation (over S - 1) of the seeds' means; None for a single seed."""
    of_seeds: tuple[float, ...]
    """Mean over the images, of each seed."""


def spread_over_seeds(values: Values) -> list[Spread]:
    """Mean and spread of each of the M metrics; a metric that no image has is NaN."""
    of_seeds = np.stack([_means(layer) for layer in values])
    found = []
    for column in of_seeds.T:
        deviation = float(column.std(ddof=1)) if len(column) >= FEWEST_SEEDS else None
        found.append(Spread(float(column.mean()), deviation, tuple(map(float, column))))
    return found


def paired_changes(
    values: Values,
    baseline: Values,
    groups: NDArray[np.int64],
    generator: torch.Generator,
    draws: int = DRAWS,
    fewest_seeds: int = FEWEST_SEEDS,
) -> list[PairedChange]:
    """How two kinds of training differ, with 95 % intervals: how others would, on other drives.

    Paired twice: what makes an image hard for both cancels, and so does what a seed gives both, as layer s of
    both was trained with the same seed on the same batches. Each draw takes whole sequences again, with
    replacement, the same in all seeds and for both, and takes the means of both on them anew, so that the
    relative change is a ratio of two means of the same drives. It then moves the change by t times the
    standard error over the seeds on those sequences (of the ratio: linearised), where t is drawn from
    Student's distribution with S - 1 degrees of freedom. Seeds are not drawn again themselves: three of them
    have no more than ten different means, which would cover far less than 95 %. With a single seed the
    intervals say nothing about other trainings.

    Args:
        values: (S, N, M).
        baseline: (S, N, M); or (1, N, M), of a model that was not trained again, such as a teacher.
        groups: (N,) sequence of each image, any integers.
        generator: on the CPU.
        draws: how many.
        fewest_seeds: without them there is no interval.

    Returns:
        M changes of the means over the images that both have; without ends where there are too few seeds, or
        one sequence only.
    """
    both = np.stack(np.broadcast_arrays(values, baseline))  # (2, S, N, M)
    both = np.where(np.isfinite(both).all(0), both, np.nan)
    tables = [per_sequence(layer, groups) for layer in both.reshape(-1, *both.shape[2:])]
    sums, counts = (np.stack(part) for part in zip(*tables, strict=True))  # (2 S, G, M) each

    def changes(times: Values) -> Values:
        """Of draws (D, G): difference and relative change, then their standard errors, (D, 4, M)."""
        ours, theirs = ((times @ sums) / (times @ counts)).reshape(*both.shape[:2], len(times), -1)
        return np.stack(_change(ours, theirs), 1)

    enough = (counts[0] > 0).sum(0) >= FEWEST_SEQUENCES
    with np.errstate(divide="ignore", invalid="ignore"):
        means = changes(np.ones((1, sums.shape[1])))[0, :2]
        drawn = np.empty((0, *means.shape))
        if len(values) >= fewest_seeds and enough.any():
            drawn, errors = np.split(of_draws(changes, sums.shape[1], draws, generator), 2, axis=1)
            if len(values) > 1:
                drawn = drawn + draw_student(len(values) - 1, draws, generator)[:, None, None] * errors
    of_difference, of_relative = (
        [_interval(float(means[kind, m]), drawn[:, kind, m], bool(known)) for m, known in enumerate(enough)]
        for kind in range(2)
    )
    return [PairedChange(*pair) for pair in zip(of_difference, of_relative, strict=True)]


def _change(ours: Values, theirs: Values) -> tuple[Values, Values, Values, Values]:
    """Difference and relative change of means (S, ...) over the seeds, and their standard errors, (...)."""
    difference, base, seeds = ours - theirs, theirs.mean(0), len(ours)
    relative = difference.mean(0) / base
    if seeds < FEWEST_SEEDS:
        return difference.mean(0), relative, np.zeros_like(base), np.zeros_like(base)
    of_relative = np.where(base == 0, 0.0, (difference - relative * theirs).std(0, ddof=1) / base)
    apart = difference.std(0, ddof=1), of_relative
    return difference.mean(0), relative, *(one / np.sqrt(seeds) for one in apart)


def _interval(mean: float, drawn: Values, known: bool) -> Interval:
    """Without ends where nothing was drawn or is known, or where there is nothing to be relative to."""
    if not known or not len(drawn) or not np.isfinite(mean) or np.isinf(drawn).any():
        return Interval(mean, None, None)
    return with_interval(mean, drawn)


def draw_student(freedom: int, draws: int, generator: torch.Generator) -> NDArray[np.float64]:
    """(draws,) from Student's t distribution: a normal draw over the root of a mean of squared ones."""
    normal = torch.randn(draws, 1 + freedom, generator=generator, dtype=torch.float64)
    return (normal[:, 0] / normal[:, 1:].square().mean(1).sqrt()).numpy()


def _means(layer: Values) -> Values:
    """Mean of each column over the images that have it, (M,)."""
    known = np.isfinite(layer)
    with np.errstate(invalid="ignore"):
        return np.where(known, layer, 0.0).sum(0) / known.sum(0)
