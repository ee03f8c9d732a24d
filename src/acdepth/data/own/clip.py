"""A run of a source's images, and what is known about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.images import read_classes, read_depth_png16
from acdepth.data.own.motion import Motion
from acdepth.data.own.source import ImageFiles, Source, Truth
from acdepth.data.stored import StoredClip, checked_size


@dataclass(frozen=True)
class Description:
    """What holds for all images of a drive."""

    condition: Condition = Condition.CLEAR
    camera: Camera | None = None
    frame_rate: float | None = None
    """Images per second, of the whole source."""
    class_names: tuple[str, ...] = ()
    style: str | None = None
    camera_height: float | None = None
    """Of the lens above the road [m]."""
    ego_mask: np.ndarray | None = None
    """bool (H, W), True where the image shows the vehicle itself; of the images as they were taken."""
    track_offset: float | None = None
    """Seconds from the first image to the first measurement of a track beside the images."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """Of a bag, where that was chosen: which topic is the ``image``, ``camera_info`` and ``motion``."""


class OwnClip(StoredClip):
    """Images of a source, in order.

    Args:
        name: unique within the data set.
        key_folder: what stands before the image's name in `key`.
        source: of the images.
        description: holds for all of them.
        motion: of the whole source, by the number of the image.
        numbers: which images of the source; all by default. Neighbours are a constant step apart.
    """

    def __init__(
        self,
        name: str,
        key_folder: str,
        source: Source,
        description: Description,
        motion: Motion | None = None,
        numbers: Sequence[int] | None = None,
    ) -> None:
        self.name, self.key_folder, self.source = name, key_folder, source
        self.numbers = range(len(source)) if numbers is None else numbers
        self.description, self.motion = description, motion
        self.condition, self.camera = description.condition, description.camera
        self.class_names, self.style = description.class_names, description.style
        self.camera_height = description.camera_height
        step = self.numbers[1] - self.numbers[0] if len(self.numbers) > 1 else 1
        self.frame_rate = description.frame_rate and description.frame_rate / step

    def every(self, step: int) -> "OwnClip":
        """Every ``step``-th image of it, from the first on."""
        chosen = self.numbers[::step]
        return OwnClip(self.name, self.key_folder, self.source, self.description, self.motion, chosen)

    def __len__(self) -> int:
        return len(self.numbers)

    def key(self, index: int) -> str:
        """Folder or sequence and the image's name, with ``/`` on every system."""
        return f"{self.key_folder}/{self.source.name_of(self.numbers[index])}"

    def stamp(self, index: int) -> str:
        """Size and time of last change of the file that the image lies in."""
        return self.stamps([index])[0]

    def stamps(self, indices: Sequence[int]) -> list[str]:
        """The same of several; each file is asked once."""
        return self.source.stamps([self.numbers[index] for index in indices])

    def time(self, index: int) -> float | None:
        """When the image was taken [s]: as its source says, else by the frame rate."""
        times, number = self.source.times(), self.numbers[index]
        if times is not None:
            return float(times[number])
        rate = self.description.frame_rate
        return number / rate if rate else None

    def image(self, index: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        number = self.numbers[index]
        size, remedy = self.camera and self.camera.size, "give each camera a folder of its own"
        return checked_size(
            self.source.image(number), size, self.source.file_of(number), "its camera has", remedy
        )

    def depth(self, index: int) -> np.ndarray | None:
        """Measured depth [m], float32 (H, W)."""
        return self._truth("depth", read_depth_png16, index)

    def classes(self, index: int) -> np.ndarray | None:
        """Class of each pixel, uint8 (H, W)."""
        return self._truth("classes", read_classes, index)

    def distance(self, index: int, other: int) -> float | None:
        """Metres between two frames."""
        return self.motion and self.motion.distance(self.numbers[index], self.numbers[other])

    @property
    def ego_mask(self) -> np.ndarray | None:
        """bool (H, W): True where images show the vehicle itself; None where nobody says."""
        return self.description.ego_mask

    def _truth(self, kind: Truth, read: Callable[[Path], np.ndarray], index: int) -> np.ndarray | None:
        path = self.source.truth_file(kind, self.numbers[index])
        if path is None:
            return None
        height, width = self.camera.size if self.camera else self.image(index).shape[:2]
        return checked_size(read(path), (height, width), path, "its image has", "write both at the same size")


class ImageClip(OwnClip):
    """Consecutive image files of a data set that knows its cameras and motions itself."""

    def __init__(
        self,
        name: str,
        key_folder: str,
        paths: list[Path],
        description: Description,
        depth_folder: Path | None = None,
    ) -> None:
        super().__init__(name, key_folder, ImageFiles(paths, depth_folder), description)
        self.paths = paths
