"""The sequence folder: ``images/`` with what is known about them beside it."""

import difflib
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from acdepth.core.clip import WORLD_SOURCE
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_yaml
from acdepth.core.images import PICTURE_SUFFIXES, UNREAD_SUFFIXES, read_painted
from acdepth.core.lens import Lens, check_camera_height
from acdepth.data.own.cameras import find_camera_file, read_frame_rate, read_lens
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.measured import motion_beside
from acdepth.data.own.motion import Motion
from acdepth.data.own.source import ImageFiles, Source
from acdepth.data.own.times import read_times, times_of_names
from acdepth.data.stored import (
    MASK_FILE,
    has_images,
    list_images,
    runs_in_time,
    runs_of_numbers,
    tell_gaps,
    tell_unread,
)

IMAGES, SEQUENCE_FILE, TIMES_FILE = "images", "sequence.yaml", "times.txt"
"""What may stand beside images, videos and bags."""
CLASSES = 256
"""That images of classes, which are uint8, can tell apart."""
SEQUENCE_KEYS = ("condition", "class_names", "classes", "topics", "track_offset", "camera_height")
"""What ``sequence.yaml`` may tell."""
MOST_CLASSES = 256
"""As many as a class map can tell apart."""
TOPIC_USES = ("image", "camera_info", "motion")
"""What of a bag ``topics`` in ``sequence.yaml`` may choose."""


def pictures_of(folder: Path) -> Path | None:
    """Where a drive's pictures lie: in ``images``, or in the folder itself if a camera file is there too."""
    images = folder / IMAGES
    if images.is_dir() and has_images(images):
        return images
    return folder if has_images(folder) and find_camera_file(folder) else None


def is_sequence_folder(folder: Path) -> bool:
    """Whether a folder is a drive of pictures."""
    return pictures_of(folder) is not None


def open_sequence_folder(folder: Path, name: str, on_warning: Callable[[str], object]) -> list[OwnClip]:
    """Open one sequence folder; where images are missing it falls into consecutive pieces.

    Raises:
        UserError: if one of the files beside the images cannot be understood.
    """
    images = pictures_of(folder) or folder
    paths = list_images(images)
    tell_unread(images, on_warning)
    _refuse_equal_stems(paths)
    times = read_times(folder / TIMES_FILE, len(paths))
    times = times_of_names(paths) if times is None else times
    source = ImageFiles(paths, folder / "depth", folder / "classes", times)
    description = describe(folder).of(source)
    motion = motion_beside(source, description, folder, None, on_warning)
    key_folder = name if images == folder else f"{name}/{IMAGES}"
    return cut_at_gaps(source, name, key_folder, description, motion, on_warning)


def cut_at_gaps(
    source: Source,
    name: str,
    key_folder: str,
    description: Description,
    motion: Motion | None,
    on_warning: Callable[[str], object],
) -> list[OwnClip]:
    """One clip per run of images without a gap, in their times, or else in the numbers of their files."""
    times = source.times()
    if times is not None:
        pieces = runs_in_time(times)
    elif isinstance(source, ImageFiles):
        pieces = runs_of_numbers(source.paths)
    else:
        pieces = [range(len(source))]
    gaps = [(source.name_of(before[-1]), source.name_of(after[0])) for before, after in pairwise(pieces)]
    tell_gaps(source.place, gaps, on_warning)
    if description.ego_mask is None:
        _tell_unread_masks(source, on_warning)
    return [
        OwnClip(_piece_name(source, name, piece), key_folder, source, description, motion, piece)
        for piece in pieces
    ]


def _tell_unread_masks(source: Source, on_warning: Callable[[str], object]) -> None:
    """Name a file that was meant as a mask: no other name is looked for, and JPEG blurs edges."""
    suffixes = PICTURE_SUFFIXES | UNREAD_SUFFIXES
    stem = Path(MASK_FILE).stem
    for name in (stem, f"{source.place.stem}.{stem}"):
        for suffix in sorted(suffixes | {suffix.upper() for suffix in suffixes}):
            path = source.place.with_name(name + suffix)
            if path.exists():
                on_warning(f"{path}: is not read as a mask; save it as {name}.png")
                return


def _piece_name(source: Source, name: str, piece: range) -> str:
    return f"{name}/from_{PurePath(source.name_of(piece[0])).stem}" if piece[0] else name


def describe(folder: Path, stem: str | None = None) -> Description:
    """What the camera file (see `find_camera_file`), ``sequence.yaml`` and ``mask.png`` in a folder say.

    Of a video or a bag, ``STEM.camera.yaml`` and the like go before them.

    Raises:
        UserError: if one of them cannot be understood.
    """
    sequence_file, mask_file = (beside(folder, stem, kind) for kind in (SEQUENCE_FILE, MASK_FILE))
    camera_file = find_camera_file(folder, stem)
    about = _read_yaml(sequence_file) if sequence_file else {}
    _refuse_misspelt(about, sequence_file)
    lens = read_lens(camera_file) if camera_file else None
    return Description(
        condition=_condition(about.get("condition", "clear"), sequence_file),
        lens=lens,
        frame_rate=read_frame_rate(camera_file) if camera_file else None,
        class_names=_class_names(about.get("class_names", about.get("classes", [])), sequence_file),
        style=str(about["style"]) if about.get("source") == WORLD_SOURCE and "style" in about else None,
        ego_mask=read_ego_mask(mask_file) if mask_file else None,
        camera_height=_camera_height(about.get("camera_height"), sequence_file, lens),
        track_offset=_track_offset(about.get("track_offset"), sequence_file),
        topics=_topics(about.get("topics", {}), sequence_file),
    )


def beside(folder: Path, stem: str | None, kind: str) -> Path | None:
    """``STEM.kind`` in a folder, or ``kind``; None if there is neither."""
    candidates = [folder / kind] if stem is None else [folder / f"{stem}.{kind}", folder / kind]
    return next((one for one in candidates if one.exists()), None)


def read_ego_mask(path: Path) -> np.ndarray:
    """``mask.png``, painted black where images show the vehicle itself: bool (H, W), True there.

    Raises:
        UserError: if it cannot be read, is all black, or has black and white as 0 and 1.
    """
    shades = read_painted(path)
    if shades.max() == 1:
        raise UserError(path, "its brightest value is 1, all but black", "white is 255: multiply it by 255")
    own = shades < 128
    if own.all():
        raise UserError(path, "leaves nothing of the image", "paint black only what moves with the camera")
    return own


def _read_yaml(path: Path) -> dict[str, Any]:
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise UserError(path, "expected keys and values", "write lines of key: value")
    return values


def _refuse_misspelt(about: dict[str, Any], path: Path | None) -> None:
    """Notes of one's own may stand there, but a night drive must not become clear by a slip."""
    for key in about:
        nearest = difflib.get_close_matches(str(key), SEQUENCE_KEYS, n=1, cutoff=0.75)
        if nearest and key not in SEQUENCE_KEYS:
            raise UserError(path, f"unknown key {key}", f"did you mean {nearest[0]}?")


def _refuse_equal_stems(paths: list[Path]) -> None:
    for before, after in equal_stems(paths):
        remedy = "depth and translations go by the stem, keep one"
        raise UserError(before, f"is also there as {after.name}", remedy)


def equal_stems(paths: list[Path]) -> list[tuple[Path, Path]]:
    """Files of a folder that differ by their suffix alone."""
    return [(before, after) for before, after in pairwise(sorted(paths)) if before.stem == after.stem]


def _condition(text: Any, path: Path | None) -> Condition:
    try:
        return Condition(text)
    except ValueError as error:
        raise UserError(path, f"condition = {text!r}, expected one of {', '.join(Condition)}") from error


def _class_names(names: Any, path: Path | None) -> tuple[str, ...]:
    if isinstance(names, dict) and all(isinstance(number, int) and number >= 0 for number in names):
        if (beyond := max(names, default=0)) >= CLASSES:
            what = f"class_names: {beyond} is the number of no class, images hold 0 to {CLASSES - 1}"
            raise UserError(path, what, "correct it")
        count = max(names, default=-1) + 1
        if count > MOST_CLASSES:
            what = f"class_names has the number {count - 1}, at most {MOST_CLASSES - 1}"
            raise UserError(path, what, "class maps have 8 bits")
        return tuple(str(names.get(number, f"class {number}")) for number in range(count))
    if isinstance(names, list) and len(names) <= MOST_CLASSES:
        return tuple(str(name) for name in names)
    what = f"class_names must be a list of at most {MOST_CLASSES} names or a mapping from number to name"
    raise UserError(path, what)


def _camera_height(height: Any, path: Path | None, lens: Lens | None) -> float | None:
    """Camera files of other tools and bags have no place for it, so that it may stand here."""
    told, other = check_camera_height(height, path), lens and lens.camera_height
    if None not in (told, other) and told != other:
        what = f"camera_height = {told:g}, but the camera file says {other:g}"
        raise UserError(path, what, "keep it in one of them")
    return told


def _track_offset(offset: Any, path: Path | None) -> float | None:
    if offset is None:
        return None
    if isinstance(offset, bool) or not isinstance(offset, (int, float)) or not math.isfinite(offset):
        raise UserError(
            path, f"track_offset = {offset!r}, expected seconds", "write such as track_offset: 12.3"
        )
    return float(offset)


def _topics(topics: Any, path: Path | None) -> dict[str, str]:
    told = topics.items() if isinstance(topics, dict) else [("", "")]
    for use, topic in told:
        if use not in TOPIC_USES or not isinstance(topic, str):
            what = f"topics = {topics!r}, expected names of topics under {', '.join(TOPIC_USES)}"
            raise UserError(path, what, "write such as topics: {image: /camera/image_raw}")
    return dict(told)
