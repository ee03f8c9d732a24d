"""What is left of the error when the least confident pixels are left out: charts and a table."""

from collections.abc import Sequence
from html import escape
from typing import Any

from rich.table import Table

from acdepth.core.condition import Condition
from acdepth.reports.charts import nice_ticks
from acdepth.reports.reading import Confidence, Results
from acdepth.reports.terminal import open_table

SIDE, LEFT, TOP, BELOW, RIGHT = 170.0, 36.0, 8.0, 34.0, 14.0
"""Of the square chart and its margins, in units."""
SHOWN = (1.0, 0.8, 0.5)
"""Parts of the pixels whose error stands in tables."""


def coverage_charts(results: Results, styles: dict[str, str]) -> list[dict[str, Any]]:
    """Per condition, curves of all models that have a confidence; empty where none has."""
    drawn = []
    for condition in results.conditions:
        found = _of_condition(results, condition)
        if found:
            title = f"{condition.value}: absRel of the most confident part of the pixels"
            chart = coverage_chart(title, [(styles[model], one) for model, one in found])
            rows = [(model, styles[model], one) for model, one in found]
            drawn.append({"condition": condition.value, "chart": chart, "rows": rows})
    return drawn


def coverage_chart(title: str, drawn: Sequence[tuple[str, Confidence]]) -> str:
    """Error over coverage as SVG: a line per model, dashed what its oracle and a constant would give.

    Args:
        title: for who cannot see the chart.
        drawn: style class and confidence of each model.
    """
    most = max(max(one.abs_rel) for _, one in drawn) or 1.0
    bottom = TOP + SIDE

    def path(coverage: Sequence[float], values: Sequence[float]) -> str:
        points = [
            f"{LEFT + part * SIDE:.1f} {bottom - min(value / most, 1.0) * SIDE:.1f}"
            for part, value in zip(coverage, values, strict=True)
        ]
        return "M" + "L".join(points)

    parts = []
    for tick in nice_ticks(most):
        y = bottom - tick / most * SIDE
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}h{SIDE}"/>')
        parts.append(_text(LEFT - 6, y, f"{tick:g}", "end"))
    for part in (0.0, 0.5, 1.0):
        parts.append(_text(LEFT + part * SIDE, bottom + 11, f"{100 * part:.0f} %", "middle"))
    parts.append(_text(LEFT + SIDE / 2, bottom + 26, "of the pixels, the surest first", "middle"))
    for style, one in drawn:
        constant = [one.abs_rel[-1]] * len(one.coverage)
        parts.append(f'<path class="diagonal" d="{path(one.coverage, constant)}"/>')
        parts.append(f'<path class="diagonal" d="{path(one.coverage, one.oracle)}"/>')
        parts.append(f'<path class="line {style}" d="{path(one.coverage, one.abs_rel)}"/>')
    width, height = LEFT + SIDE + RIGHT, bottom + BELOW
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )


def coverage_table(results: Results) -> Table | None:
    """AUSE and errors at some coverages, for a terminal; None where no model has a confidence."""
    table = open_table(f"Confidence: {results.confidence_source}")
    table.add_column("condition", style="bold")
    table.add_column("model")
    table.add_column("AUSE ↓", justify="right")
    table.add_column("constant", justify="right")
    table.add_column("better", justify="right")
    table.add_column("nearness", justify="right")
    for part in SHOWN:
        table.add_column(f"absRel of {100 * part:.0f} %", justify="right")
    for condition in results.conditions:
        for place, (model, one) in enumerate(_of_condition(results, condition)):
            numbers = [f"{one.ause.mean:.3f}", f"{one.constant:.3f}", percent(one.improvement)]
            numbers += [percent(one.nearness), *(f"{one.at(part):.3f}" for part in SHOWN)]
            table.add_row("" if place else condition.value, model, *numbers)
    return table if table.row_count else None


def percent(part: float | None) -> str:
    """``66 %``; a dash where there is nothing to be better than."""
    return "–" if part is None else f"{100 * part:.0f} %"


def _of_condition(results: Results, condition: Condition) -> list[tuple[str, Confidence]]:
    cells = [(model, results.cells.get((model, condition))) for model in results.models]
    return [(model, cell.confidence) for model, cell in cells if cell and cell.confidence]


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text class="tick" x="{x:.1f}" y="{y:.1f}" dy=".35em" text-anchor="{anchor}">{escape(words)}</text>'
    )
