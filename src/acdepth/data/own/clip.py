"""A run of a source's images, and what is known about them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.images import read_classes, read_depth_png16
from acdepth.core.lens import Lens
from acdepth.data.own.motion import Motion
from acdepth.data.own.source import ImageFiles, Source, Truth
from acdepth.data.stored import StoredClip, checked_size


@dataclass(frozen=True)
class Description:
    """What holds for all images of a drive."""

    condition: Condition = Condition.CLEAR
    lens: Lens | None = None
    """Of the images as they were taken, perhaps before they were scaled."""
    frame_rate: float | None = None
    """Images per second, of the whole source."""
    class_names: tuple[str, ...] = ()
    style: str | None = None
    in_time: bool = True
    """Whether images beside each other are neighbours in time."""
    ego_mask: np.ndarray | None = None
    """bool (H, W), True where the image shows the vehicle itself; of the images as they were taken."""
    camera_height: float | None = None
    """Of the lens above the road [m], where it is not told with the lens."""
    track_offset: float | None = None
    """Seconds from the first image to the first measurement of a track beside the images."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """Of a bag, where that was chosen: which topic is the ``image``, ``camera_info`` and ``motion``."""

    def of(self, source: Source) -> "Description":
        """With the lens at the size of a source's images, which may have been scaled since it was calibrated.

        Raises:
            UserError: if their aspect is another one, or the mask's size.
        """
        if self.lens is None and self.ego_mask is None:
            return self
        try:
            height, width = source.size()
        except UserError:
            return self  # whoever reads the images is told
        if self.ego_mask is not None and self.ego_mask.shape != (height, width):
            rows, columns = self.ego_mask.shape
            told = f"its mask has {columns}x{rows} pixels, its images {width}x{height}"
            raise UserError(source.place, told, "save mask.png at the images' size")
        try:
            return replace(self, lens=self.lens and self.lens.at_size(height, width))
        except UserError as error:
            raise UserError(source.file_of(0), error) from error


class OwnClip(StoredClip):
    """Images of a source, in order, straightened where their lens bends.

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
        self.condition, self.lens = description.condition, description.lens
        self.camera = self.lens and self.lens.straight
        self.class_names, self.style = description.class_names, description.style
        self.in_time = description.in_time
        self.camera_height = description.camera_height or (self.lens and self.lens.camera_height)
        self.lengths_from = motion and motion.kind
        self.step = self.numbers[1] - self.numbers[0] if len(self.numbers) > 1 else 1
        self.frame_rate = description.frame_rate and description.frame_rate / self.step
        self._chosen: frozenset[int] | None = None

    def through(self, lens: Lens | None) -> "OwnClip":
        """The same images, said to be taken through another lens.

        Raises:
            UserError: if it is one of another aspect.
        """
        return self.described(replace(self.description, lens=lens).of(self.source))

    def described(self, description: Description) -> "OwnClip":
        """The same images, of which something else is known."""
        return OwnClip(self.name, self.key_folder, self.source, description, self.motion, self.numbers)

    def about(self, targets: Collection[int]) -> "OwnClip":
        """The same images, of which only some are targets."""
        clip = copy(self)
        clip._chosen = frozenset(targets)
        return clip

    def every(self, step: int) -> "OwnClip":
        """Every ``step``-th image of it, from the first on."""
        chosen = self.numbers[::step]
        return OwnClip(self.name, self.key_folder, self.source, self.description, self.motion, chosen)

    def __len__(self) -> int:
        return len(self.numbers)

    def is_target(self, index: int) -> bool:
        """Whether it is among those that `about` chose; all are without."""
        return self._chosen is None or index in self._chosen

    def key(self, index: int) -> str:
        """Folder or sequence and the image's name, with ``/`` on every system."""
        return f"{self.key_folder}/{self.source.name_of(self.numbers[index])}"

    def stamp(self, index: int) -> str:
        """Size and time of last change of the file that the image lies in."""
        return self.stamps([index])[0]

    def stamps(self, indices: Sequence[int]) -> list[str]:
        """The same of several; each file is asked once."""
        stamps = self.source.stamps([self.numbers[index] for index in indices])
        if self.lens is None or self.lens.is_straight:
            return stamps
        return [f"{stamp} through {self.lens.camera} {self.lens.distortion!r}" for stamp in stamps]

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
        place = self.source.place_of(number)
        return self._straight(checked_size(self.source.image(number), size, place, "its camera has", remedy))

    def depth(self, index: int) -> np.ndarray | None:
        """Measured depth [m], float32 (H, W)."""
        return self._truth("depth", read_depth_png16, index)

    def classes(self, index: int) -> np.ndarray | None:
        """Class of each pixel, uint8 (H, W)."""
        return self._truth("classes", read_classes, index)

    def distance(self, index: int, other: int) -> float | None:
        """Metres between two frames."""
        return self.motion and self.motion.distance(self.numbers[index], self.numbers[other])

    @cached_property
    def ego_mask(self) -> np.ndarray | None:
        """bool (H, W): True where images show the vehicle itself; None where nobody says."""
        mask = self.description.ego_mask
        # A pixel between two is of the vehicle if one of them is.
        return mask if mask is None else self._straight(mask.astype(np.uint8) * 255) > 0

    def _truth(self, kind: Truth, read: Callable[[Path], np.ndarray], index: int) -> np.ndarray | None:
        path = self.source.truth_file(kind, self.numbers[index])
        if path is None:
            return None
        height, width = self.camera.size if self.camera else self.image(index).shape[:2]
        remedy = "write both at the same size"
        values = checked_size(read(path), (height, width), path, "its image has", remedy)
        return self._straight(values, nearest=True)

    def _straight(self, pixels: np.ndarray, nearest: bool = False) -> np.ndarray:
        return pixels if self.lens is None else self.lens.straighten(pixels, nearest)


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
