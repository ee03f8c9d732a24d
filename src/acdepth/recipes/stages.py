"""Stages that are done once: a pipeline remembers what each was made from and skips it while that holds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from acdepth.core.files import hash_json, read_json, write_json


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline."""

    name: str
    """Fit for a file name."""
    made_from: Any
    """JSON value of everything that shapes the result, beyond what earlier stages were made from."""
    run: Callable[[], None]
    """Does the work; called again after a kill, it goes on from where it was."""


def run_stages(stages: list[Stage], folder: Path) -> dict[str, float]:
    """Run what is not done yet, in order; returns the seconds that each stage took when it ran.

    ``folder/stages/NAME.json`` marks a finished stage with a hash over its own inputs and those of all
    stages before it, so a changed setting repeats exactly the stages that depend on it.
    """
    console = Console(stderr=True)
    key, seconds = "", {}
    for number, stage in enumerate(stages, start=1):
        key = hash_json([key, stage.name, stage.made_from])
        marker = folder / "stages" / f"{stage.name}.json"
        title = f"[bold]{number}/{len(stages)} {stage.name}[/bold]"
        if marker.exists() and (finished := read_json(marker))["key"] == key:
            console.print(f"{title}: done before, in {finished['seconds']:.0f} s")
            seconds[stage.name] = finished["seconds"]
            continue
        console.print(title)
        started = time.monotonic()
        stage.run()
        seconds[stage.name] = round(time.monotonic() - started, 1)
        write_json(marker, {"key": key, "seconds": seconds[stage.name]})
    return seconds
