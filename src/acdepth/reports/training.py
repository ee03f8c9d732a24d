"""Trainings as charts: losses, and whether the gradients of two loss terms pull apart.

Only trainings with ``loop.gradient_statistics_every`` measure the latter.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from acdepth.core.errors import UserError
from acdepth.engine.log import read_log
from acdepth.reports.charts import Line, lines

HALF_AXES = (0.1, 0.2, 0.5, 1.0)
"""Ends of the cosine's axis; the narrowest that holds all values is taken."""


class LogLine(BaseModel):
    """What a report takes from a line of ``log.jsonl``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: int
    loss: float
    terms: dict[str, float]
    gradients: dict[str, float] = {}


@dataclass(frozen=True)
class Log:
    """What a training wrote: one value per interval."""

    steps: list[int]
    loss: list[float]
    terms: dict[str, list[float]]
    """NaN before a term begins."""
    gradients: dict[str, list[float]]
    """How the gradients of each two terms lie to each other, NaN where that was not measured; empty where it
    never was. Names as `acdepth.engine.gradients.compare_gradients` gives them."""


@dataclass(frozen=True)
class Angle:
    """What one training measured of two terms: means over the lines of its log that have it."""

    training: str
    cosine: float
    """Between the two gradients."""
    opposed: float
    """Part of the measured steps with a negative cosine."""
    ratio: float
    """Norm of the second term's gradient over that of the first's; both are of the weighted terms."""


@dataclass(frozen=True)
class Conflict:
    """Two loss terms in all trainings that measured them."""

    first: str
    second: str
    cosine: str
    """SVG: the cosine between their gradients on shared parameters, over the training steps."""
    ratio: str
    """SVG: norm of the second term's gradient over that of the first's."""
    angles: list[Angle]


def read_training(path: Path) -> Log | None:
    """Read ``log.jsonl`` of a training; None where there is none or nothing was logged.

    Raises:
        UserError: if a line is malformed.
    """
    try:
        found = [LogLine.model_validate(line) for line in read_log(path)]
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"]))
        raise UserError(path, f"{field}: {problem['msg']}", "train again") from error
    if not found:
        return None
    terms, gradients = _columns([one.terms for one in found]), _columns([one.gradients for one in found])
    return Log([line.step for line in found], [line.loss for line in found], terms, gradients)


def loss_charts(logs: Mapping[str, Log], styles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Per training, the chart of the loss, and one smaller chart per (unweighted) term with its name."""
    return [
        {
            "model": name,
            "loss": lines("loss", [Line(log.steps, log.loss, styles[name])]),
            "terms": [
                (term, lines(term, [Line(log.steps, values, styles[name])], 1.1))
                for term, values in log.terms.items()
            ],
        }
        for name, log in logs.items()
    ]


def conflicts(logs: Mapping[str, Log], styles: Mapping[str, str]) -> list[Conflict]:
    """The figures of each two terms that any training measured; styles are as of `charts.model_classes`."""
    measured = sorted({tuple(name.split("/")) for log in logs.values() for name in log.gradients})
    return [_conflict(first, second, logs, styles) for first, second, what in measured if what == "cosine"]


def _conflict(first: str, second: str, logs: Mapping[str, Log], styles: Mapping[str, str]) -> Conflict:
    cosines, ratios, angles = [], [], []
    for name, log in logs.items():
        measured = _measured(log, first, second)
        if not measured:
            continue
        steps, cosine, opposed, ratio = zip(*measured, strict=True)
        cosines.append(Line(steps, cosine, styles[name]))
        ratios.append(Line(steps, ratio, styles[name]))
        angles.append(Angle(name, fmean(cosine), fmean(opposed), fmean(ratio)))
    most = max(abs(value) for line in cosines for value in line.values)
    end = next(end for end in HALF_AXES if end >= min(most, 1.0))
    cosine = lines(f"cosine between the gradients of {first} and {second}", cosines, limits=(-end, end))
    ratio = lines(f"norm of the gradient of {second} over that of {first}", ratios)
    return Conflict(first, second, cosine, ratio, angles)


def _measured(log: Log, first: str, second: str) -> list[tuple[int, float, float, float]]:
    """Step, cosine, part opposed and ratio of norms on each line of the log that has them."""
    names = ("cosine", "opposed", f"norm_{first}", f"norm_{second}")
    columns = [log.gradients.get(f"{first}/{second}/{name}", []) for name in names]
    return [
        (step, cosine, opposed, theirs / ours)
        for step, cosine, opposed, ours, theirs in zip(log.steps, *columns, strict=False)
        if math.isfinite(cosine)
    ]


def _columns(lines: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    names = sorted({name for line in lines for name in line})
    return {name: [line.get(name, math.nan) for line in lines] for name in names}
