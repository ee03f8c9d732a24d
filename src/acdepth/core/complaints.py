"""What decoders written in C print about a damaged file, kept from the terminal and told to their caller."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import TypeVar

Done = TypeVar("Done")

_UNBUFFERED = 2
_making = threading.Lock()


def with_complaints(work: Callable[[], Done]) -> tuple[Done, list[str]]:
    """What ``work`` gives, and the lines that its C code prints on standard error meanwhile.

    libjpeg and libpng say nowhere else that a picture is damaged. Python's own output is not touched. Threads
    work side by side; where something is printed, nobody knows by whom, so each of them works once more,
    alone. Where the C library is not glibc, which allows this, nothing is collected.
    """
    with _making:
        sink = _sink(os.getpid())
    if sink is None:
        return work(), []
    done, quiet = sink.side_by_side(work)
    return (done, []) if quiet else sink.alone(work)


class _Sink:
    """A file in memory to which the C library's ``stderr`` is set while threads work."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # others keep the variable where it cannot be written
        self._stderr = ctypes.c_void_p.in_dll(libc, "stderr")
        self._file = os.memfd_create(f"complaints-{os.getpid()}")
        libc.fdopen.restype = ctypes.c_void_p
        libc.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
        self._stream = libc.fdopen(self._file, b"a")
        libc.setvbuf(self._stream, None, _UNBUFFERED, 0)
        self._changes = threading.Condition()
        self._before = self._stderr.value
        self._working = self._waiting = 0
        """Threads at work, and those that wait until none is."""

    def side_by_side(self, work: Callable[[], Done]) -> tuple[Done, bool]:
        """What it gives, and whether nothing was printed meanwhile."""
        with self._changes:
            self._changes.wait_for(lambda: not self._waiting)
            if not self._working:
                self._collect()
            self._working += 1
            length = self._length()
        try:
            done = work()
            return done, self._length() == length
        finally:
            with self._changes:
                self._working -= 1
                if not self._working:
                    self._stderr.value = self._before
                    self._changes.notify_all()

    def alone(self, work: Callable[[], Done]) -> tuple[Done, list[str]]:
        """What it gives, and the lines that are printed meanwhile."""
        with self._changes:
            self._waiting += 1
            self._changes.wait_for(lambda: not self._working)
            self._collect()
            os.ftruncate(self._file, 0)
            try:
                done = work()
                said = os.pread(self._file, self._length(), 0).decode(errors="replace")
                return done, said.splitlines()
            finally:
                self._stderr.value = self._before
                os.ftruncate(self._file, 0)
                self._waiting -= 1
                self._changes.notify_all()

    def _collect(self) -> None:
        self._before, self._stderr.value = self._stderr.value, self._stream

    def _length(self) -> int:
        return os.lseek(self._file, 0, os.SEEK_END)


@cache
def _sink(process: int) -> _Sink | None:
    """Of this process: a forked one would share the file, and the threads, with its parent."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return _Sink()
    except (AttributeError, OSError, ValueError):
        return None
