"""How training grows with its footage: python benchmarks/growth.py [--frames 1000 1000000] [--out FILE]

For each number of frames an index of made columns, and as many tiny images in files without content, are
opened by a process of its own, as clear frames and as translations. It prints what the training process
takes until its first batches, the memory that it and that a worker has to itself, and how long a batch of 8
takes, of teacher, student and translator. Images are tiny, so that what grows with the index is seen, and
each batch is made once before it is timed: what a disk takes to fetch an image does not depend on the others.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from prepared import columns
from torch.utils.data import DataLoader, Dataset

from acdepth.core.batches import Tensors
from acdepth.core.condition import Condition
from acdepth.core.files import write_json
from acdepth.core.provenance import provenance
from acdepth.data.frames import Frames
from acdepth.data.mix import MixBatches
from acdepth.data.pools import UnpairedBatches, make_pools
from acdepth.data.prepared import FORMAT, FRAMES, IMAGES, INDEX, Prepared
from acdepth.data.triplets import TripletBatches
from acdepth.engine.ahead import BatchSource

SIZE = (32, 64)
BATCH, STEPS = 8, 60
CONDITIONS = (Condition.CLEAR, Condition.NIGHT)


class _Numbered(Dataset[Tensors]):
    """As the training loop hands batches to its workers."""

    def __init__(self, source: BatchSource) -> None:
        self.source = source

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, step: int) -> Tensors:
        return self.source.batch(step)


def write(folder: Path, frames: Frames) -> None:
    """Prepared images, all black, that take no room."""
    frames.write(folder / FRAMES)
    with (folder / IMAGES).open("wb") as stream:
        stream.truncate(len(frames) * SIZE[0] * SIZE[1] * 3)
    index = {"format": FORMAT, "made_from": "", "stamp": "", "crop": None, "image_size": list(SIZE)}
    write_json(folder / INDEX, index)


def own_megabytes(process: int) -> float:
    """Memory that no other process shares and that no file holds."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1000


def measure(folder: Path) -> dict[str, float]:
    """What a training meets on two prepared folders, in a fresh process."""
    before, started = own_megabytes(os.getpid()), time.perf_counter()
    clear, night = (Prepared.open(folder / condition) for condition in CONDITIONS)
    sources: dict[str, BatchSource] = {
        "triplets": TripletBatches(clear, BATCH, 0),
        "mix": MixBatches(clear, {Condition.NIGHT: night}, None, BATCH, 0),
        "unpaired": UnpairedBatches(make_pools([clear, night], CONDITIONS), BATCH, 0),
    }
    for source in sources.values():
        source.batch(0)
    found = {
        "start [s]": time.perf_counter() - started,
        "own memory [MB]": own_megabytes(os.getpid()) - before,
    }
    for name, source in sources.items():
        found[f"{name}: a batch [ms]"] = 1000 * statistics.median(_batch_seconds(source))
        found[f"{name}: a worker's own memory [MB]"] = _worker_megabytes(source)
    return found


def _batch_seconds(source: BatchSource) -> Iterator[float]:
    for step in range(1, STEPS):
        source.batch(step)
        started = time.process_time()
        source.batch(step)
        yield time.process_time() - started


def _worker_megabytes(source: BatchSource) -> float:
    batches = iter(DataLoader(_Numbered(source), batch_size=None, num_workers=1))
    for _ in range(STEPS - 2):
        next(batches)
    return own_megabytes(batches._workers[0].pid)  # pyright: ignore[reportAttributeAccessIssue]


def measure_apart(count: int) -> dict[str, float]:
    """The same in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        clear = columns(count)
        for condition in CONDITIONS:
            number = np.full_like(clear.clip_condition, condition.index)
            write(Path(folder) / condition, replace(clear, clip_condition=number))
        command = [sys.executable, __file__, "--measure", folder]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(told.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, nargs="+", default=[10**power for power in (3, 4, 5, 6)])
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    found: dict[int, dict[str, Any]] = {count: measure_apart(count) for count in given.frames}
    print(f"{'frames':42}" + "".join(f"{count:>12,}" for count in found))
    for name in found[given.frames[0]]:
        print(f"{name:42}" + "".join(f"{one[name]:12.2f}" for one in found.values()))
    if given.out:
        write_json(given.out, {"made_by": provenance(), "frames": found})


if __name__ == "__main__":
    main()
