"""What each of several processes does in the tests of them; writes what it saw to OUT/rank-N.json.

python -m tests.engine.together OUT
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from acdepth.core.batches import Tensors
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.data.order import Order
from acdepth.engine import LoopSettings, Task, fit, run_folder

SETTINGS = LoopSettings(
    steps=6, batch_size=4, learning_rate=0.01, gradient_clip=None, log_every=2, checkpoint_every=2,
    precision="fp32", device="cpu", trackers=(),
)  # fmt: skip
MADE_FROM = Identity({"data": "rows"})


@dataclass(frozen=True)
class Rows(Tensors):
    number: Tensor
    x: Tensor


class Source:
    """Rows out of 20, in the order that all stages use."""

    def __init__(self, batch_size: int, rank: int, count: int) -> None:
        self.order = Order(list(range(20)), "rows", 0, batch_size, rank, count)

    def batch(self, step: int) -> Rows:
        numbers = [self.order.item(draw) for draw in self.order.draws(step)]
        x = torch.randn(20, 3, 4, 4, generator=make_generator(0, "rows"))[numbers]
        return Rows(torch.tensor(numbers), x)


class Learner(Task):
    """Two terms that pull apart; each row counts alike, and nothing is drawn."""

    def __init__(self, normalised: bool = False, projected: tuple[str, ...] = ()) -> None:
        super().__init__()
        torch.manual_seed(0)
        between = nn.BatchNorm2d(4) if normalised else nn.Tanh()
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), between, nn.Conv2d(4, 1, 1))
        self.projected, self.seen = projected, []

    def forward(self, batch: Rows, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        self.seen.append(batch.number.tolist())
        said = self.net(batch.x).mean((1, 2, 3))
        return {"up": (said - 1).square().mean(), "down": 0.5 * (said + 1).square().mean()}


def learn(out: Path, task: Learner, **values: Any) -> Learner:
    """Train in a folder that this group of processes has to itself."""
    settings = SETTINGS.model_copy(update=values)
    with run_folder(out, MADE_FROM, settings):
        fit("learn", task, lambda *share: Source(settings.batch_size, *share), settings, out, MADE_FROM)
    return task


def several(count: int, out: Path, timeout: float = 120) -> list[dict[str, Any]]:
    """Run this file in so many processes that know of each other; gives what each wrote."""
    with launched(count, ["-m", "tests.engine.together", str(out)]) as processes:
        assert [process.wait(timeout) for process in processes] == [0] * count
    return [json.loads((out / f"rank-{rank}.json").read_text()) for rank in range(count)]


@contextmanager
def launched(count: int, command: list[str], **how: Any) -> Iterator[list[subprocess.Popen]]:
    """Python in so many processes, as a launcher starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, *command], env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}, **how
        )
        for rank in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main(out: Path) -> None:
    """Each part of the tests, one after the other, in processes that are started once."""
    told: dict[str, Any] = {}
    told["seen"] = learn(out / "plain", Learner(), batch_size=2).seen
    learn(out / "accumulated", Learner(), batch_size=1, accumulate=2)
    learn(out / "projected", Learner(projected=("up", "down")), batch_size=2)
    normalised = learn(out / "normalised", Learner(normalised=True), batch_size=2)
    told["weights"] = [float(value.detach().sum()) for value in normalised.parameters()]
    try:
        learn(out / "shared", Learner(normalised=True), batch_size=2, sync_batch_norm=True)
    except UserError as error:
        told["shared statistics"] = str(error)
    with run_folder(out / "once", MADE_FROM, SETTINGS) as share:
        told["rank"], marker = share.rank, out / "once" / "marker"
        with share.main_first():
            told["was prepared"] = marker.exists()
            marker.touch()
        try:
            with share.main_first():
                if share.leads:
                    raise UserError(out, "no image can be read", "copy them again")
        except UserError as error:
            told["failure"] = str(error)
        with suppress(OSError, RuntimeError), share.main_first():
            if share.leads:
                raise OSError("no space left")
            told["went on"] = True
    (out / f"rank-{told['rank']}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
