"""A table: built once; shown in a terminal, as Markdown, and by ``table.html.j2`` on a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from acdepth.core.errors import shown as fit_for_a_line
from acdepth.evaluation.schema import Estimate, Ratio
from acdepth.reports.verdicts import Verdict, signed

MARKS = {Verdict.LOWER: "▼", Verdict.HIGHER: "▲", Verdict.NONE_SHOWN: "≈", Verdict.TOO_FEW: "?"}
COLOURS = {Verdict.LOWER: "green", Verdict.HIGHER: "red", Verdict.NONE_SHOWN: "dim", Verdict.TOO_FEW: "dim"}
WIDTH_ELSEWHERE = 150
"""Characters, where no terminal says how many it has, of tables that need so many."""
FAR = 1000
"""Characters that no table needs."""
LEAST_LABEL = 8
"""Characters of a label that are shown however narrow a terminal is."""
NONE = "–"


class Cell(NamedTuple):
    """What stands in one place."""

    text: str
    interval: str = ""
    """In smaller letters on a page."""
    verdict: Verdict | None = None
    """Gives the colour."""
    below: "Cell | None" = None

    def lines(self) -> list[str]:
        """As plain text."""
        return [f"{self.text} {self.interval}".rstrip(), *(self.below.lines() if self.below else [])]


@dataclass(frozen=True)
class Row:
    """One line."""

    labels: tuple[str, ...]
    """Under the first columns."""
    cells: tuple[Cell, ...]
    opens: bool = False
    """Whether a group begins here; the first label is shown there alone, but in Markdown."""
    faint: bool = False


@dataclass(frozen=True)
class Table:
    """Headings, rows, and what must stand below."""

    title: str
    labels: tuple[str, ...]
    """Headings of the first columns, of words."""
    numbers: tuple[str, ...]
    """Headings of the others; may hold line breaks."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """Of all columns, each on one line."""
        return tuple(" ".join(heading.split()) for heading in (*self.labels, *self.numbers))

    def markdown(self) -> str:
        """For documents, without the title."""
        lines = [f"| {' | '.join(self.headings)} |", "|" + "---|" * len(self.headings)]
        for row in self.rows:
            texts = [*row.labels, *("<br>".join(cell.lines()) for cell in row.cells)]
            lines.append(f"| {' | '.join(texts)} |")
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)]) + "\n"

    def print(self, console: Console, wide: bool = False) -> None:
        """In a terminal; ``wide`` takes `WIDTH_ELSEWHERE` where it is none."""
        if wide and not console.is_terminal:
            console = Console(file=console.file, width=WIDTH_ELSEWHERE)
        shown = self._shown(fold=False)
        if Measurement.get(console, console.options.update(max_width=FAR), shown).maximum > console.width:
            shown = self._shown(fold=True)
        console.print(shown, "", sep="\n")
        print_notes(console, self.notes)

    def _shown(self, fold: bool) -> RichTable:
        """With each interval behind its number, or below it where that is too wide."""
        look: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False}
        shown = RichTable(title=Text(self.title), title_justify="left", padding=(0, 1, 0, 0), **look)
        for place, heading in enumerate(self.labels):
            longest = max([len(heading), *(len(row.labels[place]) for row in self.rows)])
            style, least = "" if place else "bold", min(longest, LEAST_LABEL)
            shown.add_column(Text(heading), style=style, no_wrap=not place, min_width=least)
        for heading in self.numbers:
            shown.add_column(Text(heading), justify="right", no_wrap=True)
        for row in self.rows:
            if row.opens:
                shown.add_section()
            cells = [Text("\n").join(_coloured(cell, fold)) for cell in row.cells]
            shown.add_row(
                *map(Text, map(fit_for_a_line, row.labels)), *cells, style="dim" if row.faint else None
            )
        return shown


def print_notes(console: Console, notes: Iterable[str]) -> None:
    """What must stand beside numbers."""
    for note in notes:
        console.print(fit_for_a_line(note), style="dim", highlight=False, markup=False)


def grouped(groups: Iterable[tuple[str, Sequence[tuple[str, Sequence[Cell]]]]]) -> tuple[Row, ...]:
    """Rows of groups, such as models (name and cells) by condition; a group's name stands in its first."""
    return tuple(
        Row(("" if place else group, name), tuple(cells), opens=not place)
        for group, members in groups
        for place, (name, cells) in enumerate(members)
    )


def number(value: Estimate | Ratio | None, digits: int, factor: float = 1.0, interval: bool = True) -> Cell:
    """``0.242 [0.230–0.254]``; only the mean where there is no interval, or no width to it."""
    if value is None or value.mean is None:
        return Cell(NONE)
    ends = [value.low, value.high] if interval and value.low != value.high else []
    numbers = [f"{factor * end:.{digits}f}" for end in ends if end is not None]
    return Cell(f"{factor * value.mean:.{digits}f}", f"[{'–'.join(numbers)}]" if numbers else "")


def change(
    value: Estimate, digits: int | None = None, verdict: Verdict | None = None, more: str = ""
) -> Cell:
    """``▼ −31 [−35, −27]``, in per cent of what ``value`` has as parts; ``more`` stands behind the mark."""
    ends = [signed(end, digits) for end in (value.low, value.high) if end is not None]
    mark = f"{MARKS[verdict]}{more} " if verdict else ""
    return Cell(f"{mark}{signed(value.mean, digits)}", f"[{', '.join(ends)}]" if ends else "", verdict)


def percent(part: float | None) -> Cell:
    """``66``; a dash where there is none."""
    return Cell(NONE if part is None else f"{100 * part:.0f}")


def _coloured(cell: Cell, fold: bool) -> list[Text]:
    style = COLOURS[cell.verdict] if cell.verdict else ""
    below = _coloured(cell.below, fold) if cell.below else []
    lines = [cell.text, cell.interval] if fold else [f"{cell.text} {cell.interval}"]
    return [*(Text(line.rstrip(), style) for line in lines if line), *below]
