"""A run folder belongs to one data set, so that no run goes on, or is compared, with another's footage."""

from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json

BELONGING_FILE = "data.json"


def claim(out: Path, data_set: str, root: Path, footage: str | None = None) -> None:
    """Write down whose run ``out`` is, or make sure that it is this one.

    A root that moved is the same as long as the footage is.

    Args:
        out: folder of the run.
        data_set: its name.
        root: of the data set.
        footage: hash of what is used of it; None if it is not there yet.

    Raises:
        UserError: if ``out`` belongs to another data set or root, or cannot be written.
    """
    mine = {"data_set": data_set, "root": _told(root, out), "footage": footage}
    path = out / BELONGING_FILE
    found = read_json(path) if path.exists() else mine
    moved = found["root"] != mine["root"]
    if found["data_set"] != data_set or (moved and (footage is None or found["footage"] != footage)):
        raise UserError(
            out,
            f"holds a run on {found['data_set']} in {found['root']}, not on {data_set} in {mine['root']}",
            "give another --out",
        )
    if found != mine or not path.exists():
        write_json(path, mine)


def _told(root: Path, out: Path) -> str:
    """Within ``out`` the path from there, so that the run folder may move."""
    root, out = root.resolve(), out.resolve()
    return root.relative_to(out).as_posix() if root.is_relative_to(out) else str(root)
