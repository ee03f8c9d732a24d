"""What another's model says of prepared images, asked once: a row of inverse depths in a file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.core.files import hash_json, read_json, write_json
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress
from acdepth.data.prepared import Prepared

FORMAT = 1
"""Counts up when the file's meaning changes."""
INDEX, ROWS = "labels.json", "labels.bin"


class Label(NamedTuple):
    """Of one image."""

    inverse_depth: np.ndarray
    """(H, W) [1/m] at the size of the prepared images; NaN everywhere where the image tells no metres."""
    seen_height: float
    """[m] of the camera above the road by this depth; NaN where no road is seen."""


class Labels:
    """Inverse depths of prepared images, index for index; small to hand to another process."""

    def __init__(self, folder: Path, count: int, image_size: tuple[int, int]) -> None:
        self.folder, self.count, self.image_size = Path(folder), count, image_size
        self._rows: np.ndarray | None = None

    def __reduce__(self) -> tuple[type["Labels"], tuple[Path, int, tuple[int, int]]]:
        return type(self), (self.folder, self.count, self.image_size)

    @property
    def rows(self) -> np.ndarray:
        """(N,) of `_row_type`, read-only memory map."""
        if self._rows is None:
            self._rows = np.memmap(self.folder / ROWS, _row_type(self.image_size), "r", shape=(self.count,))
        return self._rows

    @property
    def known(self) -> np.ndarray:
        """(N,) bool: which images have a label."""
        return ~np.isnan(self.rows["inverse_depth"][:, 0, 0])

    @property
    def seen_height(self) -> np.ndarray:
        """(N,) [m] of the camera above the road; NaN where no road is seen."""
        return np.array(self.rows["seen_height"])

    def inverse_depth(self, index: int, mirror: bool) -> np.ndarray:
        """(H, W) float16 [1/m]."""
        found = self.rows[index]["inverse_depth"]
        return found[:, ::-1] if mirror else found

    def batch(self, indices: Sequence[int], mirrored: Sequence[bool]) -> Tensor:
        """(B, 1, H, W) float16 [1/m] of some images."""
        maps = [self.inverse_depth(*one) for one in zip(indices, mirrored, strict=True)]
        return torch.from_numpy(np.stack(maps))[:, None]


def make_labels(
    folder: Path, prepared: Prepared, made_by: str, label: Callable[[int], Label], title: str = "labels"
) -> Labels:
    """Ask for the label of every prepared image; after a kill the next call goes on where it was.

    Of several processes that call this at once one does the work.

    Args:
        folder: for the labels.
        prepared: the images.
        made_by: changes with all else that decides the labels.
        label: of the image with a number.
        title: of the progress bar.
    """
    folder, count, size = Path(folder), len(prepared), prepared.image_size
    stamp = hash_json([FORMAT, prepared.made_from, count, size, made_by])
    kind = _row_type(size)
    with sole_writer(folder, wait=True):
        path = folder / ROWS
        if not (folder / INDEX).exists() or read_json(folder / INDEX) != {"stamp": stamp}:
            path.unlink(missing_ok=True)
            write_json(folder / INDEX, {"stamp": stamp})
        path.touch()
        done = path.stat().st_size // kind.itemsize
        if done < count:
            with path.open("r+b") as stream, progress(title, count, done, unit="image") as advance:
                stream.truncate(done * kind.itemsize)
                stream.seek(0, 2)
                for number in range(done, count):
                    said = label(number)
                    row = np.array((said.seen_height, said.inverse_depth), kind)
                    stream.write(row.tobytes())
                    stream.flush()
                    advance()
    labels = Labels(folder, count, size)
    if not labels.known.any():
        raise UserError(folder, f"none of {count} images tells metres", "does the camera move along a road?")
    return labels


def _row_type(size: tuple[int, int]) -> np.dtype:
    return np.dtype([("seen_height", "<f4"), ("inverse_depth", "<f2", size)])
