"""``results.json``: means and intervals per model, condition and class. Equal rows give equal bytes."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.files import write_json
from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import Interval, bootstrap_difference, bootstrap_means
from acdepth.evaluation.confidence_summary import summarise_confidence
from acdepth.evaluation.edges import EDGE_METRICS
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.rows import FrameRow

DIGITS = 6
COMPARED = ("abs_rel", "edge_f")
"""Metrics whose change against the baseline is told."""


def summarise(
    rows: Sequence[FrameRow],
    protocol: Protocol,
    seed: int = 0,
    conditions: Collection[Condition] = tuple(Condition),
) -> dict[str, Any]:
    """The content of ``results.json``.

    Args:
        rows: all models on the same frames; models keep the order they come in.
        protocol: what the rows were made with.
        seed: of the intervals' resampling.
        conditions: those that are reported; frames count under conditions as the protocol says.
    """
    groups = protocol.group(rows, conditions)
    models = list(groups)
    return {
        "protocol": {**protocol.to_dict(), "facts": protocol.facts(), "interval_seed": seed},
        "model_order": models,
        "models": {
            model: {condition: _describe(chosen, seed) for condition, chosen in groups[model].items()}
            for model in models
        },
        "comparisons": {
            f"{model} vs {models[0]}": {
                condition: _compare(chosen, groups[models[0]][condition], seed)
                for condition, chosen in groups[model].items()
            }
            for model in models[1:]
        },
    }


def describe_data(
    path: Path, split: str | None, cameras: Sequence[str] | None, footage: Sequence[Clip]
) -> dict[str, Any]:
    """What ``results.json`` says under ``data``.

    Args:
        path: as it was given.
        split: part of the data set; None where it has none.
        cameras: channels; None where the data set has none to choose from.
        footage: that was evaluated; it is counted how many sequences are of which style of the built-in
            world, towns aside.
    """
    styles = Counter(clip.style for clip in footage if clip.style)
    return {
        "path": path.as_posix(),
        "split": split,
        "cameras": None if cameras is None else list(cameras),
        "sequences": len(footage),
        **({"styles": dict(sorted(styles.items()))} if styles else {}),
    }


def write_results(path: Path, results: dict[str, Any]) -> None:
    """Write ``results.json`` atomically."""
    write_json(path, results)


def _describe(rows: Sequence[FrameRow], seed: int) -> dict[str, Any]:
    classes = sorted({name for row in rows for name in row.classes})
    confidence = summarise_confidence(rows, seed)
    return {
        "images": len(rows),
        "sequences": len({row.sequence for row in rows}),
        **_intervals([row.metrics for row in rows], rows, seed),
        "classes": {
            name: {
                "images": sum(name in row.classes for row in rows),
                **_intervals([row.classes.get(name) for row in rows], rows, seed),
            }
            for name in classes
        },
        **({"confidence": confidence} if confidence else {}),
    }


def _intervals(
    metrics: Sequence[dict[str, float] | None], rows: Sequence[FrameRow], seed: int
) -> dict[str, dict[str, float | None]]:
    names = _names(metrics)
    found = bootstrap_means(_table(metrics, names), _groups(rows), make_generator(seed, "bootstrap"))
    return {name: _plain(interval) for name, interval in zip(names, found, strict=True)}


def _names(metrics: Sequence[dict[str, float] | None]) -> tuple[str, ...]:
    """The customary metrics, and those of edges that any image has."""
    there = {name for values in metrics for name in values or ()}
    return METRICS + tuple(name for name in EDGE_METRICS if name in there)


def _compare(rows: Sequence[FrameRow], baseline: Sequence[FrameRow], seed: int) -> dict[str, Any]:
    """Changes against the baseline on the same frames, relative to its mean, where that is not 0."""
    theirs = {row.key: row.metrics for row in baseline}
    ours = [row.metrics for row in rows]
    names = [name for name in COMPARED if name in _names(ours)]
    values, base = _table(ours, names), _table([theirs[row.key] for row in rows], names)
    generator = make_generator(seed, "bootstrap")
    differences = bootstrap_difference(values, base, _groups(rows), generator)
    means = np.nanmean(base, 0).tolist()
    found = {}
    for name, difference, mean in zip(names, differences, means, strict=True):
        if mean > 0:
            low, high = (None if end is None else end / mean for end in (difference.low, difference.high))
            change = Interval(difference.mean / mean, low, high)
            found[name] = {"relative_change": _rounded(change.mean), **_ends(change)}
    return found


def _table(metrics: Sequence[dict[str, float] | None], names: Sequence[str]) -> np.ndarray:
    """(N, M), NaN where an image lacks a metric."""
    return np.array([[(values or {}).get(name, np.nan) for name in names] for values in metrics], np.float64)


def _groups(rows: Sequence[FrameRow]) -> np.ndarray:
    return np.unique([row.sequence for row in rows], return_inverse=True)[1].astype(np.int64)


def _plain(interval: Interval) -> dict[str, float | None]:
    return {"mean": _rounded(interval.mean), **_ends(interval)}


def _ends(interval: Interval) -> dict[str, float | None]:
    return {"low": _rounded(interval.low), "high": _rounded(interval.high)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
