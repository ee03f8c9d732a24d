"""What visitors send to the page, which Gradio keeps in files: how much there may be, and what goes."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

from acdepth.serve.guard import MOST_CREDIT

DEAD = 2 * MOST_CREDIT
"""[s] without a change after which nobody sends what is not whole yet."""
EMPTY = 60 * DEAD
"""[s] after which a folder without files is not about to get one."""


class Uploads:
    """Files below a folder.

    Gradio writes them there and deletes those that came whole, after a time. It leaves what a visitor broke
    off, and the folders of what it has deleted.

    Args:
        folder: absolute.
        most: bytes of all together.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder, self.most = folder, most
        self._coming = 0

    def has(self, path: Any) -> bool:
        """Whether a path is of what was sent, without a look at the disk."""
        if not isinstance(path, str):
            return False
        named = PurePath(path)
        return named.is_relative_to(self.folder) and ".." not in named.parts

    @contextmanager
    def coming(self, size: int) -> Iterator[None]:
        """While it lasts, so many bytes more may come."""
        self._coming += size
        try:
            yield
        finally:
            self._coming -= size

    def have_room(self) -> bool:
        """Whether there is room for all that is coming; removes what nobody needs."""
        return self._coming + _tidied(self.folder, time.time()) <= self.most


def _tidied(folder: Path, now: float) -> int:
    """Bytes of the files in a folder, without what was broken off."""
    total = 0
    with suppress(FileNotFoundError), os.scandir(folder) as entries:  # nothing was sent yet
        for entry in entries:
            with suppress(OSError):  # it was moved to its place meanwhile, or its folder is not empty
                if entry.is_dir(follow_symlinks=False):
                    total += sum(file.stat().st_size for file in os.scandir(entry.path))
                    if now - entry.stat().st_mtime > EMPTY:
                        Path(entry.path).rmdir()
                elif now - entry.stat().st_mtime > DEAD:
                    Path(entry.path).unlink()
                else:
                    total += entry.stat().st_size
    return total
