"""What clips that live in files have in common."""

import hashlib
import os
import re
import struct
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.images import PICTURE_SUFFIXES, SAVE_AS_JPEG, UNREAD_SUFFIXES, read_image

MASK_FILE = "mask.png"
"""Beside images, what of them is not looked at; beside ``NAME.mp4``, ``NAME.mask.png``."""
LONGEST_FRAME_NUMBER = 9
"""Digits without leading zeros; a longer number in a file name is a time stamp, whose steps say nothing about
missing frames."""
LONGEST_PAUSE = 2.5
"""Median intervals between images; after a longer one the drive is cut. Of one dropped frame they are two."""


class StoredClip(Clip):
    """A clip whose frames stand in files: a change shows without reading a pixel."""

    @abstractmethod
    def stamp(self, index: int) -> str:
        """Text that changes when the file behind the frame does."""

    def stamps(self, indices: Sequence[int]) -> list[str]:
        """Those of several frames; each file is asked once."""
        return [self.stamp(index) for index in indices]


def frame_stamps(clip: Clip, indices: Sequence[int]) -> list[str]:
    """What frames are, for caches: by their files where they have some, else by their pixels."""
    if isinstance(clip, StoredClip):
        return clip.stamps(indices)
    return [hash_pixels(clip.image(index)) for index in indices]


class PosedClip(StoredClip):
    """A clip of which it is known how the camera moved from image to image."""

    @abstractmethod
    def T_target_to_source(self, target: int, source: int) -> np.ndarray:
        """(4, 4) float64 [m], from the camera at one image to the camera at another; NaN if unknown."""


def hash_pixels(image: np.ndarray) -> str:
    """SHA-256 of an image's size and pixels, as hexadecimal text."""
    digest = hashlib.sha256(str(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def checked_size(
    pixels: np.ndarray, size: tuple[int, int] | None, path: Path | str, said_by: str, remedy: str = ""
) -> np.ndarray:
    """The pixels (H, W, ...) of a file.

    Raises:
        UserError: if they have another size (height, width) than is ``said_by`` something, such as "its
            camera has"; None says nothing.
    """
    height, width = pixels.shape[:2]
    if size is not None and size != (height, width):
        raise UserError(path, f"{width}x{height} pixels, but {said_by} {size[1]}x{size[0]}", remedy)
    return pixels


def stamp_file(path: Path) -> str:
    """Size and time of last change of a file.

    Raises:
        UserError: if the file has gone.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(path, error.strerror or error, "copy or unpack it again") from error
    return f"{status.st_size}:{status.st_mtime_ns}"


def list_images(folder: Path) -> list[Path]:
    """The pictures of a folder in the order people mean: ``frame_9`` before ``frame_10``; masks are none."""
    return sorted(_images(folder), key=natural_order)


def has_images(folder: Path) -> bool:
    """Whether `list_images` would find any; looks no further than to the first."""
    return any(True for _ in _images(folder))


def _images(folder: Path) -> Iterator[Path]:
    """Without folders that are called like pictures; of most file systems that is told without asking."""
    with os.scandir(folder) as entries:
        yield from (
            folder / entry.name for entry in entries if is_image(Path(entry.name)) and not _is_folder(entry)
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # it links to itself: whoever reads it is told
        return False


def is_image(path: Path) -> bool:
    """Whether `list_images` would list a file."""
    is_mask = path.name == MASK_FILE or path.name.endswith(f".{MASK_FILE}")
    return _is_seen(path, PICTURE_SUFFIXES) and not is_mask


def tell_unread(folder: Path, on_warning: Callable[[str], object]) -> bool:
    """One warning that names pictures of a folder that are not read, such as HEIC; whether there are any."""
    unread = sorted((path for path in folder.iterdir() if _is_seen(path, UNREAD_SUFFIXES)), key=natural_order)
    if unread:
        many = f"{len(unread)} pictures are" if unread[1:] else "a picture is"
        on_warning(f"{unread[0]}: {many} left out, as {unread[0].suffix} is not read; {SAVE_AS_JPEG}")
    return bool(unread)


def _is_seen(path: Path, suffixes: frozenset[str]) -> bool:
    """Whether a file has one of the suffixes and is not hidden."""
    return path.suffix.lower() in suffixes and not path.name.startswith(".")


def natural_order(path: Path) -> list[tuple[int, str]]:
    """By what pictures are sorted, as people mean it: ``frame_9`` comes before ``frame_10``."""
    parts = re.split(r"(\d+)", path.stem)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts] + [(-1, path.suffix)]


def image_size(path: Path) -> tuple[int, int]:
    """Width and height [px]; of a PNG from its first bytes, as there are thousands of images to open.

    Raises:
        UserError: if it is no image.
    """
    if path.suffix.lower() != ".png":
        height, width = read_image(path).shape[:2]
        return width, height
    with reading(path, "an image", "copy or unpack it again"), path.open("rb") as stream:
        header = stream.read(24)
    if len(header) < 24 or header[:4] != b"\x89PNG":
        raise UserError(path, "not a PNG, though its name says so", "copy it again")
    width, height = struct.unpack(">II", header[16:])
    return width, height


def frame_numbers(paths: list[Path]) -> list[int] | None:
    """The numbers that the file names end in; None if the names do not count frames."""
    ends = [re.search(r"(\d+)$", path.stem) for path in paths]
    if any(end is None or len(end[1].lstrip("0")) > LONGEST_FRAME_NUMBER for end in ends):
        return None
    return [int(end[1]) for end in ends if end]


def runs_of_numbers(paths: list[Path]) -> list[range]:
    """Cut a numbered row of images wherever numbers are missing: the runs, as places in the row.

    Numbers are missing where a step is larger than the most frequent one.
    """
    numbers = frame_numbers(paths)
    if numbers is None or len(paths) < 2:
        return [range(len(paths))]
    steps = np.diff(numbers)
    counts = Counter(steps.tolist())
    usual = min(counts, key=lambda step: (-counts[step], step))
    return _cut(steps > usual)


def runs_in_time(times: np.ndarray) -> list[range]:
    """Cut images wherever the time (N,) [s] between two is longer than usual by more than `LONGEST_PAUSE`."""
    if len(times) < 2:
        return [range(len(times))]
    intervals = np.diff(times)
    return _cut(intervals > LONGEST_PAUSE * np.median(intervals))


def split_at_gaps(paths: list[Path]) -> list[list[Path]]:
    """The runs of `runs_of_numbers`, as images."""
    return [paths[run.start : run.stop] for run in runs_of_numbers(paths)]


def _cut(after: np.ndarray) -> list[range]:
    """Runs of places; (N - 1,) bool says where one ends."""
    bounds = [0, *(np.flatnonzero(after) + 1).tolist(), len(after) + 1]
    return [range(*pair) for pair in pairwise(bounds)]


def named_pieces(
    pieces: Sequence[list[Path]], name: str, on_warning: Callable[[str], object]
) -> Iterator[tuple[str, list[Path]]]:
    """Of each piece of a drive that is cut at gaps: its name and its images.

    One warning tells the first gap and how many more there are.
    """
    gaps = [(before[-1].name, after[0].name) for before, after in pairwise(pieces)]
    tell_gaps(pieces[0][0].parent, gaps, on_warning)
    for number, piece in enumerate(pieces):
        yield (f"{name}/from_{piece[0].stem}" if number else name), piece


def tell_gaps(where: Path, gaps: Sequence[tuple[str, str]], on_warning: Callable[[str], object]) -> None:
    """One warning that tells the first gap, by the images around it, and how many more there are."""
    if gaps:
        others = f", and {len(gaps) - 1} times more" if gaps[1:] else ""
        missing = f"images are missing between {' and '.join(gaps[0])}{others}"
        on_warning(f"{where}: {missing}; no clip crosses a gap")
