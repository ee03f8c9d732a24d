"""Where shards lie: a folder, or an address that fsspec opens, of which a machine keeps what it fetched."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, hash_file, reading, write_bytes, writing

CACHE = "ACDEPTH_CACHE"
"""Environment variable that names the folder for what was fetched: a disk of the machine's own."""
USUAL_CACHE = Path("~/.cache/acdepth")


def address_of(path: Path) -> str | None:
    """The address that a path stands for, such as ``s3://bucket/drives``; None for a folder."""
    # As a path it has one slash only; a single letter is a drive of Windows.
    found = re.fullmatch(r"([a-z][a-z0-9+.-]+):/+(.+?)/*", Path(path).as_posix())
    return f"{found[1]}://{found[2]}" if found else None


class Place:
    """Files by names with ``/`` in them. Small to hand to another process."""

    def __init__(self, path: Path) -> None:
        self.address, self.folder = address_of(path), Path(path)
        self._opened: tuple[int, AbstractFileSystem, str] | None = None

    def __str__(self) -> str:
        return self.address or str(self.folder)

    def __reduce__(self) -> tuple[type["Place"], tuple[Path]]:
        return type(self), (self.folder,)

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        if self.address is None:
            file = self.folder / name
            with reading(file, "a file of shards"):
                return file.read_bytes() if file.exists() else None
        with self._remote("read") as (system, root):
            try:
                return bytes(system.cat_file(f"{root}/{name}"))  # pyright: ignore[reportArgumentType]
            except FileNotFoundError:
                return None

    def may_have(self, name: str) -> bool:
        """Whether a file is there; at an address nobody asks, and it is taken to be."""
        return self.address is not None or (self.folder / name).is_file()

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        if self.address is None:
            write_bytes(self.folder / name, content)
            return
        with self._remote("written to") as (system, root):
            system.pipe_file(f"{root}/{name}", content)

    def remove(self, name: str) -> None:
        """Remove a file that is there."""
        if self.address is None:
            (self.folder / name).unlink()
            return
        with self._remote("written to") as (system, root):
            system.rm_file(f"{root}/{name}")

    def get(self, name: str, file: Path) -> None:
        """Copy a file of an address to one of this machine."""
        with self._remote("read") as (system, root):
            system.get_file(f"{root}/{name}", str(file))

    @contextmanager
    def _remote(self, done: str) -> Iterator[tuple[AbstractFileSystem, str]]:
        """The file system and the path in it; whatever its library raises becomes a `UserError`."""
        assert self.address is not None
        try:
            if self._opened is None or self._opened[0] != os.getpid():  # a fork must not talk for its parent
                self._opened = (os.getpid(), *url_to_fs(self.address))
            yield self._opened[1:]
        except Exception as error:
            what = f"cannot be {done} ({type(error).__name__}: {error})"
            remedy = "is the address right, its library (s3fs for s3://) installed, and access given?"
            raise UserError(self.address, what, remedy) from error


class Kept:
    """Files of a place as this machine has them: those of a folder lie here already, others are fetched once.

    Args:
        place: where they were written.
        name: of the folder for what is fetched; another where the files are others.
    """

    def __init__(self, place: Place, name: str) -> None:
        cache = Path(os.environ.get(CACHE) or USUAL_CACHE).expanduser()
        self.place, self.folder = place, place.folder if place.address is None else cache / name

    def fetch(self, name: str, sha256: str) -> Path:
        """A file with what has this hash; of processes that ask for it at once, one fetches it.

        Raises:
            UserError: if it cannot be fetched, or is another than was written.
        """
        file = self.folder / name
        if self.place.address is None or file.exists():
            return file
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{file}.lock"):
                if not file.exists():
                    self._fetch(name, file, sha256)
        return file

    def _fetch(self, name: str, file: Path, sha256: str) -> None:
        with atomic_path(file) as temporary:
            self.place.get(name, temporary)
            if hash_file(temporary) != sha256:
                raise UserError(f"{self.place}/{name}", "is not what its index says", "pack it again")


def hash_bytes(content: bytes) -> str:
    """SHA-256, as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()
