"""How well depth survives corruptions: mCE and mRR as RoboDepth has them (Kong et al., NeurIPS 2023).

Both are in per cent, as published. Arrays end in the severities; what stands before is the caller's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import DRAWS, FEWEST_SEQUENCES, of_draws, per_sequence, with_interval
from acdepth.evaluation.corruptions.kinds import GROUPS, SEVERITIES, VERSION
from acdepth.evaluation.corruptions.scoring import MEASURED, CorruptedAt, CorruptionErrors, Size
from acdepth.evaluation.schema import (
    CleanErrors,
    CorruptedModel,
    CorruptionMeans,
    CorruptionResults,
    KindErrors,
    Ratio,
)

Values = NDArray[np.float64]


def estimation_error(abs_rel: Values, d1: Values) -> Values:
    """DEE: one error of depth from two of the same shape. 0 is perfect."""
    return (abs_rel - d1 + 1) / 2


def corruption_error(errors: Values, baseline: Values) -> Values:
    """CE: a model's DEE over all severities relative to the baseline's. Lower is better, 100 is as good.

    From (..., L) of both to (...,) [%]; not finite where the baseline makes no error.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * errors.sum(-1) / baseline.sum(-1)


def resilience_rate(errors: Values, clean: Values) -> Values:
    """RR: what a model keeps of its accuracy on clean images, 1 - DEE. Higher is better, 100 is all of it.

    From DEE on corrupted images (..., L) and on the same as they were (...,) to (...,) [%]; not finite where
    there is no accuracy to keep.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * (1 - errors).mean(-1) / (1 - clean)


def summarise_corruptions(
    measured: CorruptionErrors, baseline: str, at: CorruptedAt = "input", every: int = 1, seed: int = 0
) -> CorruptionResults:
    """What ``results.json`` holds under ``corruptions``; errors are relative to those of ``baseline``.

    Images were corrupted ``at`` a size; one frame in ``every`` was taken; ``seed`` is that of the intervals,
    which draw whole sequences again.
    """
    means = _means(measured, seed)
    return CorruptionResults(
        version=VERSION,
        corrupted_at=at if isinstance(at, str) else "{}x{}".format(*at),
        baseline=baseline,
        images=len(measured.clips),
        sequences=len(set(measured.clips)),
        every=every,
        interval_seed=seed,
        severities=SEVERITIES,
        kind_order=measured.kinds,
        models={
            model: _describe(measured.kinds, measured.sizes[model], clean, corrupted, means[baseline][1])
            for model, (clean, corrupted) in means.items()
        },
    )


def _describe(
    kinds: Sequence[str], sizes: Sequence[Size], clean: Values, corrupted: Values, baseline: Values
) -> CorruptedModel:
    """One model: of clean images (1 + D, 2), of corrupted ones (1 + D, K, L, 2), and the baseline's."""
    errors = _joined(corrupted)
    ce = corruption_error(errors, _joined(baseline))
    rr = resilience_rate(errors, _joined(clean)[:, None])

    def means(members: Sequence[int]) -> CorruptionMeans:
        return CorruptionMeans(mce=_ratio(ce[:, members].mean(1)), mrr=_ratio(rr[:, members].mean(1)))

    places = {group: [kinds.index(kind) for kind in GROUPS[group] if kind in kinds] for group in GROUPS}
    return CorruptedModel(
        **dict(means(range(len(kinds)))),
        sizes=tuple(sizes),
        groups={group: means(members) for group, members in places.items() if members},
        clean=CleanErrors(**_named(clean[0])),
        kinds={
            kinds[place]: KindErrors(
                group=group, ce=_ratio(ce[:, place]), rr=_ratio(rr[:, place]), **_named(corrupted[0, place])
            )
            for group, members in places.items()
            for place in members
        },
    )


def _means(measured: CorruptionErrors, seed: int) -> dict[str, tuple[Values, Values]]:
    """Per model, means over the frames of clean (1 + D, 2) and corrupted (1 + D, K, L, 2) images.

    The first of the 1 + D is plain, the others are of sequences drawn again; D is 0 where there are too few.
    """
    names, groups = np.unique(measured.clips, return_inverse=True)
    models = list(measured.clean)
    arrays = [of[model] for model in models for of in (measured.clean, measured.corrupted)]
    tables = [per_sequence(array.reshape(len(array), -1), groups.astype(np.int64)) for array in arrays]

    def of_all(times: Values) -> Values:
        return np.concatenate([(times @ sums) / (times @ counts) for sums, counts in tables], axis=1)

    means = of_all(np.ones((1, len(names))))
    if len(names) >= FEWEST_SEQUENCES:
        drawn = of_draws(of_all, len(names), DRAWS, make_generator(seed, "bootstrap"))
        means = np.concatenate([means, drawn])
    ends = np.cumsum([sums.shape[1] for sums, _ in tables])[:-1]
    parts = [
        part.reshape(-1, *array.shape[1:])
        for part, array in zip(np.split(means, ends, axis=1), arrays, strict=True)
    ]
    return dict(zip(models, zip(parts[::2], parts[1::2], strict=True), strict=True))


def _joined(measured: Values) -> Values:
    """DEE (...) of `MEASURED` (..., 2)."""
    return estimation_error(measured[..., 0], measured[..., 1])


def _named(measured: Values) -> dict[str, Any]:
    """`MEASURED` (2,) or (L, 2) and their DEE, by name."""
    named = dict(zip(MEASURED, np.moveaxis(measured, -1, 0), strict=True)) | {"dee": _joined(measured)}
    return {name: values.tolist() for name, values in named.items()}


def _ratio(values: Values) -> Ratio:
    """The value and the interval of its draws, (1 + D,); None for what is not finite."""
    mean, drawn = float(values[0]), values[1:]
    if not np.isfinite(mean):
        return Ratio(mean=None, low=None, high=None)
    if not len(drawn) or not np.isfinite(drawn).all():
        return Ratio(mean=mean, low=None, high=None)
    return Ratio(**with_interval(mean, drawn)._asdict())
