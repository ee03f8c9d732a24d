"""Lists of images that choose a part of a data set: where they lie, and what of them is not there."""

from collections.abc import Callable, Sequence
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.data.faults import OnFault

MOST_MISSING = 0.01
"""Part of a list's images that may be missing."""


def find_list(root: Path, split: str) -> Path:
    """The file that ``split`` means: a name in ``ROOT/splits``, else a path.

    Raises:
        UserError: if there is none.
    """
    folder = root / "splits"
    for path in (folder / f"{split}.txt", folder / f"{split}_files.txt", Path(split)):
        if path.is_file():
            return path
    known = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
    there = f" (it has {', '.join(known)})" if known else ""
    raise UserError(split, f"no such list, and none of this name in {folder}{there}", "give the path of one")


def read_lines(path: Path) -> list[str]:
    """The lines of a list, without line ends.

    Raises:
        UserError: if it is no text.
    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, f"not readable as a list of images ({error})", "give another list") from error


def tell_missing(
    file: Path,
    missing: Sequence[Path],
    total: int,
    remedy: str,
    on_warning: Callable[[str], object],
    on_fault: OnFault,
) -> None:
    """Warn about images of a list that are not there; more than 1 % are a fault.

    Args:
        file: the list.
        missing: its images that are not there.
        total: number of all its images.
        remedy: what to do, for the fault.
        on_warning: called once if a few are missing.
        on_fault: called once if more are.
    """
    if not missing:
        return
    told = f"{len(missing)} of {total} images are not there, such as {missing[0]}"
    if len(missing) > MOST_MISSING * total:
        on_fault(UserError(file, told, remedy))
    else:
        on_warning(f"{file}: {told}; they are left out")
