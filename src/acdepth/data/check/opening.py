"""Opening what can be opened: a damaged drive does not hide the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import OnFault, UserError
from acdepth.data.check.findings import Findings
from acdepth.data.check.kinds import Kind
from acdepth.data.choice import FootageChoice
from acdepth.data.folder import open_data
from acdepth.data.kitti import is_kitti_raw, open_kitti_raw
from acdepth.data.robotcar import open_robotcar
from acdepth.data.robotcar.lists import FILTER_ENDING
from acdepth.data.sequence_folder import is_sequence_folder

WHOLE = "all"
"""Name of the part that a list chooses nothing from."""


@dataclass(frozen=True)
class Part:
    """Footage of one split."""

    split: str
    """Its name; `WHOLE` where none was asked for."""
    clips: list[Clip]


def open_parts(root: Path, kind: Kind, choice: FootageChoice, findings: Findings) -> list[Part]:
    """Open the footage under a folder: the split that is asked for, else all of it, and each list by itself.

    What cannot be opened becomes a fault, a warning becomes a doubt.
    """
    opens = _opener(root, kind, findings)
    if opens is None:
        return [_open_footage(root, choice, findings)]
    if choice.split is not None:
        return [Part(choice.split, _opened(opens, choice.split, findings.fault))]
    whole = Part(WHOLE, _opened(opens, None, findings.fault))
    return [whole, *_open_lists(root, opens, findings)]


def distinct(parts: Sequence[Part]) -> list[Clip]:
    """Each sequence once, as the same images may be part of several splits."""
    return list({one.name: one for part in reversed(parts) for one in reversed(part.clips)}.values())[::-1]


_Opener = Callable[[str | None, OnFault], list[Clip]]


def _opener(root: Path, kind: Kind, findings: Findings) -> _Opener | None:
    """How a data set with lists is opened by one of them; None for footage without lists."""

    def doubt(warning: str) -> None:
        findings.doubt("footage", warning)

    if kind == "robotcar":
        return lambda split, on_fault: list(open_robotcar(root, split, doubt, on_fault))
    if kind == "kitti" and is_kitti_raw(root):
        return lambda split, on_fault: list(open_kitti_raw(root, split, doubt, on_fault))
    return None


def _opened(opens: _Opener, split: str | None, on_fault: OnFault) -> list[Clip]:
    try:
        return opens(split, on_fault)
    except UserError as error:
        on_fault(error)
        return []


def _open_lists(root: Path, opens: _Opener, findings: Findings) -> list[Part]:
    """A list that nobody asked for and that does not fit is only doubted: a download brings many.

    Damaged scenes and drives are told already, as the whole was opened before.
    """
    folder = root / "splits"
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.txt"))]
    parts = [
        Part(name, _opened(opens, name, lambda error: findings.doubt("lists", str(error))))
        for name in names
        if not name.endswith(FILTER_ENDING)
    ]
    return [part for part in parts if part.clips]


def _open_footage(root: Path, choice: FootageChoice, findings: Findings) -> Part:
    def doubt(warning: str) -> None:
        findings.doubt("footage", warning)

    try:
        clips = open_data(root, doubt, choice=choice)
    except UserError as error:
        findings.fault(error)
        clips = _open_apart(root, findings) if choice.split is None else []
    return Part(choice.split or WHOLE, clips)


def _open_apart(root: Path, findings: Findings) -> list[Clip]:
    """Each sequence folder by itself, named as in the whole."""
    found: list[Clip] = []
    for folder in sorted(path.parent for path in root.rglob("images") if is_sequence_folder(path.parent)):
        try:
            clips = open_data(folder, lambda text: findings.doubt("footage", text))
        except UserError as error:
            findings.fault(error)
            continue
        for clip in clips:
            clip.name = _name_in(root, folder) + clip.name.removeprefix(folder.name)
        found += clips
    return found


def _name_in(root: Path, folder: Path) -> str:
    return root.resolve().name if folder == root else folder.relative_to(root).as_posix()
