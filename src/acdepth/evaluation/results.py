"""``results.json``: means and intervals per model, condition and class. Equal rows give equal bytes."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import bootstrap_means
from acdepth.evaluation.edges import EDGE_METRICS
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.repeats import paired_changes
from acdepth.evaluation.schema import (
    FORMAT,
    Cell,
    Change,
    ConfidenceScores,
    Data,
    Estimate,
    FrameRow,
    MeasuredBy,
    Results,
    Scores,
)
from acdepth.evaluation.sparsification import COVERAGE

COMPARED = ("abs_rel", "edge_f")
"""Metrics whose change against the baseline is told."""
AREAS = ("ause", "ause_constant", "ause_nearness")
CURVES = ("abs_rel_at_coverage", "oracle_at_coverage")


def summarise(
    rows: Sequence[FrameRow],
    protocol: Protocol,
    seed: int = 0,
    conditions: Collection[Condition] = tuple(Condition),
    **about: Any,
) -> Results:
    """The content of ``results.json``, with further fields of `Results` from ``about``.

    Args:
        rows: all models on the same frames; models keep the order they come in.
        protocol: what the rows were made with.
        seed: of the intervals' resampling.
        conditions: those that are reported; frames count under conditions as the protocol says.
        about: also what takes the place of fields.
    """
    groups = protocol.group(rows, conditions)
    first, *others = groups or [""]
    content: dict[str, Any] = {
        "format": FORMAT,
        "protocol": MeasuredBy(**protocol.to_dict(), facts=protocol.facts(), interval_seed=seed),
        "model_order": tuple(groups),
        "models": {
            model: {condition: _describe(chosen, seed) for condition, chosen in found.items()}
            for model, found in groups.items()
        },
        "comparisons": {
            f"{model} vs {first}": {
                condition: _compare(chosen, groups[first][condition], seed)
                for condition, chosen in groups[model].items()
            }
            for model in others
        },
    }
    return Results(**(content | about))


def describe_data(
    path: Path, split: str | None, cameras: Sequence[str] | None, footage: Sequence[Clip]
) -> Data:
    """What ``results.json`` says under ``data``; which styles of the built-in world there are is counted."""
    styles = Counter(clip.style for clip in footage if clip.style)
    counted: dict[str, Any] = {"styles": dict(sorted(styles.items()))} if styles else {}
    masked = [part for clip in footage if (part := _masked_part(clip)) is not None]
    counted |= {"masked": float(np.mean(masked))} if masked else {}
    channels = None if cameras is None else tuple(cameras)
    return Data(path=path.as_posix(), split=split, cameras=channels, sequences=len(footage), **counted)


def _masked_part(clip: Clip) -> float | None:
    """None without a mask; one that cannot be read is told where its frames are."""
    try:
        mask = clip.ego_mask
    except UserError:
        return None
    return None if mask is None else float(mask.mean())


def _describe(rows: Sequence[FrameRow], seed: int) -> Cell:
    classes = sorted({name for row in rows for name in row.classes})
    confidence = _confidence([row for row in rows if row.confidence], seed)
    measured: dict[str, Any] = {"confidence": confidence} if confidence else {}
    return Cell(
        images=len(rows),
        sequences=len({row.sequence for row in rows}),
        **_estimates([row.metrics for row in rows], rows, seed),
        classes={
            name: Scores(
                images=sum(name in row.classes for row in rows),
                **_estimates([row.classes.get(name) for row in rows], rows, seed),
            )
            for name in classes
        },
        **measured,
    )


def _estimates(
    metrics: Sequence[dict[str, float] | None], rows: Sequence[FrameRow], seed: int
) -> dict[str, Any]:
    names = _names(metrics)
    found = bootstrap_means(_table(metrics, names), _groups(rows), make_generator(seed, "bootstrap"))
    return {name: Estimate.of(interval) for name, interval in zip(names, found, strict=True)}


def _names(metrics: Sequence[dict[str, float] | None]) -> tuple[str, ...]:
    """The customary metrics, and those of edges that any image has."""
    there = {name for values in metrics for name in values or ()}
    return METRICS + tuple(name for name in EDGE_METRICS if name in there)


def _confidence(rows: Sequence[FrameRow], seed: int) -> ConfidenceScores | None:
    """Means over images of areas and curves, of rows that have a confidence."""
    found = [row.confidence for row in rows if row.confidence]
    if not found:
        return None
    table = np.array([[getattr(one, name) for name in AREAS] for one in found], dtype=np.float64)
    intervals = bootstrap_means(table, _groups(rows), make_generator(seed, "bootstrap"))
    ours, constant, nearness = (interval.mean for interval in intervals)
    curves = {name: np.mean([getattr(one, name) for one in found], 0).tolist() for name in CURVES}
    return ConfidenceScores(
        images=len(rows),
        **{name: Estimate.of(interval) for name, interval in zip(AREAS, intervals, strict=True)},
        improvement=1 - ours / constant if constant > 0 else None,
        improvement_of_nearness=1 - nearness / constant if constant > 0 else None,
        coverage=COVERAGE,
        **curves,
    )


def _compare(rows: Sequence[FrameRow], baseline: Sequence[FrameRow], seed: int) -> dict[str, Change]:
    """Changes against the baseline on the same frames, relative to its mean, where that is not 0."""
    theirs = {row.key: row.metrics for row in baseline}
    ours = [row.metrics for row in rows]
    names = [name for name in COMPARED if name in _names(ours)]
    values, base = _table(ours, names), _table([theirs[row.key] for row in rows], names)
    generator = make_generator(seed, "bootstrap")
    found = paired_changes(values[None], base[None], _groups(rows), generator, fewest_seeds=1)
    return {
        name: Change(relative_change=relative.mean, low=relative.low, high=relative.high)
        for name, (_, relative) in zip(names, found, strict=True)
        if np.isfinite(relative.mean)
    }


def _table(metrics: Sequence[dict[str, float] | None], names: Sequence[str]) -> np.ndarray:
    """(N, M), NaN where an image lacks a metric."""
    return np.array([[(values or {}).get(name, np.nan) for name in names] for values in metrics], np.float64)


def _groups(rows: Sequence[FrameRow]) -> np.ndarray:
    return np.unique([row.sequence for row in rows], return_inverse=True)[1].astype(np.int64)
