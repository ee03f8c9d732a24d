"""What decoders written in C print about a damaged file, kept from the terminal and told to their caller."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

_UNBUFFERED = 2
_lock = threading.Lock()


class _Sink(NamedTuple):
    libc: Any
    stderr: ctypes.c_void_p
    """The C library's variable of this name."""
    stream: int
    """A C stream to a file in memory."""
    file: int
    """Descriptor of that file."""


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect the lines that C code prints on standard error while the block runs; they are there after it.

    libjpeg and libpng say nowhere else that a picture is damaged. The C library's ``stderr`` is set to a file
    in memory meanwhile: Python's own output is not touched, only one thread collects at a time. Where the C
    library is not glibc, which allows this, nothing is collected.
    """
    lines: list[str] = []
    sink = _sink(os.getpid())
    if sink is None:
        yield lines
        return
    with _lock:
        before, sink.stderr.value = sink.stderr.value, sink.stream
        try:
            yield lines
        finally:
            sink.stderr.value = before
            if size := os.lseek(sink.file, 0, os.SEEK_END):
                lines += os.pread(sink.file, size, 0).decode(errors="replace").splitlines()
                os.ftruncate(sink.file, 0)


@cache
def _sink(process: int) -> _Sink | None:
    """Of this process: a forked one would share the file with its parent."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # others keep the variable where it cannot be written
        stderr = ctypes.c_void_p.in_dll(libc, "stderr")
        file = os.memfd_create(f"complaints-{process}")
    except (AttributeError, OSError, ValueError):
        return None
    libc.fdopen.restype = ctypes.c_void_p
    libc.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    stream = libc.fdopen(file, b"a")
    libc.setvbuf(stream, None, _UNBUFFERED, 0)
    return _Sink(libc, stderr, stream, file)
