"""An ablation as tables for a terminal, Markdown and a page, and all files that show it."""

import base64
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from acdepth.core.condition import Condition
from acdepth.core.files import write_bytes, write_text
from acdepth.core.lock import sole_writer
from acdepth.evaluation.ablation import TEACHER, AblationResults
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.evaluation.schema import Estimate
from acdepth.reports.table import MARKS, NONE, Cell, Row, Table, change, print_notes
from acdepth.reports.verdicts import Verdict, verdict_of

IN_WORDS = {
    **{verdict: verdict.value for verdict in Verdict},
    Verdict.TOO_FEW: "too few drives or seeds to tell",
}
MORE = {"RMSE [m]": ("rmse", 2, 1.0), "d1 [%]": ("d1", 1, 100.0)}
"""Metric, digits and factor of the further tables, by title."""


class Compared(NamedTuple):
    """absRel of a variant against another row, relative to the other's mean: -0.03 is 3 % less error."""

    change: Estimate
    of_seeds: tuple[float, ...]
    verdict: Verdict

    @property
    def cell(self) -> Cell:
        """For a table."""
        return change(self.change, 1, self.verdict)


def write_ablation(folder: Path) -> AblationResults:
    """Write ``ablation.md``, ``ablation.png`` and ``report.html`` from ``ablation.json`` of a folder.

    Raises:
        UserError: if the summary is missing or malformed.
    """
    from acdepth.reports.ablation_figure import ablation_figure
    from acdepth.reports.page import write_page

    results = AblationResults.read(folder / "ablation.json")
    figure = ablation_figure(results)
    with sole_writer(folder, wait=True):
        write_text(folder / "ablation.md", markdown(results))
        write_bytes(folder / "ablation.png", figure)
        write_page(
            folder / "report.html",
            "ablation.html.j2",
            title="Ablation",
            results=results,
            notes=notes(results),
            facts=facts(results),
            figure=base64.b64encode(figure).decode(),
            tables=ablation_tables(results),
        )
    return results


def print_ablation(results: AblationResults, console: Console | None = None) -> None:
    """Print absRel of all variants, with what the numbers rest on."""
    console = console or Console()
    ablation_tables(results)[0].print(console, wide=True)
    print_notes(console, [*notes(results), "; ".join(facts(results))])


def markdown(results: AblationResults) -> str:
    """absRel with its differences, other metrics, and what each variant changes."""
    parts = ["# Ablation", "\n".join(f"- {note}" for note in [*notes(results), "; ".join(facts(results))])]
    parts += [f"## {table.title}\n\n{table.markdown().rstrip()}" for table in ablation_tables(results)]
    return "\n\n".join(parts) + "\n"


def ablation_tables(results: AblationResults) -> list[Table]:
    """absRel and its change against the base; against the teacher; other metrics; what variants change."""
    conditions = tuple(condition.value for condition in results.conditions)

    def table(title: str, show: Callable[[str, Condition], Cell]) -> Table:
        cells = {name: tuple(show(name, of) for of in results.conditions) for name in results.order}
        rows = [Row((_named(name, results),), of, faint=name == TEACHER) for name, of in cells.items()]
        return Table(title, ("variant",), conditions, tuple(rows))

    def to_base(name: str, condition: Condition) -> Cell:
        found = compare(results, name, results.base, condition)
        return Cell(with_spread(results, name, condition), below=found.cell if found else None)

    def to_teacher(name: str, condition: Condition) -> Cell:
        found = compare(results, name, TEACHER, condition)
        return found.cell if found else Cell(NONE)

    tables = [table(f"absRel, and its change against {results.base} [%]", to_base)]
    if TEACHER in results.order:
        tables.append(table("Change of absRel against the teacher [%]", to_teacher))
    for title, how in MORE.items():
        tables.append(table(title, lambda name, of, how=how: Cell(with_spread(results, name, of, *how))))
    changed = {name: results.changes[name] for name in results.order if name in results.changes}
    rows = tuple(Row((name,), (Cell(changes_in_words(one)),)) for name, one in changed.items())
    return [*tables, Table("What the variants change", ("variant",), ("changes",), rows)]


def notes(results: AblationResults) -> list[str]:
    """What the marks mean, and what is missing."""
    pairs = product(results.order, results.conditions)
    compared = [compare(results, name, results.base, of) for name, of in pairs]
    shown = {one.verdict for one in compared if one}
    marks = "; ".join(f"{MARKS[verdict]} {words}" for verdict, words in IN_WORDS.items() if verdict in shown)
    lines = [f"Against {results.base}: {marks}."] if marks else []
    if results.missing:
        lines.append(f"Missing cells ({len(results.missing)}): {', '.join(results.missing)}.")
    return lines


def facts(results: AblationResults) -> list[str]:
    """Of protocol, data and intervals, in short phrases."""
    counted = results.conditions
    variants = [name for name in results.order if name not in (results.base, TEACHER)]
    compared = len(variants) * len(counted)
    return [
        *results.protocol.facts(),
        f"data {results.data.path}",
        ", ".join(f"{of} {one.images} images of {one.sequences} drives" for of, one in counted.items()),
        f"seeds {', '.join(map(str, results.seeds))}; ± is the sample standard deviation between seeds",
        "in brackets 95 % intervals of the difference, paired over drives and seeds, seed "
        f"{results.protocol.interval_seed}",
        f"{compared} comparisons of variants: if none made any difference, about {round(compared / 20)} of "
        "them would be marked all the same",
    ]


def compare(results: AblationResults, name: str, other: str, condition: Condition) -> Compared | None:
    """absRel of a row against another; None where no seed is common."""
    found = results.differences.get(other, {}).get(name, {}).get(condition)
    numbers = found and found.metrics["abs_rel"]
    if not numbers or numbers.relative is None:
        return None
    change = Estimate(mean=numbers.relative, low=numbers.relative_low, high=numbers.relative_high)
    few = results.conditions[condition].sequences < FEWEST_DRIVES
    of_seeds = tuple(value for value in numbers.of_seeds if value is not None)
    return Compared(change, of_seeds, Verdict.TOO_FEW if few else verdict_of(change))


def with_spread(
    results: AblationResults, name: str, condition: Condition, metric: str = "abs_rel", digits: int = 3,
    factor: float = 1.0,
) -> str:  # fmt: skip
    """``0.172 ± 0.004``; only the mean for a single training."""
    under = results.variants[name].under(condition)
    found = under and under.metrics.get(metric)
    if not found or found.mean is None:
        return NONE
    spread = "" if found.deviation is None else f" ± {factor * found.deviation:.{digits}f}"
    return f"{factor * found.mean:.{digits}f}{spread}"


def changes_in_words(changes: dict[str, Any]) -> str:
    """Settings on one line, as they stand in the YAML."""
    text = json.dumps(changes, ensure_ascii=False).replace('"', "")
    return text[1:-1] or "nothing"


def _named(name: str, results: AblationResults) -> str:
    done, planned = len(results.variants[name].seeds), len(results.seeds)
    return f"{name} ({done} of {planned} seeds)" if 0 < done < planned else name
