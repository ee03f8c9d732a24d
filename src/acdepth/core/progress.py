"""What a person should know while work goes on, on standard error: results alone go to standard output."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from acdepth.core.errors import shown

SECONDS_BETWEEN_LINES = 15.0


def say(text: str) -> None:
    """Print a line at once, or several."""
    print("\n".join(map(shown, text.split("\n"))), file=sys.stderr, flush=True)


class Advance(Protocol):
    """Called once per finished piece, or with how many, and a short note such as the present loss."""

    def __call__(self, pieces: int = 1, note: str = "") -> None:
        """Count ``pieces`` as done."""
        ...


class Whole:
    """Work of several stages whose seconds are expected, of which one runs at a time.

    A machine that got other work since is slower than expected: what is to come is expected by the pace of
    what is done, all the more the more that is, but within a factor of two, for load comes and goes.

    Args:
        expected: seconds by stage, in order.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self.expected, self.started = dict(expected), time.monotonic()
        self.stage = ""
        # Begun with a tenth of the whole at the expected pace, so that a first stage of seconds says little.
        self._taken = self._told = sum(expected.values()) / 10

    def begin(self, stage: str) -> None:
        """A stage runs from now on; those before it are done."""
        self.stage, self.started = stage, time.monotonic()

    def ran(self) -> None:
        """The stage has run from its beginning to its end."""
        if self.stage in self.expected:
            self._taken += time.monotonic() - self.started
            self._told += self.expected[self.stage]

    def left(self, title: str = "", piece: float = 0.0) -> float:
        """Seconds that all will still take, while ``title`` says that its own work takes ``piece`` more.

        A stage's main work is called as the stage is, and is believed; other work is only a part of it.
        """
        names = list(self.expected)
        after = names[names.index(self.stage) + 1 :] if self.stage in names else names
        pace = min(max(self._taken / self._told, 0.5), 2.0) if self._told else 1.0
        own = pace * self.expected.get(self.stage, 0.0) - (time.monotonic() - self.started)
        own = piece if title == self.stage else max(own, piece)
        return max(own, 0.0) + pace * sum(self.expected[name] for name in after)


_whole: ContextVar[Whole | None] = ContextVar("whole", default=None)


@contextmanager
def whole_work(expected: Mapping[str, float]) -> Iterator[Whole]:
    """While it lasts, every `progress` also tells how much time is left of all stages.

    Args:
        expected: seconds by stage, in order; of those that are still to be done.
    """
    whole = Whole(expected)
    token = _whole.set(whole if expected else None)
    try:
        yield whole
    finally:
        _whole.reset(token)


def in_words(seconds: float) -> str:
    """``42 s``, ``5 min 12 s``, ``3 h 07 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


@contextmanager
def progress(title: str, total: int, done: int = 0, unit: str = "step") -> Iterator[Advance]:
    """Show how ``total`` pieces of work go; ``done`` of them were finished before.

    On a terminal it is a bar with speed and time left, elsewhere plain lines.
    """
    console, whole = Console(file=sys.stderr), _whole.get()
    if console.is_terminal:
        with _bar(console, unit, whole) as bar:
            task = bar.add_task(title, total=total, completed=done, note="", speed="", whole="")
            started = time.monotonic()
            finished = 0

            def advance(pieces: int = 1, note: str = "") -> None:
                nonlocal finished
                finished += pieces
                speed = finished / max(time.monotonic() - started, 1e-9)
                left = (total - done - finished) / max(speed, 1e-9)
                told = f"{in_words(whole.left(title, left))} left of all" if whole else ""
                bar.update(task, advance=pieces, note=note, speed=f"{speed:.1f} {unit}/s", whole=told)

            yield advance
    else:
        yield _Lines(title, total, done, unit, whole)


def _bar(console: Console, unit: str, whole: Whole | None) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        *([TextColumn("[bold]{task.fields[whole]}[/bold]")] if whole else []),
        TextColumn("{task.fields[note]}"),
        console=console,
    )


class _Lines:
    """Plain lines for log files and CI."""

    def __init__(self, title: str, total: int, done: int, unit: str, whole: Whole | None) -> None:
        self.title, self.total, self.done, self.unit, self.whole = title, total, done, unit, whole
        self.started_at = self.last_line = time.monotonic()
        self.first = done

    def __call__(self, pieces: int = 1, note: str = "") -> None:
        self.done += pieces
        now = time.monotonic()
        if self.done < self.total and now - self.last_line < SECONDS_BETWEEN_LINES:
            return
        self.last_line = now
        speed = (self.done - self.first) / max(now - self.started_at, 1e-9)
        left = (self.total - self.done) / max(speed, 1e-9)
        text = f"{self.title}: {self.done}/{self.total}, {speed:.1f} {self.unit}/s, {left:.0f} s left"
        text += f", {in_words(self.whole.left(self.title, left))} of all" if self.whole else ""
        text += f" {note}"
        say(text.rstrip())
