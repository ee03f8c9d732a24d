"""Published tables, and ours in the same form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table as RichTable

from acdepth.core.condition import Condition
from acdepth.evaluation.schema import Results, Scores
from acdepth.reports.facts import facts
from acdepth.reports.table import print_notes

NOT_RUN = "not run"
NOT_PUBLISHED = "-"
BETWEEN = " / "
"""Stands between the numbers of a cell in ``paper.yaml``."""


MEASURES = {
    "absRel": ("abs_rel", 4, 1),
    "sqRel": ("sq_rel", 3, 1),
    "RMSE": ("rmse", 3, 1),
    "d1": ("d1", 2, 100),
}
"""Metric of ours, digits and factor, by the name that it has in the paper's tables."""
MODELS = ("teacher", "student")
"""Ours."""


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

    def with_ours(self, results: Results | None) -> "Table":
        """The same with our rows below, and how they were measured; without results they say so."""
        rows = tuple(_row_of(model, results, self.conditions) for model in MODELS)
        return replace(self, rows=self.rows + rows, ours=tuple(facts(results)) if results else ())

    def notes(self) -> list[str]:
        """What must stand below the numbers."""
        told = ("condition known to the model: it is told day or night",) if self.condition_known else ()
        theirs = "; ".join((*self.protocol, *told))
        rows = [f"Published rows: {theirs}."] if theirs else []
        return [f"Published: {self.source}.", *rows, f"Our rows: {'; '.join(self.ours) or NOT_RUN}."]

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
        print_notes(console, self.notes())

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


def beside_ours(data_set: str, results: Path) -> Table:
    """The published table of a data set with our rows of ``results.json`` below.

    Raises:
        UserError: if there is such a file, but it is no result of ``acdepth evaluate``.
    """
    return published(data_set).with_ours(Results.read(results) if results.exists() else None)


def _row_of(model: str, results: Results | None, conditions: Sequence[Condition]) -> Row:
    measured = results.models.get(model, {}) if results else {}
    cells = {of: _cell(scores) for of, scores in measured.items() if of in conditions}
    return Row(f"ours: {model}", published=False, cells=cells)


def _cell(scores: Scores) -> dict[str, str]:
    return {
        name: f"{factor * getattr(scores, metric).mean:.{digits}f}"
        for name, (metric, digits, factor) in MEASURES.items()
    }
