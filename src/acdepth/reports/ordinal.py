"""How many pairs of points each model orders right, as a table for a terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.reports.terminal import open_table

RIGHT_IN_WORDS = "right: of the pairs with a closer point, those ordered so"
RULE_IN_WORDS = "lower is closer: the rule that needs no network"
WHDR_IN_WORDS = (
    "WHDR: of all pairs, those called by another of closer, farther and same (depths that differ by less "
    "than {:.0f} %)"
)
AGAINST_IN_WORDS = "against: in points, on the same pairs"


def has_pairs(path: Path) -> bool:
    """Whether ``results.json`` holds an evaluation on pairs of points."""
    return path.exists() and "ordinal" in read_json(path)


def has_depth(path: Path) -> bool:
    """Whether ``results.json`` holds an evaluation against measured depth."""
    return path.exists() and bool(read_json(path).get("models"))


def print_ordinal(path: Path, console: Console | None = None) -> None:
    """Print what ``results.json`` says of pairs of points.

    Raises:
        UserError: if the file is missing or has no such block.
    """
    try:
        block = read_json(path)["ordinal"]
        _print(block, console or Console())
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(path, f"no results of evaluate --pairs ({error})", "evaluate again") from error


def _print(block: Mapping[str, Any], console: Console) -> None:
    models: dict[str, Any] = {**block["models"], **block["reference"]}
    first, ties = next(iter(block["models"])), _any(models, "whdr")
    table = open_table("Pairs of points ordered as they are")
    table.add_column("condition", style="bold")
    table.add_column("model")
    for name in ("pairs", "images", "right % \\[95 %]", *(["WHDR % \\[95 %]"] if ties else [])):
        table.add_column(name, justify="right", no_wrap=True)
    compared = block["comparisons"]
    if compared:
        table.add_column(f"against {first}", justify="right", no_wrap=True)
    for condition in Condition:
        there = [model for model in models if condition in models[model]]
        for place, model in enumerate(there):
            cell = models[model][condition]
            cells = ["" if place else condition.value, model, f"{cell['pairs']}", f"{cell['images']}"]
            cells += [_percent(cell.get(name)) for name in ("accuracy", *(["whdr"] if ties else []))]
            if compared:
                cells.append(_points(compared.get(f"{model} vs {first}", {}).get(condition)))
            style = "dim" if model in block["reference"] else None
            table.add_row(*cells, style=style, end_section=model == there[-1])
    console.print(table, "", sep="\n")
    counts = block["pairs"]
    facts = [f"{counts['scored']} of {counts['found']} pairs of {counts['path']}", _interval_words(models)]
    facts += [RIGHT_IN_WORDS, RULE_IN_WORDS]
    facts += [WHDR_IN_WORDS.format(100 * (block["tie_ratio"] - 1))] if ties else []
    facts += [AGAINST_IN_WORDS] if compared else []
    console.print("; ".join(facts), style="dim", highlight=False, markup=False)


def _any(models: Mapping[str, Any], name: str) -> bool:
    return any(name in cell for cells in models.values() for cell in cells.values())


def _interval_words(models: Mapping[str, Any]) -> str:
    cells = [(condition, cell) for of_model in models.values() for condition, cell in of_model.items()]
    over = {condition: cell["interval_over"] for condition, cell in cells if _has_interval(cell)}
    few = dict.fromkeys(condition for condition, _ in cells if condition not in over)
    where = "" if not over else f" of {', '.join(few)}"
    none = f"no interval{where}: fewer than {FEWEST_DRIVES} sequences or images to draw" if few else ""
    return "; ".join(words for words in (_drawn_over(over) if over else "", none) if words)


def _drawn_over(over: Mapping[str, str]) -> str:
    alone = [condition for condition, what in over.items() if what == "images"]
    if not alone:
        return "95 % intervals over sequences"
    if len(alone) == len(over):
        return "95 % intervals over images, as there is one sequence only"
    return f"95 % intervals over sequences, of {', '.join(alone)} over images, as there is one sequence only"


def _has_interval(cell: Mapping[str, Any]) -> bool:
    return any(cell[name]["low"] is not None for name in ("accuracy", "whdr") if name in cell)


def _percent(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return "–"
    mean, low, high = (estimate[end] for end in ("mean", "low", "high"))
    ends = "" if low is None or high is None else f" \\[{100 * low:.1f}–{100 * high:.1f}]"
    return f"{100 * mean:.1f}{ends}"


def _points(change: Mapping[str, Any] | None) -> str:
    found = change and change["accuracy"]
    if not found:
        return ""
    mean, *ends = (found[name] for name in ("mean", "low", "high"))
    numbers = "" if None in ends else f" \\[{', '.join(f'{100 * end:+.1f}' for end in ends)}]"
    return f"{100 * mean:+.1f}{numbers}".replace("-", "−")
