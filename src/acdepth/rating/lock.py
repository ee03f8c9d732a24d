"""One server per file of votes, by a lock that the system releases with the process, however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from acdepth.core.errors import UserError


@contextmanager
def held_alone(path: Path) -> Iterator[None]:
    """Keep other servers from a file while the context lasts.

    What is locked is ``votes.csv.lock`` beside it: the file itself is replaced when a vote is taken back, and
    a lock would go with the former one.

    Raises:
        UserError: if another server has it, or it cannot be locked.
    """
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UserError(
            f"{path}: another acdepth rate is using it; stop that one, or give another --out"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise UserError(f"{path}: cannot be locked ({error}); give another --out") from error
    try:
        yield
    finally:
        lock.release()
