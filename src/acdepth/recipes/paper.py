"""Published tables, and ours in the same form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table as RichTable

from acdepth.core.condition import Condition

NOT_RUN = "not run"
NOT_PUBLISHED = "-"
METRICS = ("absRel", "RMSE", "d1")


@dataclass(frozen=True)
class Row:
    """One method."""

    method: str
    published: bool
    cells: dict[Condition, tuple[float | None, float | None, float | None]]
    """absRel, RMSE [m], d1 [%]; a condition that is not there was not measured."""


@dataclass(frozen=True)
class Table:
    """Rows that may be read side by side, and what must be known about them."""

    conditions: tuple[Condition, ...]
    rows: tuple[Row, ...]
    source: str
    """Where the published rows come from."""
    condition_known: bool
    """Whether the published rows were measured with the true label of day or night."""

    def with_rows(self, rows: Sequence[Row]) -> "Table":
        """The same with more rows below."""
        return replace(self, rows=(*self.rows, *rows))

    def notes(self) -> list[str]:
        """What must stand below the numbers."""
        known = ["Published rows: the network is told day or night."] if self.condition_known else []
        return [f"Published: {self.source}.", *known]

    def markdown(self) -> str:
        """For documents."""
        heads = [f"{condition} {metric}" for condition in self.conditions for metric in METRICS]
        lines = [f"| method | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
        lines += [f"| {row.method} | {' | '.join(self._texts(row))} |" for row in self.rows]
        return "\n".join([*lines, "", *self.notes(), ""])

    def print(self, console: Console | None = None) -> None:
        """For the terminal."""
        shown = RichTable(box=None, padding=(0, 1, 0, 0))
        shown.add_column("\nmethod", no_wrap=True)
        for condition in self.conditions:
            for place, metric in enumerate(METRICS):
                shown.add_column(f"{'' if place else condition}\n{metric}", no_wrap=True)
        for row in self.rows:
            # Said once per condition, it is said.
            texts = ["" if text == NOT_RUN and n % 3 else text for n, text in enumerate(self._texts(row))]
            shown.add_row(row.method, *texts, style=None if row.published else "bold")
        console = console or Console()
        console.print(shown)
        for note in self.notes():
            console.print(note, style="dim", highlight=False)

    def _texts(self, row: Row) -> list[str]:
        missing = NOT_PUBLISHED if row.published else NOT_RUN
        texts = []
        for condition in self.conditions:
            for value, digits in zip(row.cells.get(condition, (None,) * 3), (4, 2, 1), strict=True):
                texts.append(missing if value is None else f"{value:.{digits}f}")
        return texts


def published(data_set: str) -> Table:
    """The published table of a data set; empty where there is none."""
    text = (files("acdepth") / "recipes" / "paper.yaml").read_text(encoding="utf-8")
    facts = yaml.safe_load(text).get(data_set)
    if facts is None:
        return Table((), (), "nothing on this data", condition_known=False)
    rows = [
        Row(
            row["method"],
            published=True,
            cells={Condition(name): tuple(values) for name, values in row.items() if name != "method"},
        )
        for row in facts["rows"]
    ]
    found = {condition for row in rows for condition in row.cells}
    conditions = tuple(condition for condition in Condition if condition in found)
    return Table(conditions, tuple(rows), facts["source"], facts["condition_known"])


def ours(results: dict[str, Any], conditions: Sequence[Condition], models: Sequence[str]) -> list[Row]:
    """Rows of ``results.json``; without results, rows that say so."""
    measured = results.get("models", {})
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


def _cell(metrics: dict[str, Any]) -> tuple[float, float, float]:
    return metrics["abs_rel"]["mean"], metrics["rmse"]["mean"], 100 * metrics["d1"]["mean"]
