"""Pictures, depth and points over time in one file, which Foxglove, Rerun and ROS play."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path
from acdepth.core.prediction import DepthPrediction
from acdepth.core.progress import say
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.times import times_of_names
from acdepth.prediction.collect import Job
from acdepth.prediction.options import Options

MOST_POINTS = 50_000
"""Of a frame: 0.8 MB in MCAP."""
INTERVAL = 0.1
"""Seconds between images that do not say when they were taken, in a recording."""
EXTRAS = {"mcap": "ros", "rrd": "rerun"}


class Recording(ABC):
    """A file that is being written; any thread may add to it, in any order."""

    @abstractmethod
    def add(self, stamp: int, image: np.ndarray, prediction: DepthPrediction) -> None:
        """Add a picture, uint8 (H, W, 3) RGB, that was taken at a time [ns], and its depth."""

    @abstractmethod
    def close(self) -> None:
        """Write the end of the file."""


class Recordings:
    """The files of one input that are open together.

    Args:
        files: of the input.
        target: path without their suffixes.
    """

    def __init__(self, files: Sequence[Recording], target: Path) -> None:
        self._files, self._target, self._says_camera = files, target, bool(files)

    def add(self, stamp: int, image: np.ndarray, prediction: DepthPrediction) -> None:
        """Add to all of them; see `Recording.add`."""
        if prediction.camera is None and self._says_camera:
            self._says_camera = False
            say(f"{self._target}.*: no points in space, as the camera is not known; give --camera or --fov")
        for file in self._files:
            file.add(stamp, image, prediction)


@contextmanager
def recording(target: Path, options: Options, frame: str = "") -> Iterator[Recordings]:
    """Write ``TARGET.mcap`` and the like, those that are asked for; complete at the end, or not at all.

    Args:
        target: path without the suffix.
        options: which, and which points they hold.
        frame: what ROS calls the camera's coordinates; ``camera`` if it says nothing.
    """
    with ExitStack() as stack:
        files = []
        for one in options.over_time:
            path = stack.enter_context(atomic_path(target.with_name(f"{target.name}.{one}")))
            files.append(stack.enter_context(closing(_open(one, path, options, frame or "camera"))))
        yield Recordings(files, target)


class FolderRecordings:
    """Recordings of images: one of each folder that was given, one of each image that was named itself.

    Images are at the times that their names tell, else `INTERVAL` apart.
    """

    def __init__(self, options: Options, jobs: list[Job]) -> None:
        self._options, self._stack, self._lock = options, ExitStack(), Lock()
        self._open: dict[Path, Recordings] = {}
        self._stamps: dict[Job, int] = {}
        self._targets: dict[Path, Path] = {}
        images = [job for job in jobs if not job.is_video] if options.over_time else []
        for folder, group in groupby(images, lambda job: job.folder):
            together = list(group)
            stamps = _times([job.source for job in together])
            self._stamps |= dict(zip(together, stamps, strict=True))
            if folder is not None:
                self._targets[folder] = _target(folder, together[0])
        named = [job for job in jobs if job.is_video or job.folder is None] if options.over_time else []
        _refuse_one_file([*self._targets.items(), *((job.source, job.target) for job in named)])

    def __enter__(self) -> "FolderRecordings":
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def add(self, job: Job, image: np.ndarray, prediction: DepthPrediction) -> None:
        """Add an image, from any thread."""
        if not self._options.over_time:
            return
        if job.folder is None:
            with recording(job.target, self._options) as recorded:
                recorded.add(self._stamps[job], image, prediction)
            return
        with self._lock:
            if job.folder not in self._open:
                opened = recording(self._targets[job.folder], self._options)
                self._open[job.folder] = self._stack.enter_context(opened)
        self._open[job.folder].add(self._stamps[job], image, prediction)


def _target(folder: Path, job: Job) -> Path:
    """Path of a folder's recording without the suffix, of one of its images."""
    top = job.target.parents[len(job.source.relative_to(folder).parts) - 1]
    return top / (folder.resolve().name or "folder")


def _refuse_one_file(targets: Sequence[tuple[Path, Path]]) -> None:
    """Raise `UserError` if two inputs, each with the path of its recording, would write the same one."""
    first: dict[str, Path] = {}
    for source, target in targets:
        other = first.setdefault(str(target).casefold(), source)
        if other is not source:
            what = f"{other} and {source} would both be recorded as {target}.*"
            raise UserError(None, what, "rename one, or run twice with different --out")


def _times(paths: list[Path]) -> list[int]:
    """When images were taken [ns]."""
    try:
        told = times_of_names(paths)
    except UserError:  # of several drives, say
        told = None
    seconds = INTERVAL * np.arange(len(paths)) if told is None else told
    return np.rint(1e9 * seconds).astype(np.int64).tolist()


def stamps_of(video: OwnClip) -> np.ndarray:
    """When the frames of a video were taken [ns]."""
    told = video.source.nanoseconds()
    return np.arange(len(video)) * round(1e9 * INTERVAL) if told is None else told


def check_installed(options: Options) -> None:
    """Refuse recordings whose library is not there.

    Raises:
        UserError: naming the extra.
    """
    for one in options.over_time:
        try:
            _import(one)
        except ModuleNotFoundError as error:
            extra = f"pip install 'acdepth[{EXTRAS[one]}]'"
            raise UserError(None, f"--to {one} needs {error.name}, which is not installed", extra) from error


def _import(one: str) -> type:
    if one == "mcap":
        from acdepth.prediction.mcap_file import McapFile

        return McapFile
    from acdepth.prediction.rrd_file import RerunFile

    return RerunFile


def _open(one: str, path: Path, options: Options, frame: str) -> Recording:
    return _import(one)(path, options, frame)
