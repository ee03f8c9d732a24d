"""Can translations be told from real images? The strictest question: whoever asks has learned to tell."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from acdepth.core.seeding import derive_seed, make_generator
from acdepth.translator.scoring.intervals import Answers
from acdepth.translator.scoring.judges import JudgeSettings, ask, train_judge
from acdepth.translator.scoring.looking import Views
from acdepth.translator.scoring.measures import Drives

HALVES = 2
Told = tuple[Answers, Answers]
"""Right or wrong, of the made images and of the real ones."""


class Seen(NamedTuple):
    """One side."""

    views: Views
    drives: Drives
    """(N,) of each image."""


def tell_apart(
    made: Seen,
    real: Seen,
    settings: JudgeSettings,
    seed: int,
    on_step: Callable[[], object] = lambda: None,
) -> dict[str, Told]:
    """Answers of each kind of judge to images whose drives it has not seen, neither made nor real ones.

    Each training divides the drives of both sides into halves at random; a judge learns one half and is asked
    about the other, and the other way round, so that each training answers to every image once. Nothing is
    told where a side has one drive. ``on_step`` is called after each training.
    """
    told = {}
    if min(len(np.unique(side.drives)) for side in (made, real)) < HALVES:
        return told
    for kind in made.views:
        rounds = []
        for number in range(settings.telling_trainings):
            rounds.append(_tell_once(kind, made, real, settings, derive_seed(seed, "tell", kind, number)))
            on_step()
        of_made, of_real = (np.stack(side) for side in zip(*rounds, strict=True))
        told[kind] = Answers(of_made, made.drives), Answers(of_real, real.drives)
    return told


def _tell_once(
    kind: str, made: Seen, real: Seen, settings: JudgeSettings, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) and (M,): 1 where an image was called what it is."""
    sides = (made, real)
    halves = [_halve(side.drives, make_generator(seed, "halves", place)) for place, side in enumerate(sides)]
    right = np.zeros(len(made.drives)), np.zeros(len(real.drives))
    for half in range(HALVES):
        asked = [of == half for of in halves]
        pools = [side.views[kind][torch.from_numpy(~of)] for side, of in zip(sides, asked, strict=True)]
        judge = train_judge(
            pools, settings, settings.telling_steps, derive_seed(seed, half), settings.telling_strip
        )
        for label, (side, of) in enumerate(zip(sides, asked, strict=True)):
            right[label][of] = ask(judge, side.views[kind][torch.from_numpy(of)]) == label
    return right


def _halve(drives: Drives, generator: torch.Generator) -> NDArray[np.int64]:
    """(N,) 0 or 1, the same for all images of a drive."""
    names, row = np.unique(drives, return_inverse=True)
    order = torch.randperm(len(names), generator=generator).numpy()
    return order[row] % HALVES
