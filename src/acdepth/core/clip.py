"""Footage on its way in: clips, read lazily, and their frames."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.measured import Measured

WORLD_SOURCE = "acdepth world"
"""What ``sequence.yaml`` of a drive through the built-in world says under ``source``."""


class Clip(ABC):
    """Consecutive images of one drive, read lazily. Every data set and every video is a list of these.

    Reading may raise `UserError`; whoever reads many decides whether one bad frame is skipped or stops a run.
    """

    name: str
    """Unique within its data set and fit for a path, for example ``town_0007/clear``."""
    condition: Condition
    camera: Camera | None
    """Intrinsics of the images as `image` returns them; None where nobody gave any."""
    frame_rate: float | None
    """Images per second."""
    class_names: tuple[str, ...] = ()
    """What the numbers in `classes` mean; empty where there are no classes."""
    in_time: bool = True
    """Whether frames beside each other are neighbours in time; single pictures of a drive are not."""
    style: str | None = None
    """Which look of the built-in world it shows; None for its towns and for all other footage."""
    camera_height: float | None = None
    """Of the lens above the road [m]; None where nobody measured it."""
    watches_motion: bool = False
    """Whether preparation measures how far each image moves to the next: where no speed is known, that tells
    when the camera stands."""
    lengths_from: Literal["speeds", "poses"] | None = None
    """What `distance` is made from; None where it knows none, or that is not told."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def key(self, index: int) -> str:
        """Name of one image relative to its data set, for example ``town_0007/clear/images/000003.png``."""

    @abstractmethod
    def image(self, index: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""

    def is_target(self, index: int) -> bool:
        """Whether the frame is one that training and evaluation are about; the others are neighbours only."""
        return True

    def targets(self) -> list[int]:
        """Numbers of the frames that training and evaluation are about."""
        return [index for index in range(len(self)) if self.is_target(index)]

    def depth(self, index: int) -> np.ndarray | None:
        """Measured depth [m], float32 (H, W), 0 where there is none; None if the frame has no measurement."""
        return None

    def measured(self, index: int) -> Measured | None:
        """The pixels of `depth` that have one: all that evaluation needs of a LiDAR's few points."""
        depth = self.depth(index)
        return None if depth is None else Measured.of(depth)

    def classes(self, index: int) -> np.ndarray | None:
        """Class of each pixel, uint8 (H, W), indices into `class_names`; None where unknown."""
        return None

    @property
    def ego_mask(self) -> np.ndarray | None:
        """bool (H, W): True where images show the vehicle itself; None where nobody says."""
        return None

    def time(self, index: int) -> float | None:
        """When the image was taken [s], from an origin of the clip's own; None if unknown."""
        return None

    def distance(self, index: int, other: int) -> float | None:
        """Metres that the camera moves from frame ``index`` to its neighbour ``other``; None if unknown."""
        return None


class Frame(NamedTuple):
    """One image of a clip, not read yet."""

    clip: Clip
    index: int
    """Position in the clip."""

    @property
    def key(self) -> str:
        """Name of the image in its data set."""
        return self.clip.key(self.index)


def target_frames(footage: Iterable[Clip]) -> list[Frame]:
    """The frames that training and evaluation are about, in order."""
    return [Frame(clip, index) for clip in footage for index in clip.targets()]


def clear_clips(footage: Iterable[Clip]) -> list[Clip]:
    """Those in clear weather by day, in order: what is learnt from and translated."""
    return [clip for clip in footage if clip.condition is Condition.CLEAR]
