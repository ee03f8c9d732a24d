"""``results.json``: means and intervals per model, condition and class. Equal rows give equal bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acdepth.core.condition import Condition
from acdepth.core.files import write_json
from acdepth.evaluation.bootstrap import mean_interval, relative_change
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.rows import FrameRow


def summarise(rows: Sequence[FrameRow], protocol: Protocol, seed: int = 0) -> dict[str, Any]:
    """The content of ``results.json``.

    Args:
        rows: all models on the same frames; models and conditions keep the order they come in.
        protocol: what the rows were made with.
        seed: of the intervals' resampling.
    """
    models = list(dict.fromkeys(row.model for row in rows))
    conditions = [condition for condition in Condition if any(row.condition is condition for row in rows)]

    def chosen(model: str, condition: Condition) -> list[FrameRow]:
        return [row for row in rows if row.model == model and row.condition is condition]

    described = {**protocol.to_dict(), "facts": protocol.facts(), "seed": seed}
    results: dict[str, Any] = {
        "protocol": described,
        "model_order": models,
        "models": {
            model: {condition.value: _describe(chosen(model, condition), seed) for condition in conditions}
            for model in models
        },
    }
    if len(models) > 1:
        results["comparisons"] = {
            f"{model} vs {models[0]}": {
                condition.value: _compare(chosen(model, condition), chosen(models[0], condition), seed)
                for condition in conditions
            }
            for model in models[1:]
        }
    return results


def write_results(path: Path, results: dict[str, Any]) -> None:
    """Write ``results.json`` atomically."""
    write_json(path, results)


def _describe(rows: Sequence[FrameRow], seed: int) -> dict[str, Any]:
    sequences = [row.sequence for row in rows]
    classes = sorted({name for row in rows for name in row.classes})
    return {
        "images": len(rows),
        "sequences": len(set(sequences)),
        **{
            metric: mean_interval([row.metrics[metric] for row in rows], sequences, seed).to_dict()
            for metric in METRICS
        },
        "classes": {
            name: {
                metric: mean_interval(
                    [row.classes[name][metric] for row in rows if name in row.classes],
                    [row.sequence for row in rows if name in row.classes],
                    seed,
                ).to_dict()
                for metric in METRICS
            }
            for name in classes
        },
    }


def _compare(rows: Sequence[FrameRow], baseline: Sequence[FrameRow], seed: int) -> dict[str, Any]:
    # Rows of the same frames, whatever order the models were evaluated in.
    theirs = {row.key: row for row in baseline}
    pairs = [(row, theirs[row.key]) for row in rows if row.key in theirs]
    change = relative_change(
        [ours.metrics["abs_rel"] for ours, _ in pairs],
        [base.metrics["abs_rel"] for _, base in pairs],
        [ours.sequence for ours, _ in pairs],
        seed,
    )
    values = change.to_dict()
    return {"abs_rel": {"relative_change": values["mean"], "low": values["low"], "high": values["high"]}}
