"""Where the images of a drive lie: what folders, videos and bags have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from acdepth.core.images import read_image
from acdepth.data.stored import image_size, stamp_file

Truth = Literal["depth", "classes"]
"""What may be known of every pixel."""


class Source(ABC):
    """Images in order, read lazily, as they were taken: nothing is cut, straightened or left out.

    It must be picklable, as preparation reads in several processes.
    """

    place: Path
    """The file or folder that people know it by."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def name_of(self, number: int) -> str:
        """What an image is called in keys: the name of its file, or such as ``000012.png``."""

    @abstractmethod
    def file_of(self, number: int) -> Path:
        """The file that an image lies in, perhaps with others."""

    def place_of(self, number: int) -> Path | str:
        """By which people find an image: its file, and in a file with others its number."""
        return f"{self.file_of(number)}, frame {number}"

    @abstractmethod
    def image(self, number: int) -> np.ndarray:
        """RGB, uint8 (H, W, 3), upright and with square pixels."""

    def size(self) -> tuple[int, int]:
        """(height, width) of the first image [px]."""
        height, width = self.image(0).shape[:2]
        return height, width

    def times(self) -> np.ndarray | None:
        """(N,) float64 [s], growing, from any origin: when each was taken; None where nobody says."""
        return None

    def began(self) -> float | None:
        """Seconds since 1970 at which `times` are 0, where the file says so and times do not."""
        return None

    def nanoseconds(self) -> np.ndarray | None:
        """(N,) int64 [ns]: when each was taken, since 1970 where the file says so; None where nobody says."""
        times = self.times()
        return None if times is None else np.rint((times + (self.began() or 0.0)) * 1e9).astype(np.int64)

    def truth_file(self, kind: Truth, number: int) -> Path | None:
        """Where depth (16-bit PNG) or classes (8-bit PNG) of an image lie; None where there are none."""
        return None

    def stamps(self, numbers: Sequence[int]) -> list[str]:
        """What changes when the files behind images do; each file is asked once."""
        files = [self.file_of(number) for number in numbers]
        stamp = {file: stamp_file(file) for file in dict.fromkeys(files)}
        return [stamp[file] for file in files]


class ImageFiles(Source):
    """Image files, perhaps with depth and classes in folders beside them.

    Args:
        paths: in order.
        depth_folder: may hold 16-bit PNGs with the images' stems.
        classes_folder: may hold 8-bit PNGs with the images' stems.
        times: when each was taken [s], if that is known.
    """

    def __init__(
        self,
        paths: list[Path],
        depth_folder: Path | None = None,
        classes_folder: Path | None = None,
        times: np.ndarray | None = None,
    ) -> None:
        self.paths, self.place, self._times = paths, paths[0].parent, times
        self._folders: dict[Truth, Path | None] = {"depth": depth_folder, "classes": classes_folder}

    def __len__(self) -> int:
        return len(self.paths)

    def name_of(self, number: int) -> str:
        """The file's own name."""
        return self.paths[number].name

    def file_of(self, number: int) -> Path:
        """The image file."""
        return self.paths[number]

    def place_of(self, number: int) -> Path:
        """The image file."""
        return self.paths[number]

    def image(self, number: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        return read_image(self.paths[number])

    def size(self) -> tuple[int, int]:
        """(height, width) of the first image [px]; of a PNG from its first bytes."""
        width, height = image_size(self.paths[0])
        return height, width

    def times(self) -> np.ndarray | None:
        """As given."""
        return self._times

    def truth_file(self, kind: Truth, number: int) -> Path | None:
        """The PNG with the image's stem in the folder of this kind."""
        folder = self._folders[kind]
        path = folder and folder / f"{self.paths[number].stem}.png"
        return path if path and path.exists() else None
