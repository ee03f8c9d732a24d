"""A run folder: it belongs to one data set, and what took hours to make is moved away and never deleted."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import read_object, write_json

BELONGING_FILE = "data.json"
"""Tells whose a run folder is."""
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
            what = f"cannot be moved to {target} ({error.strerror or error})"
            raise UserError(path, what, "move it away yourself") from error
    return next((_place(base, name, number) for base in bases.values()), None)


def _place(base: Path, name: str, number: int) -> Path:
    return base / OLD / f"{name}-{number}"


def claim(out: Path, data_set: str, root: Path, footage: str | None = None) -> None:
    """Write down whose run ``out`` is, so that no run goes on, or is compared, with another's footage.

    A root that moved is the same as long as ``footage`` is, the hash of what is used of the data set.

    Raises:
        UserError: if ``out`` belongs to another data set or root, or cannot be written.
    """
    mine = {"data_set": data_set, "root": _root(root, out), "footage": footage}
    path = out / BELONGING_FILE
    found = read_object(path) if path.exists() else mine
    moved = found["root"] != mine["root"]
    if found["data_set"] != data_set or (moved and (footage is None or found["footage"] != footage)):
        what = f"holds a run on {found['data_set']} in {found['root']}, not on {data_set} in {mine['root']}"
        raise UserError(out, what, "give another --out")
    if found != mine or not path.exists():
        write_json(path, mine)


def _root(root: Path, out: Path) -> str:
    """Within ``out`` the path from there, so that the run folder may move."""
    root, out = root.resolve(), out.resolve()
    return root.relative_to(out).as_posix() if root.is_relative_to(out) else str(root)
