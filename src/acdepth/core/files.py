"""Writes that are whole or not there, and hashes that name a file's content."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success flush it to disk and rename it into place.

    The temporary name keeps the suffix, because image writers choose the format by it. On any error the
    temporary file is removed and ``path`` is as it was; a full or read-only disk becomes a `UserError`.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot write ({error.strerror or error}); free some space or choose another folder"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a new empty folder beside ``path``; on success it takes the place of ``path``, whole.

    On any error the new folder is removed and ``path`` is as it was.
    """
    path = Path(path)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.partial")
    former = path.with_name(f".{path.name}.{os.getpid()}.former")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)  # left by a killed process that had the same number
        fresh.mkdir()
        yield fresh
        for file in fresh.rglob("*"):
            if file.is_file():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        _take_place(fresh, path, former)
    except OSError as error:
        raise UserError(
            f"{path}: cannot write ({error.strerror or error}); free some space or choose another folder"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _take_place(fresh: Path, path: Path, former: Path) -> None:
    """Rename ``fresh`` to ``path``; what was there waits as ``former``, and comes back should that fail."""
    if not path.exists():
        fresh.replace(path)
        return
    shutil.rmtree(former, ignore_errors=True)
    path.replace(former)
    try:
        fresh.replace(path)
    except OSError:
        former.replace(path)
        raise
    shutil.rmtree(former, ignore_errors=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically, making its folder where needed.

    A file that holds it already is left alone, its time of change included.
    """
    with suppress(OSError):
        if Path(path).read_bytes() == content:
            return
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text to ``path`` atomically, with the same line ends on every system."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON with sorted keys, so that equal content gives equal bytes."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UserError: if the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: not readable as JSON ({error}); copy or make it again") from error


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, as hexadecimal text.

    Raises:
        UserError: if there is no such file.
    """
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error


def hash_json(content: Any) -> str:
    """SHA-256 of a JSON value; equal values have equal hashes whatever the order of their keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
