"""What this machine keeps because it takes long to make, and can make again."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.core.files import (
    LONG_DEAD,
    UNTOUCHED,
    atomic_folder,
    hash_file,
    hash_json,
    read_json,
    remove_half_made,
    write_json,
    writing,
)


def cache_folder() -> Path:
    """The user's: ``acdepth`` in ``XDG_CACHE_HOME``, else in ``~/.cache``, on Windows in ``LOCALAPPDATA``.

    It may be removed at any time.
    """
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "acdepth"


HASHES = "hashes.json"
"""In a folder of the cache: SHA-256 of all its other files, by name."""


def _is_whole(place: Path) -> bool:
    """Whether a folder of the cache is there, and all in it as it was made; what is damaged is told."""
    if not place.is_dir():
        return False
    with suppress(UserError):
        if read_json(place / HASHES) == _hashes(place):
            return True
    logging.getLogger("acdepth").warning("%s is not as it was made, so it is made anew", place)
    return False


def _hashes(folder: Path) -> dict[str, str]:
    others = (HASHES, UNTOUCHED)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in others)
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


@contextmanager
def kept(kind: str, made_from: Mapping[str, Any] | None, make: Callable[[Path], object]) -> Iterator[Path]:
    """A folder that was made once and is kept for the next start; a new one is whole or not there.

    Where it cannot be kept, which is said, it is made anew and goes at the end of the context.

    Args:
        kind: what it is, the name of a folder in the cache.
        made_from: everything that shapes it, as JSON values; None where that is not known: it is not kept.
        make: fills an empty folder.
    """
    if made_from is not None:
        place = cache_folder() / kind / hash_json(dict(made_from))[:32]
        try:
            if not _is_whole(place):
                remove_half_made(place.parent, LONG_DEAD)
                with atomic_folder(place) as fresh:
                    make(fresh)
                    write_json(fresh / HASHES, _hashes(fresh))
        except UserError as error:
            if error.where != str(place):
                raise
            logging.getLogger("acdepth").warning("%s: so it is made anew at each start", error)
        else:
            yield place
            return
    with tempfile.TemporaryDirectory(prefix="acdepth-") as folder:
        with writing(Path(folder)):
            make(Path(folder))
        yield Path(folder)
