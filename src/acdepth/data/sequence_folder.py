"""The sequence folder: ``images/`` with what is known about them beside it."""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import WORLD_SOURCE
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_yaml
from acdepth.core.images import read_classes, read_depth_png16, read_image
from acdepth.data.motion import Motion, read_motion
from acdepth.data.stored import (
    StoredClip,
    checked_size,
    frame_numbers,
    list_images,
    named_pieces,
    split_at_gaps,
    stamp_file,
)

SEQUENCE_KEYS = ("condition", "class_names", "classes")
"""What ``sequence.yaml`` may tell."""


@dataclass(frozen=True)
class Description:
    """What stands beside the images and holds for all of them."""

    condition: Condition = Condition.CLEAR
    camera: Camera | None = None
    frame_rate: float | None = None
    class_names: tuple[str, ...] = ()
    style: str | None = None
    in_time: bool = True


class ImageClip(StoredClip):
    """Consecutive image files, with optional motion, depth and classes.

    Args:
        name: unique within the data set.
        key_folder: what stands before the file name in `key`.
        paths: the images, in order.
        description: holds for all of them.
        motion: of the drive that the images are part of.
        start: row of the first image in ``motion``.
        depth_folder: may hold 16-bit PNGs with the images' stems.
        classes_folder: may hold 8-bit PNGs with the images' stems.
    """

    def __init__(
        self,
        name: str,
        key_folder: str,
        paths: list[Path],
        description: Description,
        motion: Motion | None = None,
        start: int = 0,
        depth_folder: Path | None = None,
        classes_folder: Path | None = None,
    ) -> None:
        self.name, self.key_folder, self.paths = name, key_folder, paths
        self.condition, self.camera = description.condition, description.camera
        self.frame_rate, self.class_names = description.frame_rate, description.class_names
        self.style, self.in_time = description.style, description.in_time
        self._motion, self._start = motion, start
        self._depth_folder, self._classes_folder = depth_folder, classes_folder

    def __len__(self) -> int:
        return len(self.paths)

    def key(self, index: int) -> str:
        """Sequence name, folder and file name, with ``/`` on every system."""
        return f"{self.key_folder}/{self.paths[index].name}"

    def stamp(self, index: int) -> str:
        """Size and time of last change of the image file."""
        return stamp_file(self.paths[index])

    def image(self, index: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        path = self.paths[index]
        size, remedy = self.camera and self.camera.size, "give each camera a folder of its own"
        return checked_size(read_image(path), size, path, "its camera has", remedy)

    def depth(self, index: int) -> np.ndarray | None:
        """Measured depth [m], float32 (H, W)."""
        path = self._beside(self._depth_folder, index)
        return None if path is None else self._checked(read_depth_png16(path), path, index)

    def classes(self, index: int) -> np.ndarray | None:
        """Class of each pixel, uint8 (H, W)."""
        path = self._beside(self._classes_folder, index)
        return None if path is None else self._checked(read_classes(path), path, index)

    def distance(self, index: int, other: int) -> float | None:
        """Metres between two frames."""
        start = self._start
        return None if self._motion is None else self._motion.distance(start + index, start + other)

    def _beside(self, folder: Path | None, index: int) -> Path | None:
        if folder is None:
            return None
        path = folder / f"{self.paths[index].stem}.png"
        return path if path.exists() else None

    def _checked(self, values: np.ndarray, path: Path, index: int) -> np.ndarray:
        height, width = self.camera.size if self.camera else self.image(index).shape[:2]
        return checked_size(values, (height, width), path, "its image has", "write both at the same size")


def is_sequence_folder(folder: Path) -> bool:
    """Whether ``folder/images`` holds images."""
    images = folder / "images"
    return images.is_dir() and bool(list_images(images))


def open_sequence_folder(folder: Path, name: str, on_warning: Callable[[str], object]) -> list[ImageClip]:
    """Open one sequence folder; where images are missing it falls into consecutive pieces.

    Raises:
        UserError: if one of the files beside the images cannot be understood.
    """
    paths = list_images(folder / "images")
    _refuse_equal_stems(paths)
    description = _read_description(folder)
    motion_file, motion = folder / "motion.csv", None
    if motion_file.exists():
        motion = read_motion(motion_file, len(paths), frame_numbers(paths), description.frame_rate)
    beside = {f"{kind}_folder": folder / kind for kind in ("depth", "classes")}
    return cut_at_gaps(paths, name, f"{name}/images", description, motion, on_warning, **beside)


def cut_at_gaps(
    paths: list[Path],
    name: str,
    key_folder: str,
    description: Description,
    motion: Motion | None,
    on_warning: Callable[[str], object],
    **folders: Path,
) -> list[ImageClip]:
    """One clip per run of consecutive numbers."""
    return [
        ImageClip(piece_name, key_folder, piece, description, motion, start, **folders)
        for piece_name, start, piece in named_pieces(split_at_gaps(paths), name, on_warning)
    ]


def read_frame_rate(path: Path) -> float | None:
    """The optional key ``frame_rate`` of a ``camera.yaml`` [1/s].

    Raises:
        UserError: if it is not a positive number.
    """
    rate = _read_yaml(path).get("frame_rate")
    if rate is None:
        return None
    if not isinstance(rate, (int, float)) or not math.isfinite(rate) or rate <= 0:
        told = f"frame_rate = {rate!r}, expected images per second"
        raise UserError(path, told, "write such as frame_rate: 12")
    return float(rate)


def _read_description(folder: Path) -> Description:
    camera_file, sequence_file = folder / "camera.yaml", folder / "sequence.yaml"
    camera = frame_rate = None
    if camera_file.exists():
        camera, frame_rate = Camera.read(camera_file), read_frame_rate(camera_file)
    about = _read_yaml(sequence_file) if sequence_file.exists() else {}
    _refuse_misspelt(about, sequence_file)
    return Description(
        condition=_condition(about.get("condition", "clear"), sequence_file),
        camera=camera,
        frame_rate=frame_rate,
        class_names=_class_names(about.get("class_names", about.get("classes", [])), sequence_file),
        style=str(about["style"]) if about.get("source") == WORLD_SOURCE and "style" in about else None,
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise UserError(path, "expected keys and values", "write lines of key: value")
    return values


def _refuse_misspelt(about: dict[str, Any], path: Path) -> None:
    """Notes of one's own may stand there, but a night drive must not become clear by a slip."""
    for key in about:
        nearest = difflib.get_close_matches(str(key), SEQUENCE_KEYS, n=1, cutoff=0.75)
        if nearest and key not in SEQUENCE_KEYS:
            raise UserError(path, f"unknown key {key}", f"did you mean {nearest[0]}?")


def _refuse_equal_stems(paths: list[Path]) -> None:
    for before, after in pairwise(sorted(paths)):
        if before.stem == after.stem:
            remedy = "depth and translations go by the stem, keep one"
            raise UserError(before, f"is also there as {after.name}", remedy)


def _condition(text: Any, path: Path) -> Condition:
    try:
        return Condition(text)
    except ValueError as error:
        raise UserError(path, f"condition = {text!r}, expected one of {', '.join(Condition)}") from error


def _class_names(names: Any, path: Path) -> tuple[str, ...]:
    if isinstance(names, dict) and all(isinstance(number, int) and number >= 0 for number in names):
        count = max(names, default=-1) + 1
        return tuple(str(names.get(number, f"class {number}")) for number in range(count))
    if isinstance(names, list):
        return tuple(str(name) for name in names)
    raise UserError(path, "class_names must be a list of names or a mapping from number to name")
