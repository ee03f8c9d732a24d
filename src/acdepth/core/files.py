"""Writes that are whole or not there, and hashes that name a file's content."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock, Timeout

from acdepth.core.errors import UserError, first_line
from acdepth.core.texts import parse_json, parse_yaml, read_text

HALF_MADE = re.compile(r"\.(.+\.)?\d+(-[0-9a-f]{8})?\.(partial|former)(\.\w+)?")
"""Hidden names of what is being written, and of what is about to be replaced; earlier ones tell the stem."""
UNTOUCHED = ".untouched"
"""In a folder that is being filled: it goes with the folder, and does not come again with its next file."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What systems say where a disk, or one's part of it, is full."""
LONG_DEAD = 86400.0
"""Seconds since its last change after which nobody can be writing a half-made file any more."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success flush it to disk and rename it into place.

    The temporary name keeps the suffix, because image writers choose the format by it. On any error the
    temporary file is removed and ``path`` is as it was; a full or read-only disk becomes a `UserError`.
    """
    path = Path(path)
    temporary = _half_made(path, "partial", path.suffix)
    try:
        with writing(path):
            _make_folder(path.parent)
            yield temporary
            _flush(temporary)
            temporary.replace(path)
            _flush_names(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_half_made(folder: Path, unchanged_for: float = 0.0) -> None:
    """Remove what killed processes left of `atomic_path` and its kin anywhere below a folder.

    Only who holds the folder's lock may ask for this, or who asks for what has been ``unchanged_for`` so many
    seconds that nobody can be writing it. What lies below the lock of another process is left alone.
    """
    for place, folders, files in os.walk(folder):
        if ".lock" in files and Path(place) != folder and _is_locked(Path(place, ".lock")):
            folders.clear()
            continue
        for name in filter(HALF_MADE.fullmatch, [*folders, *files]):
            path = Path(place, name)
            with suppress(OSError):  # it has just been finished
                if unchanged_for and time.time() - path.stat().st_mtime < unchanged_for:
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        folders[:] = [name for name in folders if not HALF_MADE.fullmatch(name)]


def _half_made(path: Path, kind: Literal["partial", "former"], suffix: str = "") -> Path:
    """A hidden name beside ``path`` that no process and no thread has, on this machine or another."""
    return path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.{kind}{suffix}")


def _is_locked(lock: Path) -> bool:
    try:
        with FileLock(lock, blocking=False):
            return False
    except (Timeout, OSError, NotImplementedError):
        return True


def _make_folder(folder: Path) -> None:
    """Make a folder that lasts, as far as it is not there."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _flush_names(folder.parent)


def _flush(file: Path) -> None:
    """Let the content of a file be on the disk; Windows asks for one that may be written."""
    with file.open("r+b") as written:
        os.fsync(written.fileno())


def _flush_names(folder: Path) -> None:
    """Let the names in a folder be on the disk, where the system has a way to ask for that."""
    if os.name != "posix":
        return
    with suppress(OSError):  # some file systems have none either
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an error of the disk into a `UserError` that names the place."""
    try:
        yield
    except OSError as error:
        what = f"cannot write ({error.strerror or error})"
        remedy = "choose another folder"
        if error.errno in FULL:
            remedy = f"free some space or {remedy}"
        raise UserError(place, what, remedy) from error


@contextmanager
def reading(path: Path, kind: str, remedy: str = "copy it again") -> Iterator[None]:
    """Turn an error of the disk, or a `ValueError` of what is made of the content, into a `UserError`.

    Args:
        path: of the file, for the message.
        kind: what it should be, such as "a calibration".
        remedy: what to do if it is missing or something else.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(path, "no such file", remedy) from error
    except (OSError, ValueError) as error:
        raise UserError(path, f"not readable as {kind} ({error})", remedy) from error


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a new empty folder beside ``path``; on success it takes the place of ``path``, whole.

    On any error the new folder is removed and ``path`` is as it was.
    """
    path = Path(path)
    with _fresh_folder(_half_made(path, "partial"), path) as fresh:
        yield fresh
        _finish(fresh, path)
        _take_place(fresh, path)
        _flush_names(path.parent)


def _finish(fresh: Path, place: Path) -> None:
    """See that a fresh folder is still the one that was made, and let all of it be on the disk."""
    if not (fresh / UNTOUCHED).exists():  # and whoever wrote last made the folder anew for that file
        raise UserError(place, "was removed while it was written", "the same command makes it again")
    (fresh / UNTOUCHED).unlink()
    for path in (fresh, *fresh.rglob("*")):
        _flush_names(path) if path.is_dir() else _flush(path)


def _take_place(fresh: Path, path: Path) -> None:
    """Rename ``fresh`` to ``path``; what was there waits beside it, and comes back should that fail."""
    if not path.exists():
        fresh.replace(path)
        return
    former = _half_made(path, "former")
    path.replace(former)
    try:
        fresh.replace(path)
    except OSError:
        former.replace(path)
        raise
    shutil.rmtree(former, ignore_errors=True)


@contextmanager
def atomic_set(folder: Path, former: Sequence[str]) -> Iterator[Path]:
    """Give a new empty folder inside ``folder``; on success its files take the place of a former set.

    ``former`` are patterns of all files that a set may have; others are left alone. The former set is removed
    at the end, right before the new files are moved in; the first pattern's goes first and comes last, so
    that with it the set is whole. On any error before that it is as it was.
    """
    with _fresh_folder(_half_made(folder / "set", "partial"), folder) as fresh:
        yield fresh
        _finish(fresh, folder)
        for old in [path for pattern in former for path in folder.glob(pattern)]:
            old.unlink()
            with suppress(OSError):  # not empty, or not the set's own
                if old.parent != folder:
                    old.parent.rmdir()
        new = [path.relative_to(fresh) for path in sorted(fresh.rglob("*")) if path.is_file()]
        for name in sorted(new, key=lambda name: name.as_posix() == former[0]):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).replace(folder / name)
        for changed in {(folder / name).parent for name in new}:
            _flush_names(changed)


@contextmanager
def _fresh_folder(fresh: Path, place: Path) -> Iterator[Path]:
    """An empty folder that goes with whatever is still in it; errors name the ``place`` it is filled for."""
    try:
        with writing(place):
            fresh.mkdir(parents=True)
            (fresh / UNTOUCHED).touch()
            yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def inside(root: Path, name: str, told_by: Path | str) -> Path:
    """``root / name``, where a stranger chose the name: a table, a list, a manifest, a checkpoint.

    Whoever reads or writes a file by a name that it did not choose itself asks here. ``told_by`` is where the
    name, with ``/`` between its parts, comes from.

    Raises:
        UserError: if the name is absolute, leads out of ``root``, or is of ``root`` itself.
    """
    # As Windows reads names too: it takes \ for /, C: for a root, and drops spaces at the end.
    parts = [part.rstrip(" ") for part in name.replace("\\", "/").split("/")]
    leaves = not parts[0] or parts[0][1:2] == ":" or ".." in parts or "\0" in name
    if leaves or set(parts) <= {"", "."}:
        what = f"names {name!r}, which is not within {root}"
        raise UserError(told_by, what, "correct it, or copy it again")
    return root / name


def real_path(path: Path) -> Path:
    """Where a path leads, links followed; of links in a circle, at which `Path.resolve` raises, itself."""
    return Path(os.path.realpath(path))


def check_folder(path: Path, flag: str) -> None:
    """Raise `UserError` if ``path`` cannot become a folder that is written to; makes nothing."""
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise UserError(there, "is a file", f"{flag} needs a folder there")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(there, "cannot be written to", f"give another {flag}, or change who may write there")


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


def write_json(path: Path, content: Any, sort: bool = True) -> None:
    """Write indented JSON, with sorted keys, so that equal content gives equal bytes, or in order."""
    write_text(path, json.dumps(content, indent=1, sort_keys=sort, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UserError: if the file is missing or is not JSON.
    """
    try:
        return parse_json(read_text(path))
    except FileNotFoundError as error:
        raise UserError(path, "no such file") from error
    except (ValueError, OSError) as error:
        raise UserError(path, f"not readable as JSON ({error})", "copy or make it again") from error


def read_object(path: Path, remedy: str = "copy or make it again") -> dict[str, Any]:
    """Read JSON that is keys and values.

    Raises:
        UserError: as `read_json`, or if it is something else.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise UserError(path, f"holds {type(found).__name__}, expected keys and values", remedy)
    return found


def read_yaml(path: Path, remedy: str = "") -> Any:
    """Read YAML; ``remedy`` is for a file that is missing.

    Raises:
        UserError: if the file is missing or is not YAML.
    """
    try:
        return parse_yaml(read_text(path))
    except FileNotFoundError as error:
        raise UserError(path, "no such file", remedy) from error
    except (OSError, ValueError) as error:
        told = f"not readable as YAML ({first_line(error)})"
        raise UserError(path, told, "write lines of key: value") from error


def read_array(path: Path, remedy: str = "make it again") -> np.ndarray:
    """Map what `numpy.save` wrote, read-only; nothing is unpickled, and no more is asked for than is there.

    Raises:
        UserError: if the file is missing, cut or something else.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of headers of Python 2
            return np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError as error:
        raise UserError(path, "no such file", remedy) from error
    except Exception as error:  # NumPy reads the header as Python: syntax, token, type and other errors
        reason = error.strerror if isinstance(error, OSError) else "cut, damaged or something else"
        raise UserError(path, f"not readable as a NumPy array ({reason})", remedy) from error


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, as hexadecimal text.

    Raises:
        UserError: if there is no such file.
    """
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror or error})") from error


def hash_json(content: Any) -> str:
    """SHA-256 of a JSON value; equal values have equal hashes whatever the order of their keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
