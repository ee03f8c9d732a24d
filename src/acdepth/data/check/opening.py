"""Opening what can be opened: a damaged drive does not hide the others."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from acdepth.core.errors import UserError
from acdepth.core.sample import Sequence
from acdepth.data.check.findings import Findings
from acdepth.data.choice import FootageChoice
from acdepth.data.driving_stereo import is_driving_stereo
from acdepth.data.folder import open_data
from acdepth.data.kitti import is_kitti_raw
from acdepth.data.nuscenes import is_nuscenes
from acdepth.data.robotcar import is_robotcar
from acdepth.data.sequence_folder import ImageSequence, is_sequence_folder

Kind = Literal["nuscenes", "robotcar", "kitti", "driving-stereo", "folder"]
"""What a person may say that a folder holds."""
RECOGNISERS: dict[Kind, Callable[[Path], bool]] = {
    "nuscenes": is_nuscenes,
    "robotcar": is_robotcar,
    "kitti": is_kitti_raw,
    "driving-stereo": is_driving_stereo,
}
"""KITTI has other layouts too, which stand anywhere below a folder."""
NEEDS_LAYOUT: tuple[Kind, ...] = ("nuscenes", "robotcar", "driving-stereo")
"""Kinds of which `RECOGNISERS` knows every layout."""


@dataclass(frozen=True)
class Part:
    """Footage of one split."""

    split: str
    """Its name; ``all`` where none was asked for."""
    sequences: list[Sequence]


def open_part(root: Path, choice: FootageChoice, findings: Findings) -> Part:
    """Open the footage under a folder; what cannot be opened becomes a fault, a warning becomes a doubt."""

    def doubt(warning: str) -> None:
        findings.doubt("footage", warning)

    try:
        sequences = open_data(root, doubt, choice=choice)
    except UserError as error:
        findings.fault(error)
        sequences = _open_apart(root, findings) if choice.split is None else []
    return Part(choice.split or "all", sequences)


def refuse_other_kind(root: Path, kind: Kind) -> None:
    """Refuse a folder that is laid out as another data set than a person says.

    Raises:
        UserError: naming what it is.
    """
    found = [name for name, recognises in RECOGNISERS.items() if recognises(root)]
    if found and kind not in found:
        raise UserError(
            f"{root}: is laid out as {found[0]}, not as {kind}; say acdepth data check {found[0]}"
        )
    if not found and kind in NEEDS_LAYOUT:
        raise UserError(f"{root}: is not laid out as {kind}; docs/data.md shows the folders it needs")


def refuse_photographs(part: Part, root: Path, kind: Kind) -> None:
    """Refuse a folder of plain pictures as any other kind than a folder.

    Raises:
        UserError: if every sequence is a row of pictures without a camera.
    """
    plain = [one for one in part.sequences if type(one) is ImageSequence and one.camera is None]
    if kind != "folder" and plain and len(plain) == len(part.sequences):
        raise UserError(f"{root}: only holds pictures and nothing laid out as {kind}; see docs/data.md")


def _open_apart(root: Path, findings: Findings) -> list[Sequence]:
    """Each sequence folder by itself, named as in the whole."""
    found: list[Sequence] = []
    for folder in sorted(path.parent for path in root.rglob("images") if is_sequence_folder(path.parent)):
        try:
            sequences = open_data(folder, lambda text: findings.doubt("footage", text))
        except UserError as error:
            findings.fault(error)
            continue
        for sequence in sequences:
            sequence.name = _name_in(root, folder) + sequence.name.removeprefix(folder.name)
        found += sequences
    return found


def _name_in(root: Path, folder: Path) -> str:
    return root.resolve().name if folder == root else folder.relative_to(root).as_posix()
