"""From the paths people give to the list of what is to be predicted, and where each result goes."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from glob import has_magic
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import real_path
from acdepth.core.images import PICTURE_SUFFIXES
from acdepth.core.lens import Lens
from acdepth.core.progress import say
from acdepth.data.own.container import is_video
from acdepth.data.own.folder import is_sequence_folder
from acdepth.data.own.recording import is_bag
from acdepth.data.stored import is_image, list_images, natural_order, tell_unread
from acdepth.prediction.lenses import Lenses

TRUTH_FOLDERS = frozenset({"depth", "classes"})
"""Folders of a sequence whose PNGs are measurements, not photographs."""


@dataclass(frozen=True)
class Job:
    """One image or video."""

    source: Path
    target: Path
    """Path of its results without ``_depth.png`` and the like."""
    lens: Lens | None
    """That took it, by the camera file that holds for it or else guessed."""
    folder: Path | None
    """The folder argument it was found in; None if it was named itself."""

    @property
    def is_video(self) -> bool:
        """Whether it is a video, by its name, or a bag, which is done like one."""
        return is_video(self.source) or is_bag(self.source)


def collect(inputs: Sequence[Path | str], out: Path) -> list[Job]:
    """List images and videos, in order, each once.

    An input that does not exist may be a pattern such as ``drives/**/*.jpg``; results keep the paths below
    its first folder that has none of ``*?[`` in its name.

    Folders are searched to any depth, and their results keep the paths below the folder; with several inputs
    the folder's own name stands in front. What lies in ``out`` is left out, so that results are no inputs.

    Raises:
        UserError: if there is no input, one is missing or holds nothing, or two of one name would write the
            same file.
    """
    if not inputs:
        raise UserError(None, "nothing to predict", "give images, folders or videos")
    jobs: dict[Path, Job] = {}
    lenses = Lenses()

    def lens_of(path: Path, top: Path) -> Lens | None:
        if is_bag(path):
            return lenses.of_bag(path)
        return lenses.of_video(path, top) if is_video(path) else lenses.of_image(path, top)

    for given in map(Path, inputs):
        if not given.exists() and has_magic(str(given)):
            base, found = _matching(given, out)
            named = [
                Job(path, out / path.relative_to(base).with_suffix(""), lens_of(path, base), base)
                for path in found
            ]
        elif given.is_dir() and not is_bag(given):
            front = out / given.resolve().name if len(inputs) > 1 else out
            named = [
                Job(path, front / path.relative_to(given).with_suffix(""), lens_of(path, given), given)
                for path in _search(given, front)
            ]
        elif given.is_file() or (given.is_dir() and is_bag(given)):
            named = [Job(given, out / given.stem, lens_of(given, given.parent), None)]
        else:
            there = os.path.lexists(given)
            raise UserError(given, "is neither file nor folder" if there else "no such file or folder")
        for job in named:
            jobs.setdefault(real_path(job.source), job)
    return _with_targets_apart(list(jobs.values()))


def _matching(pattern: Path, results: Path) -> tuple[Path, list[Path]]:
    """The folder before the first part of a pattern, and the images, videos and bags that match it.

    As in a folder, what is hidden, masks, measurements and ``results`` are left out.
    """
    parts = pattern.parts
    first = next(place for place, part in enumerate(parts) if has_magic(part))
    base = Path(*parts[:first])
    found = [one for one in base.glob(str(Path(*parts[first:]))) if _is_wanted(one, base)]
    found = _outside(found, base, results)
    if not found:
        raise UserError(pattern, "matches no image, video or bag", "check the pattern, and quote it")
    return base, sorted(found, key=lambda path: (path.parent, natural_order(path)))


def _search(folder: Path, results: Path) -> list[Path]:
    """Images and videos in ``folder`` that are not in ``results``."""
    found = _outside(_walk(folder), folder, results)
    if not found:
        raise UserError(
            folder, f"holds no images ({', '.join(sorted(PICTURE_SUFFIXES))}), no videos and no bags"
        )
    return found


def _outside(paths: Iterable[Path], folder: Path, results: Path) -> list[Path]:
    """Those of a folder's paths that are not in ``results``, where these lie below it."""
    results, whole = real_path(results), real_path(folder)
    if results == whole:
        raise UserError(folder, "results would lie among the images", "choose another --out")
    inside = results.is_relative_to(whole)
    return [path for path in paths if not (inside and real_path(path).is_relative_to(results))]


def _is_wanted(path: Path, base: Path) -> bool:
    below = path.relative_to(base).parts
    if any(part.startswith(".") for part in below) or not (is_image(path) or is_video(path) or is_bag(path)):
        return False
    return not (path.parent.name in TRUTH_FOLDERS and is_sequence_folder(path.parent.parent))


def _walk(folder: Path) -> Iterator[Path]:
    """Images and videos in a folder, then those below; hidden ones and links to folders are left out."""
    try:
        for image in list_images(folder):
            if image.is_file():
                yield image
            else:  # a pipe would be waited for
                say(f"{image}: is no file, or a link that leads nowhere; left out")
        tell_unread(folder, say)
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise UserError(folder, error.strerror or error) from error
    yield from (entry for entry in entries if (is_video(entry) and entry.is_file()) or is_bag(entry))
    measured = TRUTH_FOLDERS if is_sequence_folder(folder) else frozenset()
    for entry in entries:
        if entry.is_dir() and not (entry.is_symlink() or entry.name in measured or is_bag(entry)):
            yield from _walk(entry)


def _with_targets_apart(jobs: list[Job]) -> list[Job]:
    """The jobs; of two that would write the same files the later one goes by its whole name, ``a.png``.

    Raises:
        UserError: if that is taken as well: inputs of one name from several places.
    """
    first: dict[str, Job] = {}
    apart = []
    for job in jobs:
        # Some file systems do not tell upper case from lower case.
        other = first.setdefault(str(job.target).casefold(), job)
        if other is not job:
            moved = replace(job, target=job.target.with_name(job.source.name))
            if first.setdefault(str(moved.target).casefold(), moved) is not moved:
                what = f"{other.source} and {job.source} would both be written as {job.target}_*"
                raise UserError(None, what, "rename one, or run twice with different --out")
            say(f"{job.source}: its results are {moved.target}_*, as {other.source} has {other.target}_*")
            job = moved
        apart.append(job)
    return apart
