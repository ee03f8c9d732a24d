"""Votes on real and generated images: the files of the page that asks for them, and a table of them."""

from collections.abc import Mapping
from importlib.resources import files

from rich.console import Console

from acdepth.rating.server import File
from acdepth.rating.votes import Count, Tally
from acdepth.reports.table import NONE, Cell, Row, Table

ADDRESSES = {
    "/": ("rate.html", "text/html; charset=utf-8"),
    "/colours.css": ("colours.css", "text/css; charset=utf-8"),
    "/rate.css": ("rate.css", "text/css; charset=utf-8"),
    "/rate.js": ("rate.js", "text/javascript; charset=utf-8"),
}
"""File of ``templates`` and MIME type of each address."""
NOTE = (
    "parts with their 95 % interval (Wilson, votes taken as independent); right: 50 % is guessing; s: median "
    "per image"
)


def print_votes(raters: Mapping[str, Tally], together: Tally, console: Console | None = None) -> None:
    """Print a line per rater, and one of all where there are several."""
    rows = [_row(rater, found) for rater, found in raters.items()]
    if len(raters) > 1:
        rows.append(_row(f"all {len(raters)}", together, opens=True))
    numbers = ("votes", "right %", "generated\ncalled real %", "real\ncalled real %", "s")
    Table("Real or generated?", ("rater",), numbers, tuple(rows), (NOTE,)).print(console or Console())


def _row(name: str, found: Tally, opens: bool = False) -> Row:
    parts = map(_cell, (found.right, found.generated_called_real, found.real_called_real))
    return Row((name,), (Cell(f"{found.right.of}"), *parts, Cell(f"{found.seconds:.1f}")), opens)


def _cell(count: Count) -> Cell:
    """The part with its interval, and below it the votes."""
    if count.part is None:
        return Cell(NONE)
    part, low, high = (f"{100 * value:.0f}" for value in count.part)
    return Cell(part, f"[{low}–{high}]", below=Cell(f"{count.count} of {count.of}"))


def rate_page() -> dict[str, File]:
    """What is served as it is, by address."""
    templates = files("acdepth.reports") / "templates"
    return {
        address: File(kind, (templates / name).read_bytes()) for address, (name, kind) in ADDRESSES.items()
    }
