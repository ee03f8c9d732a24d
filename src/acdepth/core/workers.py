"""Processes that work for this one, and end with it however it ends."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

import cv2
import torch

from acdepth.core.errors import UserError


@contextmanager
def worker_pool(
    workers: int, initializer: Callable[..., object] | None = None, *arguments: object
) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each; on an error what has not begun is dropped.

    Each calls ``initializer`` with ``arguments`` first; like all work it must be picklable.

    Raises:
        UserError: if one of them is killed.
    """
    begin = (initializer, arguments)
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, begin) as pool:
        try:
            yield pool
        except BaseException as error:
            pool.shutdown(cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                remedy = "is there memory enough? Then start again"
                raise UserError(None, "a worker process ended early", remedy) from error
            raise


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it has, even if that was killed."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _begin(initializer: Callable[..., object] | None, arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent ends its workers
    end_with_parent()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if initializer:
        initializer(*arguments)
