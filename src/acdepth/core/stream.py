"""Work that overlaps: pieces in order, few of them in memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Done = TypeVar("Done")

MOST_THREADS = 8
"""Of one stage: each may hold an image and its depth at full size, and Python itself takes turns."""


def threads_beside() -> int:
    """Threads of a stage beside a network."""
    return min(os.cpu_count() or 1, MOST_THREADS)


def in_order(work: Callable[[Piece], Done], pieces: Iterable[Piece], threads: int = 1) -> Iterator[Done]:
    """What ``work`` makes of each piece, in order, made by threads while the caller does something else.

    One piece more than there are threads is begun before its turn; see `results`.
    """
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from results((pool.submit(work, piece) for piece in pieces), threads)
        finally:
            pool.shutdown(cancel_futures=True)


def results(begun: Iterable[Future[Done]], ahead: int) -> Iterator[Done]:
    """Results of work that begins as it is taken, in order, while up to ``ahead`` more of it is under way.

    What work raises is raised at its turn, what ``begun`` raises after the results of those before; nothing
    more is begun then.
    """
    pending: deque[Future[Done]] = deque()
    failure: Exception | None = None
    coming = iter(begun)
    while failure is None:
        try:
            pending.append(next(coming))
        except StopIteration:
            break
        except Exception as error:
            failure = error
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
    if failure is not None:
        raise failure
