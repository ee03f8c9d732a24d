"""What is known about prepared images: memory-mapped columns, so that millions open at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_folder, hash_file, read_array

CONDITIONS = tuple(Condition)
LATER = "check"
"""The column that earlier versions did not write."""
_OTHERS = {"source_size": ("u", 2), "clip_intrinsics": ("f", 2), "masks": ("b", 3), "target": ("b", 1)}
_OTHERS |= dict.fromkeys(
    ("clip", "position", "clip_condition", "key_bytes", "clip_name_bytes", LATER), ("u", 1)
)
_OTHERS |= dict.fromkeys(("clip_mask", "key_ends", "clip_name_ends"), ("i", 1))
"""Kind of the numbers, and dimensions, of each column that is not floats in a row."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Columns about N frames of C clips. Texts are two: all their bytes (UTF-8), and where each text ends."""

    clip: np.ndarray
    """(N,) uint32: number of its clip."""
    position: np.ndarray
    """(N,) uint32: neighbours in time, of one clip, differ by one."""
    target: np.ndarray
    """(N,) bool: whether training is about the frame; the others are neighbours only."""
    source_size: np.ndarray
    """(N, 2) uint32: height and width of the original image [px]."""
    brightness: np.ndarray
    """(N,) float64: mean of the prepared image's values, 0 to 255."""
    check: np.ndarray
    """(N,) uint32: CRC-32 of the prepared image; (0,) where an earlier version prepared it."""
    distance_to_previous: np.ndarray
    distance_to_next: np.ndarray
    """(N,) float64 [m] each; NaN if unknown or if there is none."""
    speed: np.ndarray
    """(N,) float64 [m/s]; NaN if unknown."""
    motion: np.ndarray
    """(N,) float64 [% of the width]: how far the image moves to the next one, see `flow.image_motion`; NaN
    where that was not measured, or there is none."""
    key_bytes: np.ndarray
    key_ends: np.ndarray
    """Names of the images in their data set: (K,) uint8 and (N,) int64."""
    clip_condition: np.ndarray
    """(C,) uint8: `Condition.index`."""
    clip_intrinsics: np.ndarray
    """(C, 4) float64: fx, fy, cx, cy after crop and resize [px]; NaN where the camera is not known."""
    clip_mask: np.ndarray
    """(C,) int64: which of ``masks``; -1 where all pixels count."""
    clip_camera_height: np.ndarray
    """(C,) float64 [m]: of the lens above the road; NaN where it is not known."""
    masks: np.ndarray
    """(M, H, W) bool, after crop and resize: False where images show the vehicle itself."""
    clip_name_bytes: np.ndarray
    clip_name_ends: np.ndarray
    """Names of the clips: (L,) uint8 and (C,) int64."""

    @classmethod
    def open(cls, folder: Path, hashes: Mapping[str, str] = MappingProxyType({})) -> Self:
        """Map the columns that `write` wrote; those with a hash are read once, the others when they are used.

        Raises:
            UserError: if one is missing, cut, or has another hash.
        """
        columns, remedy = {}, f"delete {folder.parent}, it will be made again"
        for one in fields(cls):
            path = folder / f"{one.name}.npy"
            if one.name == LATER and not path.exists():
                columns[one.name] = np.zeros(0, np.uint32)
                continue
            columns[one.name] = read_array(path, remedy)
            if hashes.get(one.name) not in (None, hash_file(path)):
                raise UserError(path, "its content is not what was written", remedy)
        frames = cls(**columns)
        if told := frames._misfit():
            raise UserError(folder, f"its columns are damaged ({told})", remedy)
        return frames

    def _misfit(self) -> str:
        """What columns cannot be together, as far as a few of them tell; empty if all is well."""
        count, clips = self.clip.size, self.clip_condition.size
        for one in fields(self):
            column = getattr(self, one.name)
            if one.name == LATER and not len(column):
                continue
            needed = clips if one.name.startswith("clip_") else count
            if one.name not in ("key_bytes", "clip_name_bytes", "masks") and column.shape[:1] != (needed,):
                return f"{one.name} is {column.shape}, of {needed}"
            if (column.dtype.kind, column.ndim) != _OTHERS.get(one.name, ("f", 1)):
                return f"{one.name} is {column.dtype} {column.shape}"
        names = (self.key_bytes, self.key_ends), (self.clip_name_bytes, self.clip_name_ends)
        for letters, text_ends in names:
            if len(text_ends) and (text_ends[-1] != len(letters) or np.diff(text_ends, prepend=0).min() < 0):
                return "the ends of names"
        for numbers, most in (
            (self.clip, clips),
            (self.clip_condition, len(CONDITIONS)),
            (self.clip_mask, len(self.masks)),
        ):
            if len(numbers) and not -1 <= int(numbers.min()) <= int(numbers.max()) < most:
                return "numbers beyond their table"
        return ""

    def hashes(self, folder: Path) -> dict[str, str]:
        """SHA-256 of each column that `write` wrote."""
        return {one.name: hash_file(folder / f"{one.name}.npy") for one in fields(self)}

    def write(self, folder: Path) -> None:
        """Write a file per column into ``folder``, whole or not at all."""
        with atomic_folder(folder) as fresh:
            for one in fields(self):
                np.save(fresh / f"{one.name}.npy", getattr(self, one.name))

    def __len__(self) -> int:
        return len(self.clip)

    def counted(self, index: int) -> np.ndarray | None:
        """(H, W) bool: which pixels of an image count; None where all do."""
        mask = self.clip_mask[self.clip[index]]
        return None if mask < 0 else self.masks[mask]

    def key(self, index: int) -> str:
        """Name of one image in its data set."""
        return _text(self.key_bytes, self.key_ends, index)

    def clip_name(self, number: int) -> str:
        """Name of one clip."""
        return _text(self.clip_name_bytes, self.clip_name_ends, number)

    @property
    def condition(self) -> np.ndarray:
        """(N,) uint8: `Condition.index`."""
        return self.clip_condition[self.clip]

    def conditions(self) -> list[Condition]:
        """Those that there are frames of, in the order of their first frames."""
        numbers, first = np.unique(self.condition, return_index=True)
        return [CONDITIONS[number] for number in numbers[np.argsort(first)]]

    def targets_of(self, condition: Condition) -> np.ndarray:
        """Numbers of the targets of one condition, in order."""
        return np.flatnonzero(self.target & (self.condition == condition.index))

    def has_neighbour(self, step: int) -> np.ndarray:
        """(N,) bool: whether the frame ``step`` later in its clip (-1: the one before) is there."""
        has = np.zeros(len(self), bool)
        first, last = max(0, -step), len(self) - max(0, step)
        here, there = slice(first, last), slice(first + step, last + step)
        moved = self.position[there].astype(np.int64) - self.position[here]
        has[here] = (self.clip[there] == self.clip[here]) & (moved == step)
        return has

    def has_same_keys(self, other: "Frames") -> bool:
        """Whether the images have the same names in the same order."""
        pairs = (self.key_ends, other.key_ends), (self.key_bytes, other.key_bytes)
        return all(np.array_equal(own, others) for own, others in pairs)

    def take(self, rows: np.ndarray) -> "Frames":
        """Some of the frames, in order."""
        if len(rows) == len(self):
            return self
        lengths = np.diff(self.key_ends, prepend=0)
        taken = np.zeros(len(self), bool)
        taken[rows] = True
        names = [one.name for one in fields(self) if not one.name.startswith(("key_", "clip_", "masks"))]
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in names if len(getattr(self, name))},
            key_bytes=self.key_bytes[np.repeat(taken, lengths)],
            key_ends=np.cumsum(lengths[rows]),
        )


def pack(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of texts: their bytes (K,) uint8, and where each ends (N,) int64."""
    coded = [text.encode() for text in texts]
    ends = np.cumsum([len(one) for one in coded], dtype=np.int64)
    return np.frombuffer(b"".join(coded), np.uint8), ends


def _text(letters: np.ndarray, ends: np.ndarray, index: int) -> str:
    start = ends[index - 1] if index else 0
    return letters[start : ends[index]].tobytes().decode(errors="replace")
