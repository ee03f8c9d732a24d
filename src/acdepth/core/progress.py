"""What a person should know while work goes on, on standard error: results alone go to standard output."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 15.0


def say(text: str) -> None:
    """Print a line at once."""
    print(text, file=sys.stderr, flush=True)


class Advance(Protocol):
    """Called once per finished piece, or with how many, and a short note such as the present loss."""

    def __call__(self, pieces: int = 1, note: str = "") -> None:
        """Count ``pieces`` as done."""
        ...


@contextmanager
def progress(title: str, total: int, done: int = 0, unit: str = "step") -> Iterator[Advance]:
    """Show how ``total`` pieces of work go; ``done`` of them were finished before.

    On a terminal it is a bar with speed and time left, elsewhere plain lines.
    """
    console = Console(file=sys.stderr)
    if console.is_terminal:
        with _bar(console, unit) as bar:
            task = bar.add_task(title, total=total, completed=done, note="", speed="")
            started = time.monotonic()
            finished = 0

            def advance(pieces: int = 1, note: str = "") -> None:
                nonlocal finished
                finished += pieces
                speed = finished / max(time.monotonic() - started, 1e-9)
                bar.update(task, advance=pieces, note=note, speed=f"{speed:.1f} {unit}/s")

            yield advance
    else:
        yield _Lines(title, total, done, unit)


def _bar(console: Console, unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )


class _Lines:
    """Plain lines for log files and CI."""

    def __init__(self, title: str, total: int, done: int, unit: str) -> None:
        self.title, self.total, self.done, self.unit = title, total, done, unit
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
        text = f"{self.title}: {self.done}/{self.total}, {speed:.1f} {self.unit}/s, {left:.0f} s left {note}"
        say(text.rstrip())
