"""Works timed side by side: in turns in one process, so that a busy machine slows all of them alike."""

import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from acdepth.core.files import write_json
from acdepth.core.provenance import provenance

Work = Callable[[], object]


class Timed(NamedTuple):
    """Of several runs [s]."""

    median: float
    least: float
    most: float
    mean: float


def wall_seconds(work: Work) -> float:
    """What a clock on the wall says of a work [s]."""
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def take_turns(
    works: Mapping[str, Work], rounds: int, measure: Callable[[Work], float] = wall_seconds
) -> dict[str, Timed]:
    """Times of each work over ``rounds``, after one round that warms up and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            seconds[name].append(measure(work))
    return {name: _timed(values[1:]) for name, values in seconds.items()}


def show(title: str, timed: Mapping[str, Timed], ratios: Mapping[str, float]) -> None:
    """Print a table of milliseconds, and of ratios of medians."""
    print(f"\n{title}\n  {'':44} {'median':>9} {'least':>9} {'most':>9} {'mean':>9} ms")
    for name, seconds in timed.items():
        print(f"  {name:44}" + "".join(f" {1000 * value:9.1f}" for value in seconds))
    for name, ratio in ratios.items():
        print(f"  {name:44} {ratio:9.2f}")


def keep(path: Path, settings: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
    """Write what was measured as JSON, with device, versions and commit; `Timed` as lists in its order."""
    machine = {**provenance(), "threads": torch.get_num_threads(), "cores": os.cpu_count()}
    write_json(path, {"made_by": machine, "settings": dict(settings), **groups})


def _timed(values: list[float]) -> Timed:
    return Timed(statistics.median(values), min(values), max(values), statistics.fmean(values))
