"""How good translations are, as one table for a terminal."""

from typing import Any

from rich.console import Console

from acdepth.evaluation.schema import Ratio
from acdepth.reports.facts import interval_words
from acdepth.reports.table import Cell, Row, Table, number, percent
from acdepth.translator.scoring.cases import SOURCES, TRUTH

NOTES = (
    "untranslated: the sources as they are; colours-only: each channel's mean and deviation of a real image, "
    "nothing else; truth: the same streets rendered under the condition",
    "depth (difference and correlation of the prior's) and edges are against the source; true weather hides "
    "some of both, so the line of truth, not 1, is the goal",
    "called so: share that classifiers take for the condition, which learned real images of other streets "
    "with their colours changed at random; plain: by one that learned them as they are",
    "KID x 1000: distance of the prior's features to those of real images of the condition; 0 where nothing "
    "tells them apart",
    "diversity: distance between two translations against that between their sources; a diffusion step "
    "without noise draws nothing, so there is one translation per source",
    "to truth: mean absolute difference in 0..1, and the part of the untranslated image's that is gone",
)


COLUMNS = (
    ("depth\ndiff.", "depth_difference", 2, 1),
    ("depth\ncorr.", "depth_correlation", 2, 1),
    ("edges", "edge_agreement", 2, 1),
    ("called\nso %", "recognised", 0, 100),
    ("plain\n%", "recognised_plain", 0, 100),
    ("KID\nx 1000", "kernel_distance", 0, 1000),
    ("diver-\nsity", "diversity", 2, 1),
    ("to\ntruth", "truth_distance", 3, 1),
)
"""Heading, measure, digits, and factor on it."""


def print_translation_quality(results: dict[str, Any], console: Console | None = None) -> None:
    """Print what ``acdepth translate score`` found: means with their 95 % intervals below."""
    rows = []
    for condition, found in results["conditions"].items():
        for place, (method, row) in enumerate(found["methods"].items()):
            cells = [_cell(row[measure], digits, factor) for _, measure, digits, factor in COLUMNS]
            cells.append(percent(row["nearer_truth"]))
            faint = method in (SOURCES, TRUTH)
            rows.append(Row(("" if place else condition, method), tuple(cells), not place, faint))
    numbers = (*(heading for heading, *_ in COLUMNS), "nearer\ntruth %")
    notes = (*facts(results), *NOTES)
    table = Table("Translations", ("condition", "method"), numbers, tuple(rows), notes)
    table.print(console or Console(), wide=True)


def facts(results: dict[str, Any]) -> list[str]:
    """What must stand beside the numbers: how sure the classifier is, and how much was measured."""
    skills = results["classifier"]["held_out"]
    right = ", ".join(
        f"{condition} {_percent(skill['right'])} (plain {_percent(skill['right_plain'])}; "
        f"{skill['asked']} images of {skill['drives_asked']} drives)"
        for condition, skill in skills.items()
    )
    drives = {condition: found["drives"] for condition, found in results["conditions"].items()}
    counts = "; ".join(
        f"{condition}: {found['images']} images of {found['drives']} drives, {found['real_images']} real of "
        f"{found['real_drives']}"
        for condition, found in results["conditions"].items()
    )
    return [
        f"classifiers right on held-out real drives: {right}",
        f"{counts}; {interval_words(drives, 'drive', results['protocol']['seed'])}",
    ]


def _cell(estimate: dict[str, float | None], digits: int, factor: float) -> Cell:
    """The mean, and below it the interval."""
    found = number(Ratio(**estimate), digits, factor)
    return Cell(found.text, below=Cell(found.interval) if found.interval else None)


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"
