"""Prepared images in shards, read as they are asked for."""

import math
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Self, cast

import numpy as np
from pydantic import NonNegativeInt

from acdepth.core.config import Config
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError
from acdepth.core.texts import as_text, parse_json
from acdepth.data.frames import LATER, Frames
from acdepth.data.prepared import FRAMES, Prepared, Side
from acdepth.data.ready import ReadyClip, ready_clips
from acdepth.data.shards.place import Kept, Place, address_of, hash_bytes

FORMAT = 1
"""Counts up when the files' meaning changes."""
INDEX = "shards.json"
"""Written last: with it a place is whole."""
MAPPED = 1024
"""Shards that are mapped at a time; systems allow a process some ten thousands."""


class ShardIndex(Config):
    """What stands in `INDEX`."""

    format: int
    made_from: str
    stamp: str
    crop: Crop | None
    image_size: tuple[Side, Side]
    resize: Resize
    shards: tuple[tuple[NonNegativeInt, str], ...]
    """Images in each, and its SHA-256."""
    columns: dict[str, str]
    """SHA-256 of each column of `Frames`."""


def shard_file(number: int) -> str:
    """Where a shard lies: its images as uint8, one after the other."""
    return f"shards/{number:06d}.bin"


class ShardedImages:
    """(N, H, W, 3) uint8 RGB out of memory maps, each fetched when an image of it is first asked for.

    Args:
        kept: where the shards are.
        shards: images in each, and its hash.
        image_size: (height, width).
    """

    def __init__(self, kept: Kept, shards: list[tuple[int, str]], image_size: tuple[int, int]) -> None:
        self.kept, self.shards, self.image_size = kept, shards, image_size
        self.ends = np.cumsum([count for count, _ in shards], dtype=np.int64)
        self.shape = (int(self.ends[-1]), *image_size, 3)
        self._mapped = lru_cache(MAPPED)(self._map)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int) -> np.ndarray:
        number = int(np.searchsorted(self.ends, index, "right"))
        shard = self._mapped(number)
        return shard[index - int(self.ends[number])]  # counted from its end

    def _map(self, number: int) -> np.ndarray:
        count, sha256 = self.shards[number]
        path, shape = self.kept.fetch(shard_file(number), sha256), (count, *self.image_size, 3)
        if not path.exists() or path.stat().st_size != math.prod(shape):
            raise UserError(path, "does not fit its index", "delete it, and pack or fetch it again")
        return np.memmap(path, np.uint8, "r", shape=shape)


class Packed(Prepared):
    """Prepared images that `pack` wrote."""

    kept: Kept
    shards: list[tuple[int, str]]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a folder or an address; images are fetched later.

        Raises:
            UserError: if there is none that is whole and of this version.
        """
        place = Place(folder)
        content = place.read(INDEX)
        if content is None:
            raise UserError(str(place), "holds no packed footage", "make it with acdepth data pack")
        index, kept = _read_index(content, place), Kept(place, hash_bytes(content))
        columns = [kept.fetch(f"{FRAMES}/{name}.npy", sha256) for name, sha256 in index.columns.items()]
        frames = Frames.open(columns[0].parent, index.columns)
        if (packed := sum(count for count, _ in index.shards)) != len(frames):
            what = f"its columns are of {len(frames)} images, its shards of {packed}"
            raise UserError(str(place), what, "pack it again")
        about = index.made_from, index.crop, index.image_size, index.resize, frames, index.stamp
        found = cls(Path(folder), *about)
        found.kept, found.shards = kept, list(index.shards)
        return found

    def __reduce__(self) -> tuple[Callable[[Path], "Packed"], tuple[Path]]:
        return Packed.open, (self.folder,)

    @property
    def images(self) -> np.ndarray:
        """`ShardedImages`, of which one image at a time can be asked for."""
        if self._images is None:
            self._images = cast(np.ndarray, ShardedImages(self.kept, self.shards, self.image_size))
        return self._images


def is_packed(path: Path) -> bool:
    """Whether a path is the address of packed footage, or a folder of it."""
    return address_of(path) is not None or (Path(path) / INDEX).is_file()


def open_packed(path: Path) -> list[ReadyClip]:
    """The clips of packed footage.

    Raises:
        UserError: if there is none.
    """
    return ready_clips(Packed.open(path))


def _read_index(content: bytes, place: Place) -> ShardIndex:
    where = f"{place}/{INDEX}"
    try:
        values = parse_json(as_text(content, where))
        columns = {one.name for one in fields(Frames)}
        same = values["format"] == FORMAT and {*values["columns"], LATER} == columns
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(str(place), f"has a damaged {INDEX} ({error})", "pack it again") from error
    if not same:
        raise UserError(str(place), "written by another version", "pack it again")
    return ShardIndex.from_dict(values, where)
