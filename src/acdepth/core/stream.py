"""Work that overlaps: pieces in order, few of them in memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Done = TypeVar("Done")

MOST_THREADS = 16
"""More wait for one another, as what Python itself does takes turns."""


def threads_beside() -> int:
    """Threads that decode, or score, beside a network."""
    return min(os.cpu_count() or 1, MOST_THREADS)


def in_order(work: Callable[[Piece], Done], pieces: Iterable[Piece], threads: int) -> Iterator[Done]:
    """What ``work`` makes of each piece, in order, made by threads while the caller does something else.

    One piece more than there are threads is begun before its turn. What ``work`` raises is raised at its
    turn, and then nothing more is begun; ``pieces`` are taken by the caller's thread.
    """
    begun: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for piece in pieces:
                begun.append(pool.submit(work, piece))
                if len(begun) > threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
