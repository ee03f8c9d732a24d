"""Does anything grow over a long run: python benchmarks/soak.py OUT.json [--steps 5000] [--predictions 5000]
[--hours 1] [--picture FILE.png]

A training of a student with states, log and workers, predictions one after another, and the server under the
load of four clients, each in a process of its own. Now and then its memory, its open handles and its
processes and threads are counted. Told is by how much each changes from the second quarter of the run to the
last, the first being spent on warming up, beside how much it wavers within a quarter.
"""

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from growth import own_megabytes
from serve_load import client, serve
from training import write_footage

from acdepth.core.files import write_json
from acdepth.core.provenance import provenance

SAMPLES = 200
"""In a run."""
COUNTED = ("memory [MB]", "handles", "processes and threads")
Tell = Callable[[int], None]


def train(steps: int, tell: Tell) -> None:
    """A student at a tiny size, its batches drawn by two workers."""
    from acdepth.core.condition import Condition
    from acdepth.core.identity import Identity
    from acdepth.data.folder import open_data
    from acdepth.data.mix import MixBatches
    from acdepth.data.prepared import prepare
    from acdepth.engine import LoopSettings, fit
    from acdepth.networks.depth_net import DepthNet
    from acdepth.networks.settings import DepthNetConfig
    from acdepth.prior.depth_anything import DepthAnythingPrior
    from acdepth.student.settings import StudentConfig
    from acdepth.student.task import StudentTask

    loop = LoopSettings(
        steps=steps, batch_size=2, log_every=20, checkpoint_every=100, workers=2, device="cpu"
    )
    config = StudentConfig(loop=loop, start_from="scratch", mix={Condition.CLEAR: 1, Condition.NIGHT: 1})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_footage(folder / "data")
        night = clear = prepare(open_data(folder / "data"), folder / "prepared", (64, 96))
        networks = [DepthNet(DepthNetConfig(width=8), 15.0) for _ in range(2)]
        task = StudentTask(config, *networks, DepthAnythingPrior.tiny(0))

        def batches(rank: int, processes: int) -> MixBatches:
            return MixBatches(clear, {Condition.NIGHT: night}, config.mix, 2, 0, None, rank, processes)

        fit("soak", task, batches, loop, folder, Identity(), on_interval=lambda step: tell(step))


def predict(count: int, tell: Tell) -> None:
    """Photographs of several sizes, from the bytes of a file to depth."""
    from acdepth.inference import load

    predictor, dice = load("shipped", "cpu"), np.random.default_rng(0)
    noise = [dice.integers(0, 255, (height, width, 3), np.uint8) for height, width in ((96, 160), (120, 160))]
    files = [cv2.imencode(".jpg", image)[1].tobytes() for image in noise]
    for number in range(count):
        predictor(files[number % len(files)])
        if number % (count // SAMPLES or 1) == 0:
            tell(number)


def sample(process: int) -> tuple[float, int, int]:
    """Memory of its own [MB], open handles, and processes and threads."""
    children = [process, *_children(process)]
    threads = sum(len(list(Path(f"/proc/{one}/task").iterdir())) for one in children)
    return own_megabytes(process), len(list(Path(f"/proc/{process}/fd").iterdir())), threads


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_children(int(child))]
    return found


def in_a_process(work: Callable[[int, Tell], None], count: int) -> list[list[float]]:
    """Samples of a process that does so much work, each with how much was done."""
    spawn = multiprocessing.get_context("spawn")
    told: multiprocessing.SimpleQueue[int | None] = spawn.SimpleQueue()
    process = spawn.Process(target=_work, args=(work, count, told))
    process.start()
    assert process.pid
    samples = []
    while (done := told.get()) is not None:
        samples.append([float(done), *sample(process.pid)])
    process.join()
    if process.exitcode:
        raise SystemExit(f"the run ended early, with {process.exitcode}")
    return samples


def _work(
    work: Callable[[int, Tell], None], count: int, told: "multiprocessing.SimpleQueue[int | None]"
) -> None:
    try:
        work(count, told.put)
    finally:
        told.put(None)


def served(hours: float) -> tuple[list[list[float]], dict[str, Any]]:
    """Samples of the server while four clients ask it without a pause, by seconds; and what they met."""
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    process = spawn.Process(target=serve, args=("shipped", told), daemon=True)
    process.start()
    port, number = told.get(timeout=600), process.pid
    assert number is not None
    times: list[float] = []
    errors: list[str] = []
    began, until = time.monotonic(), time.monotonic() + hours * 3600
    clients = [threading.Thread(target=client, args=(port, seed, until, times, errors)) for seed in range(4)]
    for one in clients:
        one.start()
    samples = []
    while time.monotonic() < until:
        samples.append([time.monotonic() - began, *sample(number)])
        time.sleep(hours * 3600 / SAMPLES)
    for one in clients:
        one.join()
    process.terminate()
    return samples, {"answers": len(times), "errors": errors[:5], "seconds": hours * 3600}


def growth(samples: list[list[float]]) -> dict[str, dict[str, float]]:
    """Of each count its mean in the second and the last quarter, and its deviation within the last."""
    values, quarter = np.array(samples), len(samples) // 4
    early, late = values[quarter : 2 * quarter], values[-quarter:]
    return {
        name: {
            "second quarter": round(float(early[:, column].mean()), 2),
            "last quarter": round(float(late[:, column].mean()), 2),
            "deviation": round(float(late[:, column].std()), 2),
        }
        for column, name in enumerate(COUNTED, start=1)
    }


def draw(found: dict[str, Any], path: Path) -> None:
    """Curves of all runs."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, rows = pyplot.subplots(len(COUNTED), len(found), figsize=(4 * len(found), 6), squeeze=False)
    for column, (run, about) in enumerate(found.items()):
        values = np.array(about["samples"])
        for row, name in enumerate(COUNTED):
            axes = rows[row][column]
            axes.plot(values[:, 0], values[:, row + 1], linewidth=1)
            axes.set_ylim(0, values[:, row + 1].max() * 1.2)
            axes.set_title(run if row == 0 else "", fontsize=10)
            axes.set_ylabel(name if column == 0 else "")
            axes.set_xlabel(about["counted in"] if row == len(COUNTED) - 1 else "")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main() -> None:
    """Run what is asked for, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--predictions", type=int, default=5000)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    found: dict[str, Any] = {}

    def keep(name: str, told: dict[str, Any]) -> None:
        """At once, as the next one may take an hour."""
        found[name] = told
        print(name, {key: value for key, value in told.items() if key != "samples"}, flush=True)
        write_json(asked.out, {"made_by": provenance(), "runs": found})

    for name, unit, work, count in (
        ("training", "steps", train, asked.steps),
        ("predictions", "photographs", predict, asked.predictions),
    ):
        if count:
            samples = in_a_process(work, count)
            keep(name, {"counted in": unit, "growth": growth(samples), "samples": samples})
    if asked.hours:
        samples, met = served(asked.hours)
        keep("server", {"counted in": "seconds", **met, "growth": growth(samples), "samples": samples})
    if asked.picture:
        draw(found, asked.picture)


if __name__ == "__main__":
    main()
