"""How good translations are, as three tables for a terminal."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from acdepth.evaluation.schema import Ratio
from acdepth.reports.facts import interval_words
from acdepth.reports.table import NONE, Cell, Row, Table, number, percent
from acdepth.translator.scoring.cases import SOURCES, TRUTH
from acdepth.translator.scoring.looking import NET, PRIOR

LOOKS = (
    "called so: how often judges, who learned real images of other streets, choose the wanted condition "
    "among all conditions and none of these; net: small networks on pixels; prior: heads on its features",
    "told from real: how often new judges tell these images from real ones of the condition, asked about "
    "drives that they have not learned; 50 is guessing, 100 means that none passes; judges that learn longer "
    "(--telling-steps) may tell more",
    "KID x 1000: distance of the prior's features to those of real images; 0 where nothing tells them apart",
    "controls: colours-only has the right colours on the clear image, colours-shuffled the same in pieces "
    "that changed places, truth-recoloured the true image in the source's colours. Judges learned such "
    "colours as none of these, but nothing shuffled. A rate is worth what it exceeds the controls' by",
)
CALLED = ("by net/prior, the judges of the table above",)
KEPT = (
    "depth (difference and correlation of the prior's) and edges are against the source; true weather hides "
    "some of both, so the line of truth, not 1, is the goal",
    "diversity: distance between two translations against that between their sources; a diffusion step "
    "without noise draws nothing, so there is one translation per source",
    "to truth: mean absolute difference in 0..1, and the part of the untranslated image's that is gone",
)
STRUCTURE = (
    ("depth\ndiff.", "depth_difference", 2),
    ("depth\ncorr.", "depth_correlation", 2),
    ("edges", "edge_agreement", 2),
    ("diver-\nsity", "diversity", 2),
    ("to\ntruth", "truth_distance", 3),
)
"""Heading, measure and digits."""
Line = Callable[[str, Mapping[str, Any]], list[Cell]]


def print_translation_quality(results: dict[str, Any], console: Console | None = None) -> None:
    """Print what ``acdepth translate score`` found: what images are taken for, then what they keep."""
    console = console or Console()
    for table in (looks_table(results), called_table(results), kept_table(results)):
        table.print(console, wide=True)
        console.print()


def looks_table(results: dict[str, Any]) -> Table:
    """Whether images pass for the condition."""
    headings = ("called so\nnet %", "prior %", "told from real\nnet %", "prior %", "KID\nx 1000")

    def line(condition: str, row: Mapping[str, Any]) -> list[Cell]:
        called = [_cell(row["called"][kind][condition], 0, 100) for kind in (NET, PRIOR)]
        told = [_cell(row["told_from_real"].get(kind), 0, 100) for kind in (NET, PRIOR)]
        return [*called, *told, _cell(row["kernel_distance"], 0, 1000)]

    return _table("Do they pass for the condition?", headings, results, line, (*facts(results), *LOOKS))


def called_table(results: dict[str, Any]) -> Table:
    """What judges call images, right and wrong."""
    names = results["judges"]["names"]

    def line(condition: str, row: Mapping[str, Any]) -> list[Cell]:
        return [
            Cell("/".join(_percent(row["called"][kind][name]) for kind in (NET, PRIOR))) for name in names
        ]

    return _table("What they are called, %", tuple(names), results, line, CALLED)


def kept_table(results: dict[str, Any]) -> Table:
    """What is kept of the source, and how near the truth is."""

    def line(condition: str, row: Mapping[str, Any]) -> list[Cell]:
        cells = [_cell(row[measure], digits, 1) for _, measure, digits in STRUCTURE]
        return [*cells, percent(row["nearer_truth"])]

    headings = (*(heading for heading, *_ in STRUCTURE), "nearer\ntruth %")
    return _table("What is kept of the source", headings, results, line, KEPT)


def facts(results: dict[str, Any]) -> list[str]:
    """What must stand beside the numbers: how sure the judges are, and how much was measured."""
    skills = results["judges"]["held_out"]
    right = ", ".join(
        f"{name} {_percent(skill['called'][NET][name])}/{_percent(skill['called'][PRIOR][name])} % of "
        f"{skill['asked']} images"
        for name, skill in skills.items()
    )
    drives = {condition: found["drives"] for condition, found in results["conditions"].items()}
    counts = "; ".join(
        f"{condition}: {found['images']} images of {found['drives']} drives, {found['real_images']} real of "
        f"{found['real_drives']}"
        for condition, found in results["conditions"].items()
    )
    trainings = results["judges"]["settings"]["trainings"]
    return [
        f"judges (net/prior, {trainings} trainings each) right on real drives held out: {right}",
        f"{counts}; {interval_words(drives, 'drive', results['protocol']['seed'])}; of judges' answers over "
        "their trainings as well",
    ]


def _table(
    title: str, headings: tuple[str, ...], results: dict[str, Any], line: Line, notes: tuple[str, ...]
) -> Table:
    rows = [
        Row(
            ("" if place else condition, method),
            tuple(line(condition, row)),
            not place,
            method in (SOURCES, TRUTH),
        )
        for condition, found in results["conditions"].items()
        for place, (method, row) in enumerate(found["methods"].items())
    ]
    return Table(title, ("condition", "method"), headings, tuple(rows), notes)


def _cell(estimate: Mapping[str, Any] | None, digits: int, factor: float) -> Cell:
    """The mean and its interval."""
    if estimate is None:
        return Cell(NONE)
    return number(Ratio(**{name: estimate[name] for name in ("mean", "low", "high")}), digits, factor)


def _percent(estimate: Mapping[str, Any]) -> str:
    return f"{100 * estimate['mean']:.0f}"
