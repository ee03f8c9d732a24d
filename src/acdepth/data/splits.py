"""Data sets whose images are named by numbers, opened whole or by a list that chooses some of them."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from acdepth.core.clip import Clip
from acdepth.core.errors import OnFault, UserError, telling
from acdepth.core.files import inside, reading
from acdepth.core.texts import read_text
from acdepth.data.stored import list_images

AnyClip = TypeVar("AnyClip", bound=Clip)
MOST_MISSING = 0.01
"""Part of a list's images that may be missing."""


@dataclass(frozen=True)
class NumberedImages:
    """Where such a data set keeps its images, and how its lists are read."""

    folders: Callable[[Path], Collection[str]]
    """All folders of images under a root, relative to it."""
    find_lists: Callable[[Path, str], Sequence[Path]]
    """Of a root and the name of a split: its lists."""
    read_list: Callable[[Path], Mapping[str, set[int]]]
    """Of a list: the numbers of its images by folder."""
    file: str
    """Name of an image with a place for its number."""
    number: str
    """What the number is called."""
    layout: str
    """Where images are looked for, for a person."""
    source: str
    """How to come by images."""


def open_by_list(
    root: Path,
    split: str | None,
    data_set: NumberedImages,
    open_folder: Callable[[str, dict[int, Path], set[int]], Sequence[AnyClip]],
    on_warning: Callable[[str], object],
    on_fault: OnFault,
) -> list[AnyClip]:
    """Open every folder of images that the lists of a split name.

    Args:
        root: of the data set.
        split: as the data set finds lists by it; their images are the targets. None opens all folders, and
            every image is a target.
        data_set: how it is laid out.
        open_folder: gets a folder relative to ``root``, its images by number, in order, and which of them are
            targets.
        on_warning: told if a few images of a list are missing.
        on_fault: told about each folder that cannot be understood, which is then left out, and if more than
            1 % of a list's images are missing.

    Raises:
        UserError: by ``on_fault``, or if nothing is found or a list cannot be understood.
    """
    files = [] if split is None else data_set.find_lists(root, split)
    lists = {file: data_set.read_list(file) for file in files}
    named_by = {name: file for file, listed in lists.items() for name in listed}
    targets = {name: set().union(*(each.get(name, ()) for each in lists.values())) for name in named_by}
    names = sorted(named_by or data_set.folders(root))
    images: dict[str, dict[int, Path]] = {}
    clips: list[AnyClip] = []
    for name in names:
        with telling(on_fault):
            images[name] = _numbered(inside(root, name, named_by.get(name, root)), data_set.number)
    for file, listed in lists.items():
        _tell_missing(root, file, listed, images, data_set, on_warning, on_fault)
    for name, numbered in images.items():
        with telling(on_fault):
            clips += open_folder(name, numbered, targets.get(name, set(numbered))) if numbered else []
    if split is None and len(images) == len(names) and not any(images.values()):
        on_fault(UserError(root, f"has no images in {data_set.layout}", data_set.source))
    return clips


def find_list(root: Path, split: str) -> list[Path]:
    """The one file that ``split`` means: ``ROOT/splits/NAME.txt`` or ``NAME_files.txt``, or the path of one.

    Raises:
        UserError: if there is none.
    """
    folder = root / "splits"
    for path in (folder / f"{split}.txt", folder / f"{split}_files.txt", Path(split)):
        if path.is_file():
            return [path]
    known = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
    there = f" (it has {', '.join(known)})" if known else ""
    raise UserError(split, f"no such list, and none of this name in {folder}{there}", "give the path of one")


def read_lines(path: Path, form: re.Pattern[str], example: str) -> Iterator[re.Match[str]]:
    """The lines of a list in their form; blank lines and # comments may stand between them.

    Raises:
        UserError: if it is no text, or naming the line that has another form, with an example.
    """
    with reading(path, "a list of images", "give another list"):
        lines = read_text(path).splitlines()
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if found := form.fullmatch(text):
            yield found
        elif text:
            raise UserError(path, f"line {number}, {text!r}: expected {example}")


def _numbered(folder: Path, number: str) -> dict[int, Path]:
    """The images of a folder by number, in order; none where there is no such folder."""
    numbered: dict[int, Path] = {}
    for path in list_images(folder) if folder.is_dir() else ():
        if not (path.stem.isascii() and path.stem.isdigit()):
            raise UserError(path, f"its name is no {number}", "take it out of the folder")
        found = numbered.setdefault(int(path.stem), path)
        if found is not path:
            raise UserError(path, f"is also there as {found.name}", "keep one of them")
    return numbered


def _tell_missing(
    root: Path,
    file: Path,
    listed: Mapping[str, set[int]],
    images: Mapping[str, Mapping[int, Path]],
    data_set: NumberedImages,
    on_warning: Callable[[str], object],
    on_fault: OnFault,
) -> None:
    """Warn about images of a list that are not there; more than 1 % are a fault."""
    missing = [
        root / name / data_set.file.format(number)
        for name, numbered in images.items()
        for number in sorted(listed.get(name, set()) - numbered.keys())
    ]
    total = sum(map(len, listed.values()))
    if not missing:
        return
    told = f"{len(missing)} of {total} images are not there, such as {missing[0]}"
    if len(missing) > MOST_MISSING * total:
        on_fault(UserError(file, told, f"{data_set.source}, or give another list"))
    else:
        on_warning(f"{file}: {told}; they are left out")
