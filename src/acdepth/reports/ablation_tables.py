"""An ablation as a table: for a terminal, and as Markdown."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from acdepth.core.condition import Condition
from acdepth.reports.ablation_reading import TEACHER, AblationResults, Difference, Entry, Row
from acdepth.reports.tables import COLOURS, MARKS
from acdepth.reports.verdicts import Verdict

WIDTH_ELSEWHERE = 150
"""Characters, where no terminal says how many it has."""
IN_WORDS = {
    **{verdict: verdict.value for verdict in Verdict},
    Verdict.TOO_FEW: "too few drives or seeds to tell",
}
MORE = (("rmse", "RMSE [m]", 2, 1.0), ("d1", "d1 [%]", 1, 100.0))
"""Metric, heading, digits and factor of the further tables."""
Cells = Callable[[Row, Condition], str]
"""What stands in a row's cell of a condition."""


def print_ablation(results: AblationResults, console: Console | None = None) -> None:
    """Print absRel of all variants, with what the numbers rest on."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH_ELSEWHERE)
    table = Table(
        title=f"absRel ± spread over seeds, and % against {results.base}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("variant", style="bold", no_wrap=True)
    for condition in results.conditions:
        table.add_column(condition.value, no_wrap=True)
    for row in results.rows:
        cells = [_in_terminal(row.entries[condition]) for condition in results.conditions]
        table.add_row(_named(row, results), *cells, style="dim" if row.name == TEACHER else None)
    console.print(table, "", sep="\n")
    for line in notes(results):
        console.print(line, style="dim", highlight=False, markup=False)


def markdown(results: AblationResults) -> str:
    """absRel with its differences, other metrics, and what each variant changes."""
    parts = [
        "# Ablation",
        "",
        *(f"- {note}" for note in notes(results)),
        "",
        f"## absRel, and its change against {results.base}",
        *_table(results, ["variant", *results.conditions], lambda row, one: _in_markdown(row.entries[one])),
    ]
    for heading, shown in further_tables(results):
        parts += ["", f"## {heading}", *_table(results, ["variant", *results.conditions], shown)]
    parts += ["", "## What the variants change", "", "| variant | changes |", "|---|---|"]
    variants = [row.name for row in results.rows if row.name != TEACHER]
    parts += [f"| {name} | {changes_in_words(results.changes[name])} |" for name in variants]
    return "\n".join(parts) + "\n"


def further_tables(results: AblationResults) -> list[tuple[str, Cells]]:
    """The tables after the first, as heading and what stands in a row's cell of a condition."""
    plain: list[tuple[str, Cells]] = [
        (heading, _Plain(metric, digits, factor)) for metric, heading, digits, factor in MORE
    ]
    has_teacher = any(row.name == TEACHER for row in results.rows)
    return [("Change of absRel against the teacher", _to_teacher), *plain] if has_teacher else plain


def notes(results: AblationResults) -> list[str]:
    """What must stand beside the numbers."""
    shown = {entry.to_base.verdict for row in results.rows for entry in row.entries.values() if entry.to_base}
    marks = "; ".join(f"{MARKS[verdict]} {words}" for verdict, words in IN_WORDS.items() if verdict in shown)
    lines = [f"Against {results.base}: {marks}."] if marks else []
    if results.missing:
        lines.append(f"Missing cells ({len(results.missing)}): {', '.join(results.missing)}.")
    return [*lines, "; ".join(results.facts)]


def with_spread(entry: Entry, metric: str = "abs_rel", digits: int = 3, factor: float = 1.0) -> str:
    """``0.172 ± 0.004``; only the mean for a single training."""
    deviation = entry.deviations[metric]
    spread = "" if deviation is None else f" ± {factor * deviation:.{digits}f}"
    return f"{factor * entry.means[metric]:.{digits}f}{spread}"


def change_in_words(difference: Difference) -> str:
    """``−3.1 % [−8.0, +1.9]``."""
    low, high = difference.change.low, difference.change.high
    ends = "" if low is None or high is None else f" [{_signed(low)}, {_signed(high)}]"
    return f"{_signed(difference.change.mean)} %{ends}"


def changes_in_words(changes: dict[str, Any]) -> str:
    """Settings on one line, as they stand in the YAML."""
    text = json.dumps(changes, ensure_ascii=False).replace('"', "")
    return text[1:-1] or "nothing"


def _named(row: Row, results: AblationResults) -> str:
    few = 0 < row.seeds < len(results.seeds)
    return f"{row.name} ({row.seeds} of {len(results.seeds)} seeds)" if few else row.name


def _in_terminal(entry: Entry) -> str:
    if entry.to_base is None:
        return with_spread(entry)
    verdict = entry.to_base.verdict
    words = change_in_words(entry.to_base).replace(" %", "").replace("[", r"\[")
    return f"{with_spread(entry)}\n[{COLOURS[verdict]}]{MARKS[verdict]} {words}[/]"


def _in_markdown(entry: Entry) -> str:
    if entry.to_base is None:
        return with_spread(entry)
    return f"{with_spread(entry)}<br>{MARKS[entry.to_base.verdict]} {change_in_words(entry.to_base)}"


def _to_teacher(row: Row, condition: Condition) -> str:
    difference = row.entries[condition].to_teacher
    return "–" if difference is None else f"{MARKS[difference.verdict]} {change_in_words(difference)}"


class _Plain:
    """Mean and spread of one metric."""

    def __init__(self, metric: str, digits: int, factor: float) -> None:
        self.metric, self.digits, self.factor = metric, digits, factor

    def __call__(self, row: Row, condition: Condition) -> str:
        return with_spread(row.entries[condition], self.metric, self.digits, self.factor)


def _table(results: AblationResults, header: Sequence[str], show: Cells) -> list[str]:
    lines = ["", f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for row in results.rows:
        cells = [show(row, condition) for condition in results.conditions]
        lines.append(f"| {' | '.join([_named(row, results), *cells])} |")
    return lines


def _signed(part: float) -> str:
    """Per cent with one digit, and a true minus sign: parts of the method are worth little."""
    return f"{100 * part:+.1f}".replace("-", "−")
