"""From the paths people give to the list of what is to be predicted, and where each result goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.images import PICTURE_SUFFIXES
from acdepth.core.progress import say
from acdepth.data.own.container import is_video
from acdepth.data.own.folder import beside, is_sequence_folder
from acdepth.data.stored import list_images, tell_unread

CAMERA_FILE = "camera.yaml"
TRUTH_FOLDERS = frozenset({"depth", "classes"})
"""Folders of a sequence whose PNGs are measurements, not photographs."""


@dataclass(frozen=True)
class Job:
    """One image or video."""

    source: Path
    target: Path
    """Path of its results without ``_depth.png`` and the like."""
    camera: Camera | None
    """From the ``camera.yaml`` that holds for it."""
    folder: Path | None
    """The folder argument it was found in; None if it was named itself."""

    @property
    def is_video(self) -> bool:
        """Whether the suffix is that of a video."""
        return is_video(self.source)


def collect(inputs: tuple[Path, ...], out: Path) -> list[Job]:
    """List images and videos, in order, each once.

    Folders are searched to any depth, and their results keep the paths below the folder; with several inputs
    the folder's own name stands in front. What lies in ``out`` is left out, so that results are no inputs.

    Raises:
        UserError: if there is no input, one is missing or holds nothing, or two would write the same file.
    """
    if not inputs:
        raise UserError(None, "nothing to predict", "give images, folders or videos")
    jobs: dict[Path, Job] = {}
    cameras = _Cameras()
    for given in inputs:
        if given.is_dir():
            front = out / given.resolve().name if len(inputs) > 1 else out
            named = [
                Job(path, front / path.relative_to(given).with_suffix(""), cameras.of(path, given), given)
                for path in _search(given, front)
            ]
        elif given.exists():
            named = [Job(given, out / given.stem, cameras.of(given, given.parent), None)]
        else:
            raise UserError(given, "no such file or folder")
        for job in named:
            jobs.setdefault(job.source.resolve(), job)
    _refuse_same_targets(list(jobs.values()))
    return list(jobs.values())


def _search(folder: Path, results: Path) -> list[Path]:
    """Images and videos in ``folder`` that are not in ``results``."""
    results, whole = results.resolve(), folder.resolve()
    if results == whole:
        raise UserError(folder, "results would lie among the images", "choose another --out")
    inside = results.is_relative_to(whole)
    found = [path for path in _walk(folder) if not (inside and path.resolve().is_relative_to(results))]
    if not found:
        raise UserError(folder, f"holds no images ({', '.join(sorted(PICTURE_SUFFIXES))}) and no videos")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    """Images and videos in a folder, then those below; hidden ones and links to folders are left out."""
    try:
        yield from list_images(folder)
        tell_unread(folder, say)
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise UserError(folder, error.strerror or error) from error
    yield from (entry for entry in entries if is_video(entry) and entry.is_file())
    measured = TRUTH_FOLDERS if is_sequence_folder(folder) else frozenset()
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink() and entry.name not in measured:
            yield from _walk(entry)


class _Cameras:
    """Finds the camera of each file and reads each ``camera.yaml`` once."""

    def __init__(self) -> None:
        self._in_folder: dict[Path, Camera | None] = {}

    def of(self, path: Path, top: Path) -> Camera | None:
        """The nearest ``camera.yaml``: beside the file, or above it up to ``top``.

        Above a folder ``images`` too, because there it stands in a sequence folder.
        """
        if is_video(path) and (found := beside(path.parent, path.stem, CAMERA_FILE)):
            return Camera.read(found)
        folders = [folder for folder in path.parents if folder.is_relative_to(top)]
        if top.resolve().name == "images":
            folders.append(top.resolve().parent)
        return next((camera for folder in folders if (camera := self._read(folder))), None)

    def _read(self, folder: Path) -> Camera | None:
        if folder not in self._in_folder:
            file = folder / CAMERA_FILE
            self._in_folder[folder] = Camera.read(file) if file.exists() else None
        return self._in_folder[folder]


def _refuse_same_targets(jobs: list[Job]) -> None:
    first: dict[str, Job] = {}
    for job in jobs:
        # Some file systems do not tell upper case from lower case.
        other = first.setdefault(str(job.target).casefold(), job)
        if other is not job:
            what = f"{other.source} and {job.source} would both be written as {job.target}_*"
            raise UserError(None, what, "rename one, or run twice with different --out")
