"""Whether the gradients of two loss terms pull apart, over one training or several: charts and numbers.

Only trainings with ``loop.gradient_statistics_every`` measure it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from acdepth.reports.charts import Line, lines
from acdepth.reports.reading import Log

HALF_AXES = (0.1, 0.2, 0.5, 1.0)
"""Ends of the cosine's axis; the narrowest that holds all values is taken."""


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


def conflicts(logs: Mapping[str, Log], styles: Mapping[str, str]) -> list[Conflict]:
    """The figures of each two terms that any training measured.

    Args:
        logs: by name of the training.
        styles: of the lines, by the same names (`charts.model_classes`).
    """
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
    return Conflict(
        first,
        second,
        lines(
            f"cosine between the gradients of {first} and {second}",
            cosines,
            ticks=[-end, -end / 2, 0.0, end / 2, end],
        ),
        lines(f"norm of the gradient of {second} over that of {first}", ratios),
        angles,
    )


def _measured(log: Log, first: str, second: str) -> list[tuple[int, float, float, float]]:
    """Step, cosine, part opposed and ratio of norms on each line of the log that has them."""
    names = ("cosine", "opposed", f"norm_{first}", f"norm_{second}")
    columns = [log.gradients.get(f"{first}/{second}/{name}", []) for name in names]
    return [
        (step, cosine, opposed, theirs / ours)
        for step, cosine, opposed, ours, theirs in zip(log.steps, *columns, strict=False)
        if math.isfinite(cosine)
    ]
