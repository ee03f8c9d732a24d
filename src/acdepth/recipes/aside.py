"""Out of the way, not away: what took hours to make is never deleted."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from acdepth.core.errors import UserError

OLD = "old"
"""Folder of what is no longer current."""


def put_aside(paths: Mapping[Path, Path], name: str) -> Path | None:
    """Move what is there to ``BASE/old/NAME-1``, or the next free number, where it lies as it did in BASE.

    Args:
        paths: to each its base, a folder it lies in; moved in this order. What is not there is passed over.
        name: of what changed.

    Returns:
        The new place of what was moved first; None if nothing was there.

    Raises:
        UserError: if something cannot be moved.
    """
    bases = {path: base for path, base in paths.items() if path.exists()}
    number = next(n for n in count(1) if not any(_place(base, name, n).exists() for base in bases.values()))
    for path, base in bases.items():
        target = _place(base, name, number) / path.relative_to(base)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        except OSError as error:
            raise UserError(
                path, f"cannot be moved to {target} ({error.strerror or error})", "move it away yourself"
            ) from error
    return next((_place(base, name, number) for base in bases.values()), None)


def _place(base: Path, name: str, number: int) -> Path:
    return base / OLD / f"{name}-{number}"
