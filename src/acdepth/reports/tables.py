"""The results as tables: for a terminal, for Markdown, and as rows for the page."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from acdepth.core.condition import Condition
from acdepth.evaluation.edges import EDGE_METRICS
from acdepth.reports.corruptions import corruption_tables, read_corruptions
from acdepth.reports.coverage import coverage_table
from acdepth.reports.facts import facts
from acdepth.reports.reading import Cell, Estimate, Results, read_results
from acdepth.reports.terminal import escaped, open_table
from acdepth.reports.verdicts import Comparison, Verdict, compare, signed_percent

COLOURS = {
    Verdict.LOWER: "green",
    Verdict.HIGHER: "red",
    Verdict.NONE_SHOWN: "dim",
    Verdict.TOO_FEW: "dim",
}
EDGE_COLUMNS = ("edge F ↑ [95 %]", "precision ↑", "recall ↑")
MARKS = {Verdict.LOWER: "▼", Verdict.HIGHER: "▲", Verdict.NONE_SHOWN: "≈", Verdict.TOO_FEW: "?"}


@dataclass(frozen=True)
class Row:
    """One line of a table: a model under a condition."""

    condition: Condition
    model: str
    cell: Cell
    first: bool
    """Whether it opens its condition."""
    comparison: Comparison | None
    """Against the baseline; None for the baseline itself."""


def rows(results: Results) -> list[Row]:
    """All lines, grouped by condition, models in their order."""
    found = []
    for condition in results.conditions:
        models = [model for model in results.models if (model, condition) in results.cells]
        for model in models:
            comparison = (
                None if model == results.baseline else compare(results, model, results.baseline, condition)
            )
            cell = results.cells[model, condition]
            found.append(Row(condition, model, cell, model == models[0], comparison))
    return found


def print_results(path: Path, console: Console | None = None) -> None:
    """Print ``results.json`` as tables.

    Raises:
        UserError: if the file is missing or is no result of ``acdepth evaluate``.
    """
    results = read_results(path)
    console = console or Console()
    console.print(_main_table(results), "", sep="\n")
    if results.has_edges:
        console.print(_edge_table(results), "", sep="\n")
    if results.classes:
        console.print(_class_table(results), "", sep="\n")
    if confidence := coverage_table(results):
        console.print(confidence, "", sep="\n")
    if len(results.models) > 1:
        marks = [f"{mark} {verdict.value}" for verdict, mark in MARKS.items()]
        marks.append("* on the same frames; own intervals overlap")
        console.print("; ".join(marks), style="dim", highlight=False)
    console.print("; ".join(facts(results)), style="dim", highlight=False)
    if corruptions := read_corruptions(path):
        for table in corruption_tables(corruptions):
            console.print("", table, sep="\n")
        console.print("", "; ".join(corruptions.facts), sep="\n", style="dim", highlight=False)


def markdown(results: Results) -> str:
    """The main table and those of edges and classes, where there are any, as Markdown for documents."""
    lines = [
        "; ".join(facts(results)),
        "",
        "| condition | model | absRel ↓ (95 %) | RMSE ↓ [m] | d1 ↑ [%] | absRel against "
        f"{results.baseline} |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.condition if row.first else ''} | {row.model} | "
        f"{with_interval(row.cell.metrics['abs_rel'])} | {rmse(row.cell)} | {d1(row.cell)} | "
        f"{change_in_words(row.comparison)} |"
        for row in rows(results)
    ]
    if results.has_edges:
        lines += ["", "Depth edges:", "", f"| condition | model | {' | '.join(EDGE_COLUMNS)} |"]
        lines += ["|" + "---|" * (2 + len(EDGE_COLUMNS))]
        lines += [
            f"| {row.condition if row.first else ''} | {row.model} | {' | '.join(edges(row.cell))} |"
            for row in rows(results)
        ]
    if results.classes:
        names = results.classes
        lines += ["", "absRel per class:", "", f"| condition | model | {' | '.join(names)} |"]
        lines += ["|" + "---|" * (2 + len(names))]
        lines += [
            f"| {row.condition if row.first else ''} | {row.model} | "
            f"{' | '.join(class_value(row.cell, name) for name in names)} |"
            for row in rows(results)
        ]
    return "\n".join(lines) + "\n"


def with_interval(estimate: Estimate) -> str:
    """``0.242 [0.230–0.254]``; only the mean where there is no interval."""
    return f"{estimate.mean:.3f} {interval(estimate)}".rstrip()


def interval(estimate: Estimate) -> str:
    """``[0.230–0.254]``, or nothing."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{estimate.low:.3f}–{estimate.high:.3f}]"


def rmse(cell: Cell) -> str:
    """Metres, two digits."""
    return f"{cell.metrics['rmse'].mean:.2f}"


def d1(cell: Cell) -> str:
    """Per cent of the pixels within 25 % of truth."""
    return f"{100 * cell.metrics['d1'].mean:.1f}"


def class_value(cell: Cell, name: str) -> str:
    """absRel of a class with its interval, or a dash where no pixel of it was measured."""
    return with_interval(cell.classes[name]) if name in cell.classes else "–"


def edges(cell: Cell) -> list[str]:
    """What stands under `EDGE_COLUMNS`: the F-score with its interval; dashes for what has no value."""
    found = [cell.metrics.get(name) for name in EDGE_METRICS]
    score, *parts = found
    shown = [with_interval(score) if score else "–"]
    return shown + [f"{part.mean:.3f}" if part else "–" for part in parts]


def change_interval(comparison: Comparison) -> str:
    """``[−35, −27] %``, or nothing where the frames were not paired."""
    change = comparison.change
    if change.low is None or change.high is None:
        return ""
    low, high = (signed_percent(end).removesuffix(" %") for end in (change.low, change.high))
    return f"[{low}, {high}] %"


def change_in_words(comparison: Comparison | None) -> str:
    """``−31 % [−35, −27] %, lower error``; a dash for the baseline."""
    if comparison is None:
        return "–"
    numbers = f"{signed_percent(comparison.change.mean)} {change_interval(comparison)}".rstrip()
    note = " (own intervals overlap)" if comparison.by_pairing_only else ""
    return f"{numbers}, {comparison.verdict.value}{note}"


def _main_table(results: Results) -> Table:
    table = open_table("Depth errors per condition", padding=(0, 1, 0, 0))
    table.add_column("condition", style="bold")
    table.add_column("model")
    table.add_column("absRel ↓ [95 %]", no_wrap=True)
    table.add_column("RMSE ↓", justify="right")
    table.add_column("d1 ↑ %", justify="right")
    if len(results.models) > 1:
        table.add_column(f"% vs {results.baseline}", no_wrap=True)
    for row in rows(results):
        if row.first:
            table.add_section()
        cells = [
            row.condition.value if row.first else "",
            row.model,
            with_interval(row.cell.metrics["abs_rel"]),
            rmse(row.cell),
            d1(row.cell),
        ]
        change = [_marked_change(row.comparison)] if len(results.models) > 1 else []
        table.add_row(*map(escaped, cells), *change)
    return table


def _marked_change(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    numbers = f"{signed_percent(comparison.change.mean)} {change_interval(comparison)}".replace(" %", "")
    mark = MARKS[comparison.verdict] + ("*" if comparison.by_pairing_only else "")
    return f"[{COLOURS[comparison.verdict]}]{mark} {escaped(numbers.rstrip())}[/]"


def _edge_table(results: Results) -> Table:
    table = open_table("Depth edges")
    table.add_column("condition", style="bold")
    table.add_column("model")
    for name in EDGE_COLUMNS:
        table.add_column(escaped(name), justify="right")
    for row in rows(results):
        if row.first:
            table.add_section()
        cells = [row.condition.value if row.first else "", row.model, *edges(row.cell)]
        table.add_row(*map(escaped, cells))
    return table


def _class_table(results: Results) -> Table:
    table = open_table(escaped("absRel ↓ per class [95 %]"))
    table.add_column("condition", style="bold")
    table.add_column("model")
    for name in results.classes:
        table.add_column(name, justify="right")
    for row in rows(results):
        if row.first:
            table.add_section()
        values = [class_value(row.cell, name) for name in results.classes]
        table.add_row(row.condition.value if row.first else "", *map(escaped, [row.model, *values]))
    return table
