"""Published tables, and ours in the same form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import yaml
from rich.console import Console
from rich.table import Table as RichTable

from acdepth.core.condition import Condition
from acdepth.evaluation.schema import Results, Scores
from acdepth.reports.facts import facts

NOT_RUN = "not run"
NOT_PUBLISHED = "-"
BETWEEN = " / "
"""Stands between the numbers of a cell in ``paper.yaml``."""


class Measure(NamedTuple):
    """How a metric of ours is written in the paper's tables."""

    metric: str
    digits: int
    scale: float = 1.0


MEASURES = {
    "absRel": Measure("abs_rel", 4),
    "sqRel": Measure("sq_rel", 3),
    "RMSE": Measure("rmse", 3),
    "d1": Measure("d1", 2, scale=100),
}


@dataclass(frozen=True)
class Row:
    """One method."""

    method: str
    published: bool
    cells: dict[Condition, dict[str, str]]
    """Numbers as they are written, by name of the measure; what is not there was not measured."""


@dataclass(frozen=True)
class Table:
    """Rows that may be read side by side, and what must be known about them."""

    conditions: tuple[Condition, ...]
    measures: tuple[str, ...]
    rows: tuple[Row, ...]
    source: str
    """Where the published rows come from."""
    protocol: tuple[str, ...]
    """How the published rows were measured, as far as it is known."""
    condition_known: bool
    """Whether the published rows were measured with the true label of day or night."""
    ours: tuple[str, ...] = ()
    """How our rows were measured; empty where nothing was."""

    def with_rows(self, rows: Sequence[Row], ours: Sequence[str] = ()) -> "Table":
        """The same with more rows below, and how they were measured."""
        return replace(self, rows=(*self.rows, *rows), ours=tuple(ours))

    def notes(self) -> list[str]:
        """What must stand below the numbers."""
        told = ("condition known to the model: it is told day or night",) if self.condition_known else ()
        theirs = (*self.protocol, *told)
        return [
            f"Published: {self.source}.",
            *([f"Published rows: {'; '.join(theirs)}."] if theirs else []),
            f"Our rows: {'; '.join(self.ours) or NOT_RUN}.",
        ]

    def markdown(self) -> str:
        """For documents."""
        heads = [f"{condition} {measure}" for condition in self.conditions for measure in self.measures]
        lines = [f"| method | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
        lines += [f"| {row.method} | {' | '.join(self._texts(row))} |" for row in self.rows]
        return "\n\n".join(["\n".join(lines), *self.notes()]) + "\n"

    def print(self, console: Console | None = None) -> None:
        """For the terminal."""
        shown = RichTable(box=None, padding=(0, 1, 0, 0))
        shown.add_column("\nmethod", no_wrap=True)
        for condition in self.conditions:
            for place, measure in enumerate(self.measures):
                shown.add_column(f"{'' if place else condition}\n{measure}", no_wrap=True)
        for row in self.rows:
            texts = self._texts(row)
            for place, text in enumerate(texts):
                # Said once per condition, it is said.
                if text == NOT_RUN and place % len(self.measures):
                    texts[place] = ""
            shown.add_row(row.method, *texts, style=None if row.published else "bold")
        console = console or Console()
        console.print(shown)
        for note in self.notes():
            console.print(note, style="dim", highlight=False, markup=False)

    def _texts(self, row: Row) -> list[str]:
        missing = NOT_PUBLISHED if row.published else NOT_RUN
        return [
            row.cells.get(condition, {}).get(measure, missing)
            for condition in self.conditions
            for measure in self.measures
        ]


def published(data_set: str) -> Table:
    """The published table of a data set; empty where there is none."""
    text = (files("acdepth") / "reports" / "paper.yaml").read_text(encoding="utf-8")
    known = yaml.safe_load(text).get(data_set)
    if known is None:
        return Table((), (), (), "nothing on this data", (), condition_known=False)
    measures = tuple(known["metrics"].split(BETWEEN))
    rows = [
        Row(
            row["method"],
            published=True,
            cells={
                Condition(name): dict(zip(measures, numbers.split(BETWEEN), strict=True))
                for name, numbers in row.items()
                if name != "method"
            },
        )
        for row in known["rows"]
    ]
    found = {condition for row in rows for condition in row.cells}
    conditions = tuple(condition for condition in Condition if condition in found)
    return Table(
        conditions, measures, tuple(rows), known["source"], tuple(known["protocol"]), known["condition_known"]
    )


def beside_ours(data_set: str, results: Path, models: Sequence[str] = ("teacher", "student")) -> Table:
    """The published table with our rows below.

    Args:
        data_set: whose published table it is.
        results: ``results.json``; where there is none, our rows say so.
        models: of the results.

    Raises:
        UserError: if the file is no result of ``acdepth evaluate``.
    """
    table = published(data_set)
    if not results.exists():
        return table.with_rows(ours(None, table.conditions, models))
    found = Results.read(results)
    rows = ours(found, table.conditions, models)
    return table.with_rows(rows, facts(found))


def ours(results: Results | None, conditions: Sequence[Condition], models: Sequence[str]) -> list[Row]:
    """Rows of ``results.json``; without results, rows that say so."""
    measured = results.models if results else {}
    return [
        Row(
            f"ours: {model}",
            published=False,
            cells={
                condition: _cell(measured[model][condition])
                for condition in conditions
                if condition in measured.get(model, {})
            },
        )
        for model in models
    ]


def _cell(scores: Scores) -> dict[str, str]:
    return {
        name: f"{measure.scale * getattr(scores, measure.metric).mean:.{measure.digits}f}"
        for name, measure in MEASURES.items()
    }
