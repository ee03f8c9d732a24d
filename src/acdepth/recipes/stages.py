"""Stages that are done once: a pipeline remembers what each was made from and skips it while that holds."""

import shutil
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
    output: Path
    """File or folder that belongs to the stage alone: removed before it runs with other inputs."""
    result: Path
    """What must be there when the stage is done; may be within ``output``."""


def run_stages(stages: list[Stage], folder: Path) -> dict[str, float]:
    """Run what is not done yet, in order; returns the seconds that each stage took when it ran.

    ``folder/stages/NAME.json`` says what a stage was started with: a hash over its own inputs and those of
    all stages before it. A changed setting repeats exactly the stages that come to depend on it, and a stage
    whose result is gone is done again.
    """
    console = Console(stderr=True)
    key, seconds = "", {}
    for number, stage in enumerate(stages, start=1):
        key = hash_json([key, stage.name, stage.made_from])
        marker = folder / "stages" / f"{stage.name}.json"
        title = f"[bold]{number}/{len(stages)} {stage.name}[/bold]"
        known = read_json(marker) if marker.exists() else None
        if known and known["key"] != key:
            _remove(stage.output)
            known = None
        if known and known["done"] and stage.result.exists():
            console.print(f"{title}: done before, in {known['seconds']:.0f} s")
            seconds[stage.name] = known["seconds"]
            continue
        console.print(title)
        write_json(marker, {"key": key, "done": False})
        started = time.monotonic()
        stage.run()
        seconds[stage.name] = round(time.monotonic() - started, 1)
        write_json(marker, {"key": key, "seconds": seconds[stage.name], "done": True})
    return seconds


def _remove(output: Path) -> None:
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)
