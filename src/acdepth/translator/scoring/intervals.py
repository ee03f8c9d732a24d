"""How sure a share is that trained judges give: intervals over drives and over trainings."""

from collections.abc import Sequence as Many
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
from acdepth.evaluation.repeats import FEWEST_SEEDS, draw_student


class Answers(NamedTuple):
    """What trainings of one judge said of each image of a set, as 0 or 1."""

    said: NDArray[np.float64]
    """(S, N), a row per training."""
    drives: NDArray[np.int64]
    """(N,) drive of each image."""


def share(sets: Many[Answers], generator: torch.Generator) -> Interval:
    """Mean over trainings, and over sets that count alike, with its 95 % interval.

    Each draw takes whole drives of every set again, and moves the mean by t times its standard error over the
    trainings on those drives, where t is drawn from Student's distribution, as `paired_changes` does: a
    few trainings, themselves drawn again, would cover too little. No ends where a set has one drive, or with
    one training.
    """
    mean = float(np.mean([part.said.mean() for part in sets]))
    trainings = len(sets[0].said)
    if trainings < FEWEST_SEEDS or min(len(np.unique(part.drives)) for part in sets) < FEWEST_SEQUENCES:
        return Interval(mean, None, None)
    of_trainings = np.mean([_drawn(part, generator) for part in sets], axis=0)
    error = of_trainings.std(1, ddof=1) / np.sqrt(trainings)
    drawn = of_trainings.mean(1) + draw_student(trainings - 1, DRAWS, generator) * error
    return with_interval(mean, drawn.clip(0, 1))


def _drawn(part: Answers, generator: torch.Generator) -> NDArray[np.float64]:
    """(draws, S) share of each training on drives that were drawn again."""
    sums, counts = per_sequence(part.said.T, part.drives)
    return of_draws(lambda times: (times @ sums) / (times @ counts), len(sums), DRAWS, generator)
