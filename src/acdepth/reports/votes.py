"""Votes on real and generated images as a table for a terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from acdepth.rating.votes import Count, Tally
from acdepth.reports.terminal import escaped, open_table

NOTE = (
    "parts with their 95 % interval (Wilson, votes taken as independent); right: 50 % is guessing; s: median "
    "per image"
)


def print_votes(raters: Mapping[str, Tally], together: Tally, console: Console | None = None) -> None:
    """Print a line per rater, and one of all where there are several."""
    console = console or Console()
    table = open_table("Real or generated?")
    table.add_column("rater", style="bold")
    for name in ("votes", "right %", "generated\ncalled real %", "real\ncalled real %", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    for rater, found in raters.items():
        _add(table, escaped(rater), found)
    if len(raters) > 1:
        table.add_section()
        _add(table, f"all {len(raters)}", together)
    console.print(table, "", sep="\n")
    console.print(NOTE, style="dim", highlight=False)


def _add(table: Table, name: str, found: Tally) -> None:
    parts = [found.right, found.generated_called_real, found.real_called_real]
    table.add_row(name, f"{found.right.of}", *map(_cell, parts), f"{found.seconds:.1f}")


def _cell(count: Count) -> str:
    """The part with its interval, and below it the votes."""
    if count.part is None:
        return "–"
    part, low, high = (f"{100 * value:.0f}" for value in count.part)
    return f"{part} ({low}–{high})\n{count.count} of {count.of}"
