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


def paired_difference(
    values: Values,
    baseline: Values,
    groups: NDArray[np.int64],
    generator: torch.Generator,
    draws: int = DRAWS,
) -> list[Interval]:
    """Mean of ``values - baseline`` with its 95 % interval: how other trainings would differ on other drives.

    Paired twice: what makes an image hard for both cancels, and so does what a seed gives both, as layer s of
    both was trained with the same seed on the same batches. Each draw takes whole sequences again, with
    replacement, the same in all seeds; and moves their mean by t times the standard error over the seeds on
    those sequences, where t is drawn from Student's distribution with S - 1 degrees of freedom. Seeds are not
    drawn again themselves: three of them have no more than ten different means, which would cover far less
    than 95 %.

    Args:
        values: (S, N, M).
        baseline: (S, N, M); or (1, N, M), of a model that was not trained again, such as a teacher.
        groups: (N,) sequence of each image, any integers.
        generator: on the CPU.
        draws: how many.

    Returns:
        M intervals; without ends where there is one seed only, or one sequence only.
    """
    difference = values - baseline
    layers = [per_sequence(layer, groups) for layer in difference]
    sums, counts = (np.stack(part) for part in zip(*layers, strict=True))  # (S, G, M) each
    with np.errstate(invalid="ignore"):
        means = (sums.sum(1) / counts.sum(1)).mean(0)
    found = [Interval(float(mean), None, None) for mean in means]
    enough = (counts[0] > 0).sum(0) >= FEWEST_SEQUENCES
    if len(difference) < FEWEST_SEEDS or not enough.any():
        return found
    with np.errstate(invalid="ignore"):
        of_seeds = of_draws(  # (draws, S, M)
            lambda times: ((times @ sums) / (times @ counts)).swapaxes(0, 1), sums.shape[1], draws, generator
        )
    error = of_seeds.std(1, ddof=1) / np.sqrt(len(difference))
    drawn = of_seeds.mean(1) + draw_student(len(difference) - 1, draws, generator)[:, None] * error
    for column in np.flatnonzero(enough):
        found[column] = with_interval(float(means[column]), drawn[:, column])
    return found


def draw_student(freedom: int, draws: int, generator: torch.Generator) -> NDArray[np.float64]:
    """(draws,) from Student's t distribution: a normal draw over the root of a mean of squared ones."""
    normal = torch.randn(draws, 1 + freedom, generator=generator, dtype=torch.float64)
    return (normal[:, 0] / normal[:, 1:].square().mean(1).sqrt()).numpy()


def _means(layer: Values) -> Values:
    """Mean of each column over the images that have it, (M,)."""
    known = np.isfinite(layer)
    with np.errstate(invalid="ignore"):
        return np.where(known, layer, 0.0).sum(0) / known.sum(0)
