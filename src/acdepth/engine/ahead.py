"""Batches by number, made ahead by processes of their own where that is wanted, and made once more."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple, Protocol

import torch
from torch.utils.data import DataLoader, Dataset

from acdepth.core.batches import Tensors
from acdepth.core.errors import UserError, first_line
from acdepth.core.stopping import leave_ctrl_c_to_parent
from acdepth.engine.settings import LoopSettings

LOST_WORKERS = 3
"""How often in a row workers are replaced at one step."""


class BatchSource(Protocol):
    """Batches by number. Because a batch depends on nothing but its number, any run can resume exactly."""

    def batch(self, step: int) -> Tensors:
        """The batch of one step, on the CPU."""
        ...


class Drawing(NamedTuple):
    """Makes the batches of a step once more."""

    source: BatchSource
    each: int

    def __call__(self, step: int) -> list[Tensors]:
        """On the CPU."""
        return [self.source.batch(number) for number in range(step * self.each, (step + 1) * self.each)]


class _Numbered(Dataset[Tensors | UserError]):
    """The batches that remain, as a data set for DataLoader's worker processes.

    Those raise nothing but errors of one argument, so that ours are handed on.
    """

    def __init__(self, source: BatchSource, start: int, stop: int) -> None:
        self.source, self.start, self.stop = source, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> Tensors | UserError:
        try:
            return self.source.batch(self.start + index)
        except UserError as fault:  # torch would make a page of text of it
            return fault


def read_ahead(
    source: BatchSource, start: int, settings: LoopSettings, device: torch.device
) -> Iterator[list[Tensors]]:
    """The batches of each remaining step, where the device can fetch them.

    A worker process that ends early, as for want of memory, is replaced, and its batches are made once more.

    Raises:
        UserError: of a batch that cannot be made, or if workers end early again and again.
    """
    step, lost = start, 0
    while step < settings.steps:
        try:
            for batches in _loaded(source, step, settings, device):
                if faults := [one for one in batches if isinstance(one, UserError)]:
                    raise faults[0]
                yield [one for one in batches if isinstance(one, Tensors)]
                step, lost = step + 1, 0
        except (RuntimeError, OSError, EOFError) as error:  # torch's or Python's, of a worker that is gone
            lost, said = lost + 1, first_line(error)
            if not settings.workers:
                raise
            if lost > LOST_WORKERS:
                what = f"processes that read data end early again and again ({said})"
                raise UserError(None, what, "is there memory enough? Give fewer workers") from error
            logging.getLogger("acdepth").warning("step %d: %s; others take its place", step, said)


def _loaded(
    source: BatchSource, start: int, settings: LoopSettings, device: torch.device
) -> Iterator[list[Tensors | UserError]]:
    each = settings.accumulate
    numbered = _Numbered(source, start * each, settings.steps * each)
    # With batch_size=None and no collate function of ours, batches pass through as they are.
    pinned = device.type == "cuda"
    with _workers_die_quietly():
        batches = iter(
            DataLoader(
                numbered,
                batch_size=None,
                num_workers=settings.workers,
                pin_memory=pinned,
                worker_init_fn=_begin_worker,
            )
        )
    while of_step := list(islice(batches, each)):
        yield of_step


def _begin_worker(number: int) -> None:
    leave_ctrl_c_to_parent()


@contextmanager
def _workers_die_quietly() -> Iterator[None]:
    """Undo that torch raises in the midst of a step when a worker dies; it also tells when a batch is due."""
    if hasattr(signal, "SIGCHLD") and threading.current_thread() is threading.main_thread():
        before = signal.getsignal(signal.SIGCHLD)
        yield
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)
    else:
        yield
