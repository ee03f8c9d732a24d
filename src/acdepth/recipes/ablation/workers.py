"""Several processes on one ablation, each taking cells that nobody has."""

import os
import signal
import sys
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from acdepth.core.errors import UserError
from acdepth.core.progress import progress, say
from acdepth.core.stopping import sigterm_stops
from acdepth.core.workers import end_with_parent
from acdepth.recipes.ablation.ablation import Ablation
from acdepth.recipes.ablation.config import AblationConfig
from acdepth.recipes.ablation.sources import Sources

SECONDS_BETWEEN_LOOKS = 1.0


def work_together(ablation: Ablation, workers: int) -> None:
    """Let processes of their own do the cells of an ablation that is begun.

    Each logs to ``worker-N.log`` and ends with this one, whose threads they share.

    Raises:
        UserError: if cells are left because a process died.
    """
    threads = max(1, torch.get_num_threads() // workers)
    context = get_context("spawn")
    given = ablation.config, ablation.sources, ablation.out
    logs = [ablation.out / f"worker-{number}.log" for number in range(1, workers + 1)]
    processes: list[BaseProcess] = [
        context.Process(target=_work, args=(*given, threads, log)) for log in logs
    ]
    try:
        for process in processes:
            process.start()
        _show(ablation, processes)
    finally:
        for process in processes:
            if process.pid is not None:
                process.terminate()
                process.join()
    fallen = [pair for pair in zip(logs, processes, strict=True) if pair[1].exitcode]
    if fallen and any(not cell.is_done() and cell.failure() is None for cell in ablation.cells):
        (log, process), *_ = fallen
        killed = process.exitcode == -getattr(signal, "SIGKILL", 9)
        why = "it was killed, perhaps for want of memory" if killed else f"{log} says why"
        raise UserError(None, f"{log.stem} ended early", f"{why}, and the same command goes on from here")


def _show(ablation: Ablation, processes: list[BaseProcess]) -> None:
    """A bar over the cells until all processes have ended."""
    known = sum(cell.seems_done() for cell in ablation.cells)
    with progress("ablate", len(ablation.cells), known, unit="cell") as advance:
        while any(process.is_alive() for process in processes):
            time.sleep(SECONDS_BETWEEN_LOOKS)
            now = sum(cell.seems_done() or cell.failure() is not None for cell in ablation.cells)
            if now > known:
                advance(now - known)
                known = now


def _work(config: AblationConfig, sources: Sources, out: Path, threads: int, log: Path) -> None:
    with log.open("ab") as stream:  # for all that is said to the very end, also by libraries
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    torch.set_num_threads(threads)
    sigterm_stops()
    end_with_parent()  # what is half done goes on from its last state anyway
    try:
        Ablation(config, sources, out).work()
    except UserError as error:
        say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
