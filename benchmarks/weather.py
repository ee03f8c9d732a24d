"""How fast weather is simulated: python benchmarks/weather.py [--before OTHER_CHECKOUT/src]

Processor time of one thread for an image, by condition, on noise over a level road with a wall 60 m away:
what is drawn, and so the time, hardly depends on what images show. The code of another checkout takes turns
with ours, each in a process of its own; seeds are the same, and of an image the quickest try counts. Beside
them stands what each translation needs in any case: one image read from JPEG, and one written as JPEG.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from turns import Timed, Work, keep, show, take_turns

import acdepth
from acdepth.cli.world import parse_image_size
from acdepth.weather import WEATHERS

FLOOR = "JPEG read and written"
QUALITY = 95
"""Of `acdepth translate`."""
WORKER = Path(__file__).with_name("weather_worker.py")


def main() -> None:
    """Print a table for each size, and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, help="src of the other checkout")
    parser.add_argument("--size", default="360x640,900x1600", help="heights and widths")
    parser.add_argument("--rounds", type=int, default=15, help="each simulates other weather")
    parser.add_argument("--tries", type=int, default=3, help="of each image")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/weather.json"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    sources = {"now": Path(acdepth.__file__).parents[1]}
    if given.before:
        sources = {"before": given.before, **sources}
    groups: dict[str, dict[str, Any]] = {}
    for size in given.size.split(","):
        timed = _measure(parse_image_size(size), sources, given.rounds, given.tries)
        groups[size] = {"seconds": timed, "ratios": _ratios(timed, sources)}
        show(f"{size}, processor time", timed, groups[size]["ratios"])
        keep(given.out, {"rounds": given.rounds, "tries": given.tries, "before": str(given.before)}, groups)


def _measure(size: tuple[int, int], sources: dict[str, Path], rounds: int, tries: int) -> dict[str, Timed]:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    pixels = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_LINEAR)
    _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])

    def read_and_write() -> float:
        started = time.process_time()
        decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        cv2.imencode(".jpg", decoded, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return time.process_time() - started

    works: dict[str, Work] = {FLOOR: read_and_write}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(_worker(source, size)) for name, source in sources.items()}
        for condition in WEATHERS:
            for name, worker in workers.items():
                works[f"{condition}, {name}"] = _asks(worker, condition, tries)
        return take_turns(works, rounds, _its_own)


@contextmanager
def _worker(source: Path, size: tuple[int, int]) -> Iterator["subprocess.Popen[str]"]:
    """A process that simulates weather by the code of a checkout."""
    command = [sys.executable, str(WORKER), *map(str, size)]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as worker:
        yield worker
        assert worker.stdin
        worker.stdin.close()


def _asks(worker: "subprocess.Popen[str]", condition: str, tries: int) -> Work:
    """An image of a condition, each time by another seed; returns its seconds."""
    seeds = count()

    def ask() -> float:
        assert worker.stdin and worker.stdout
        worker.stdin.write(f"{condition} {next(seeds)} {tries}\n")
        worker.stdin.flush()
        return float(worker.stdout.readline())

    return ask


def _its_own(work: Work) -> float:
    """Seconds that a work measures itself."""
    seconds = work()
    assert isinstance(seconds, float)
    return seconds


def _ratios(timed: dict[str, Timed], sources: dict[str, Path]) -> dict[str, float]:
    """Of means, as each round draws other weather."""
    means = {name: [timed[f"{condition}, {name}"].mean for condition in WEATHERS] for name in sources}
    ratios = {f"ms an image, {name}": 1000 * sum(seconds) / len(seconds) for name, seconds in means.items()}
    if len(means) == 2:
        before, now = means.values()
        ratios |= {
            f"before / now, {one}": was / is_ for one, was, is_ in zip(WEATHERS, before, now, strict=True)
        }
        ratios["before / now"] = sum(before) / sum(now)
    return ratios


if __name__ == "__main__":
    main()
