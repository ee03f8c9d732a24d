"""One writer at a time, by a lock that the system drops with its process, however that ends."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from acdepth.core.command import keep_command
from acdepth.core.errors import UserError
from acdepth.core.files import real_path, remove_half_made
from acdepth.core.share import ALL, Share


class Taken(UserError):
    """Another process writes there."""


@contextmanager
def sole_writer(
    place: Path,
    remedy: str = "wait for it, or choose another folder",
    share: Share = ALL,
    wait: bool = False,
    is_file: bool = False,
) -> Iterator[None]:
    """Keep other processes from writing to ``place`` while the context lasts.

    What is locked is ``place/.lock``, by whatever path the folder is named, or ``NAME.lock`` beside a file:
    the file itself is replaced when it is written, and a lock would go with the former one. Of processes
    that write there together, a ``share``, the first holds the lock for all. With ``wait`` another process
    that has it is waited for. What killed processes left half made in the folder goes, and a folder that this
    process's command fills keeps that, see `core.command`.

    Raises:
        UserError: in all of them if it cannot be locked, or if the folder was removed meanwhile; `Taken` if
            another process has it.
    """
    with ExitStack() as held:
        lock = None
        with share.main_first():
            if share.leads:
                lock = _lock(place, remedy, wait, is_file)
                held.callback(lock.release)
                if not is_file:
                    remove_half_made(place)
                    keep_command(place)
        before = lock and _number(lock)
        yield
        if lock and _number(lock) != before:
            raise UserError(place, "was removed while it was written", "the same command makes it again")


def _number(lock: FileLock) -> int | None:
    """Of the file that is locked; no other has it as long as this one is open."""
    try:
        return Path(lock.lock_file).stat().st_ino
    except OSError:
        return None


def _lock(place: Path, remedy: str, wait: bool, is_file: bool) -> FileLock:
    where = real_path(place)
    lock = FileLock(where.with_name(f"{where.name}.lock") if is_file else where / ".lock")
    try:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, place, wait)
    except Timeout as error:
        raise Taken(place, "another acdepth process is writing there", remedy) from error
    except (OSError, NotImplementedError) as error:
        raise UserError(place, f"cannot be locked ({error})", "choose another folder") from error
    return lock


def _acquire(lock: FileLock, place: Path, wait: bool) -> None:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if not wait:
            raise
        logging.getLogger("acdepth").warning("%s: waiting for another process that writes there", place)
        lock.acquire()
