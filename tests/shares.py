"""Several processes that share work, as threads of this one; what they tell each other is pickled."""

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeVar

from acdepth.core.share import Share

T = TypeVar("T")


def together(count: int, work: Callable[[Share], T]) -> list[T]:
    """What each of so many gives, by rank; where one fails, the others fail as its connection breaks."""
    barrier, board = Barrier(count, timeout=60), [b""] * count

    def one(rank: int) -> T:
        def gather(value: Any) -> list[Any]:
            board[rank] = pickle.dumps(value)
            barrier.wait()
            found = [pickle.loads(told) for told in board]
            barrier.wait()
            return found

        try:
            return work(Share(rank, count, gather))
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(count) as pool:
        work_of = [pool.submit(one, rank) for rank in range(count)]
    errors = [error for future in work_of if (error := future.exception())]
    for error in errors:
        if not isinstance(error, BrokenBarrierError):
            raise error
    return [future.result() for future in work_of]
