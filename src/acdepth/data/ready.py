"""Footage that was prepared before: what trainings ask of it is handed to them as it is."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError

if TYPE_CHECKING:
    from acdepth.data.prepared import Prepared

CONDITIONS = tuple(Condition)


class ReadyClip(Clip):
    """A clip out of prepared images, which show the crop, and have the size, that they were prepared with."""

    def __init__(self, prepared: "Prepared", number: int, rows: range) -> None:
        frames, (height, width) = prepared.frames, prepared.image_size
        self.prepared, self.number, self.rows = prepared, number, rows
        self.name, self.frame_rate = frames.clip_name(number), None
        self.condition = CONDITIONS[frames.clip_condition[number]]
        fx, fy, cx, cy = frames.clip_intrinsics[number].tolist()
        self.camera = None if np.isnan(fx) else Camera(fx, fy, cx, cy, width, height)
        above = float(frames.clip_camera_height[number])
        self.camera_height = None if np.isnan(above) else above

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int) -> str:
        """As in the footage it was prepared from."""
        return self.prepared.frames.key(self.rows[index])

    def image(self, index: int) -> np.ndarray:
        """The prepared image."""
        return self.prepared.image(self.rows[index], mirror=False)

    def is_target(self, index: int) -> bool:
        """As the footage said."""
        return bool(self.prepared.frames.target[self.rows[index]])

    @property
    def ego_mask(self) -> np.ndarray | None:
        """At the size of the prepared images."""
        counted = self.prepared.frames.counted(self.rows[0])
        return None if counted is None else ~counted

    def distance(self, index: int, other: int) -> float | None:
        """Between neighbours, as the footage said."""
        frames, row = self.prepared.frames, self.rows[index]
        if abs(other - index) != 1:
            return None
        metres = float((frames.distance_to_next if other > index else frames.distance_to_previous)[row])
        return None if np.isnan(metres) else metres


def ready_clips(prepared: "Prepared") -> list[ReadyClip]:
    """All clips of prepared images, in order."""
    frames = prepared.frames
    bounds = np.searchsorted(frames.clip, np.arange(len(frames.clip_condition) + 1)).tolist()
    rows = map(range, bounds, bounds[1:])
    return [ReadyClip(prepared, number, some) for number, some in enumerate(rows) if some]


def ready_footage(
    clips: Collection[Clip], image_size: tuple[int, int], crop: Crop | None, resize: Resize
) -> "Prepared | None":
    """The prepared images that clips are all the clips of; None for other footage.

    Raises:
        UserError: if they are a part of it only, or were prepared otherwise than is asked for.
    """
    found = [clip for clip in clips if isinstance(clip, ReadyClip)]
    if not found:
        return None
    prepared = found[0].prepared
    whole = [(one.number, one.condition) for one in ready_clips(prepared)]
    if len(found) < len(clips) or [(one.number, one.condition) for one in found] != whole:
        what = "was prepared before and is used whole, but a part of it is asked for, or more than it"
        raise UserError(prepared.folder, what, "prepare that part, as with --conditions clear")
    asked = (image_size, crop, resize)
    if (had := (prepared.image_size, prepared.crop, prepared.resize)) != asked:
        what = f"was prepared with {_told(*had)}, but the settings say {_told(*asked)}"
        raise UserError(prepared.folder, what, "prepare it so, or change the settings")
    return prepared


def _told(image_size: tuple[int, int], crop: Crop | None, resize: Resize) -> str:
    part = "the whole image" if crop is None else f"the crop {crop.to_dict()}"
    return f"{image_size[0]}x{image_size[1]} of {part} by {resize}"
