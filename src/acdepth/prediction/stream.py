"""Work of several stages that overlap, in the order of the input and with few pieces in memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T, R = TypeVar("T"), TypeVar("R")

MOST_THREADS = 8
"""Of one stage: each may hold a photograph and its depth at full size."""


def threads_beside() -> int:
    """Threads of a stage beside the network."""
    return min(os.cpu_count() or 1, MOST_THREADS)


def in_order(work: Callable[[T], R], pieces: Iterable[T], threads: int = 1) -> Iterator[R]:
    """What ``work`` makes of each piece, in order, made by threads while the caller does something else.

    One piece more than there are threads is begun before its turn. What ``work`` raises is raised at its
    turn, what ``pieces`` raises after the results of those before; nothing more is begun then.
    """
    begun: deque[Future[R]] = deque()
    failure: Exception | None = None
    with ThreadPoolExecutor(threads) as pool:
        try:
            coming = iter(pieces)
            while failure is None:
                try:
                    begun.append(pool.submit(work, next(coming)))
                except StopIteration:
                    break
                except Exception as error:
                    failure = error
                if len(begun) > threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
    if failure is not None:
        raise failure
