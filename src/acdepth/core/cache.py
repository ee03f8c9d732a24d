"""What this machine keeps because it takes long to make, and can make again."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.core.files import atomic_folder, hash_json


def cache_folder() -> Path:
    """The user's: ``acdepth`` in ``XDG_CACHE_HOME``, else in ``~/.cache``, on Windows in ``LOCALAPPDATA``.

    It may be removed at any time.
    """
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "acdepth"


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
            if not place.is_dir():
                with atomic_folder(place) as fresh:
                    make(fresh)
        except UserError as error:
            if error.where != str(place):
                raise
            logging.getLogger("acdepth").warning("%s: so it is made anew at each start", error)
        else:
            yield place
            return
    with tempfile.TemporaryDirectory(prefix="acdepth-") as folder:
        make(Path(folder))
        yield Path(folder)
