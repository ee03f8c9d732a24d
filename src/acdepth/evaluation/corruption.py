"""How well depth survives corruptions: mCE and mRR as RoboDepth has them (Kong et al., NeurIPS 2023).

Both are in per cent, as published. Arrays end in the severities; what stands before is the caller's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import COVERAGE, DRAWS, FEWEST_SEQUENCES, draw_clips, per_sequence
from acdepth.evaluation.corrupted import MEASURED, CorruptionErrors
from acdepth.evaluation.corruptions import GROUPS, SEVERITIES, VERSION

Values = NDArray[np.float64]
DIGITS = 6


def estimation_error(abs_rel: Values, d1: Values) -> Values:
    """DEE: one error of depth from two. 0 is perfect.

    Args:
        abs_rel: any shape; lower is better.
        d1: the same shape, part of the pixels in 0..1; higher is better.
    """
    return (abs_rel - d1 + 1) / 2


def corruption_error(errors: Values, baseline: Values) -> Values:
    """CE: a model's DEE over all severities relative to the baseline's. Lower is better, 100 is as good.

    Args:
        errors: (..., L) DEE of the model.
        baseline: (..., L) DEE of the model it is compared with.

    Returns:
        (...,) [%]; not finite where the baseline makes no error.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * errors.sum(-1) / baseline.sum(-1)


def resilience_rate(errors: Values, clean: Values) -> Values:
    """RR: what a model keeps of its accuracy on clean images, 1 - DEE. Higher is better, 100 is all of it.

    Args:
        errors: (..., L) DEE on corrupted images.
        clean: (...,) DEE on the same images as they were.

    Returns:
        (...,) [%]; not finite where there is no accuracy to keep.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * (1 - errors).mean(-1) / (1 - clean)


def summarise_corruptions(
    measured: CorruptionErrors, baseline: str, every: int = 1, seed: int = 0
) -> dict[str, Any]:
    """What ``results.json`` holds under ``corruptions``.

    Args:
        measured: of all models.
        baseline: the model that corruption errors are relative to; one of the measured.
        every: each which frame was taken.
        seed: of the intervals' resampling, which draws whole sequences again.
    """
    groups, times = _drawn(measured.clips, seed)
    clean = {model: _means(values, groups, times) for model, values in measured.clean.items()}
    corrupted = {model: _means(values, groups, times) for model, values in measured.corrupted.items()}
    return {
        "version": VERSION,
        "baseline": baseline,
        "images": len(measured.clips),
        "sequences": times.shape[1],
        "every": every,
        "interval_seed": seed,
        "severities": list(SEVERITIES),
        "kind_order": list(measured.kinds),
        "models": {
            model: _describe(measured.kinds, clean[model], corrupted[model], corrupted[baseline])
            for model in clean
        },
    }


def _describe(kinds: Sequence[str], clean: Values, corrupted: Values, baseline: Values) -> dict[str, Any]:
    """One model: of clean images (1 + D, 2), of corrupted ones (1 + D, K, L, 2), and the baseline's."""
    errors = _joined(corrupted)
    ce = corruption_error(errors, _joined(baseline))
    rr = resilience_rate(errors, _joined(clean)[:, None])

    def means(members: Sequence[int]) -> dict[str, Any]:
        return {"mce": _interval(ce[:, members].mean(1)), "mrr": _interval(rr[:, members].mean(1))}

    places = {group: [kinds.index(kind) for kind in GROUPS[group] if kind in kinds] for group in GROUPS}
    return {
        **means(range(len(kinds))),
        "groups": {group: means(members) for group, members in places.items() if members},
        "clean": _plain(clean[0]),
        "kinds": {
            kinds[place]: {
                "group": group,
                "ce": _interval(ce[:, place]),
                "rr": _interval(rr[:, place]),
                **_plain(corrupted[0, place]),
            }
            for group, members in places.items()
            for place in members
        },
    }


def _drawn(clips: Sequence[str], seed: int) -> tuple[NDArray[np.int64], Values]:
    """Number of each frame's sequence, (N,), and how often each sequence counts, (1 + D, S): once, then as
    drawn; D is 0 where there are too few to draw from."""
    names, groups = np.unique(clips, return_inverse=True)
    times = np.ones((1, len(names)))
    if len(names) >= FEWEST_SEQUENCES:
        drawn = draw_clips(len(names), DRAWS, make_generator(seed, "bootstrap"))
        times = np.concatenate([times, drawn])
    return groups.astype(np.int64), times


def _means(values: Values, groups: NDArray[np.int64], times: Values) -> Values:
    """Means over the frames (N, ...), plain and over each draw: (1 + D, ...)."""
    sums, counts = per_sequence(values.reshape(len(values), -1), groups)
    return ((times @ sums) / (times @ counts)).reshape(-1, *values.shape[1:])


def _joined(measured: Values) -> Values:
    """DEE (...) of `MEASURED` (..., 2)."""
    return estimation_error(measured[..., 0], measured[..., 1])


def _plain(measured: Values) -> dict[str, Any]:
    """`MEASURED` (2,) or (L, 2) and their DEE, by name."""
    named = dict(zip(MEASURED, np.moveaxis(measured, -1, 0), strict=True))
    return {name: np.round(values, DIGITS).tolist() for name, values in named.items()} | {
        "dee": np.round(_joined(measured), DIGITS).tolist()
    }


def _interval(values: Values) -> dict[str, float | None]:
    """The value and the interval of its draws, (1 + D,); None for what is not finite."""
    ends: list[float | None] = [None, None]
    if len(values) > 1 and np.isfinite(values).all():
        tail = (1 - COVERAGE) / 2
        ends = [round(float(end), DIGITS) for end in np.quantile(values[1:], [tail, 1 - tail])]
    mean = round(float(values[0]), DIGITS) if np.isfinite(values[0]) else None
    return {"mean": mean, "low": ends[0], "high": ends[1]}
