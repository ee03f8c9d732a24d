"""What ``results.json`` says of a confidence under one condition."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import bootstrap_means
from acdepth.evaluation.rows import FrameRow
from acdepth.evaluation.sparsification import COVERAGE

AREAS = ("ause", "ause_constant", "ause_nearness")
CURVES = ("abs_rel_at_coverage", "oracle_at_coverage")
DIGITS = 6


def summarise_confidence(rows: Sequence[FrameRow], seed: int) -> dict[str, Any] | None:
    """Means over images of areas and curves; None where no row has a confidence.

    Args:
        rows: of one model under one condition.
        seed: of the intervals' resampling.

    Returns:
        Each area with its interval; ``improvement`` of the mean ``ause`` over the mean ``ause_constant``, as
        part of the latter (0.4 is 40 % better), and ``improvement_of_nearness`` likewise; ``coverage`` and
        the mean error at each of its parts.
    """
    known = [row for row in rows if row.confidence is not None]
    if not known:
        return None
    found = [row.confidence or {} for row in known]
    groups = np.unique([row.sequence for row in known], return_inverse=True)[1].astype(np.int64)
    table = np.array([[one[name] for name in AREAS] for one in found], dtype=np.float64)
    intervals = bootstrap_means(table, groups, make_generator(seed, "bootstrap"))
    areas = {
        name: {end: _rounded(value) for end, value in interval._asdict().items()}
        for name, interval in zip(AREAS, intervals, strict=True)
    }
    ours, constant, nearness = (interval.mean for interval in intervals)
    return {
        "images": len(known),
        **areas,
        "improvement": _improvement(ours, constant),
        "improvement_of_nearness": _improvement(nearness, constant),
        "coverage": list(COVERAGE),
        **{name: [_rounded(x) for x in np.mean([one[name] for one in found], 0)] for name in CURVES},
    }


def _improvement(area: float, constant: float) -> float | None:
    """None where no order is better than another: all errors of all images are equal."""
    return _rounded(1 - area / constant) if constant > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)
