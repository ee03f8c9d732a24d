"""A bag as a clip: images, camera and motion from topics."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.data.own.cameras import find_camera_file
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.folder import cut_at_gaps, describe
from acdepth.data.own.measured import join, motion_beside, motion_file
from acdepth.data.own.messages import (
    CAMERA_INFO,
    lens_of,
    picture,
    track_of,
)
from acdepth.data.own.recording import Recording
from acdepth.data.own.source import Source
from acdepth.data.own.topics import (
    beside,
    camera_topic,
    first,
    image_topic,
    is_rectified,
    motion_topic,
    tell_camera,
)
from acdepth.data.stored import stamp_file

NEAR = 8
"""Images that are read and dropped before it becomes cheaper to look for one in the bag's index."""
AFRESH = -NEAR - 1
"""The next place that reading on would give, where it would give none."""


@dataclass
class _Listed:
    """What one pass over a bag found of a topic."""

    received: list[int] = field(default_factory=list)
    """[ns]"""
    stamps: list[int] = field(default_factory=list)
    """[ns]; 0 where a message says nothing."""
    messages: list[Any] = field(default_factory=list)
    """Those of cameras and motion; of images they are not kept."""

    def times(self) -> np.ndarray:
        """(N,) int64 [ns]: stamps, or, where most are missing, when messages were received.

        A single 0 is a stamp: clocks of simulators begin there.
        """
        missing = self.stamps.count(0)
        stamped = missing <= 1 < len(self.stamps) or 2 * missing < len(self.stamps)
        return np.array(self.stamps if stamped else self.received, np.int64)


class BagSource(Source):
    """Images of one topic, in the order in which they were taken; reads one at a time, from any thread.

    Args:
        path: of the bag.
        topic: of the images.
        received: (N,) [ns]: when each was written to the bag, in that order.
        taken: (N,) [ns]: when each was taken, in the same order.
        frame: what ROS calls the camera's coordinates.
    """

    def __init__(
        self, path: Path, topic: str, received: np.ndarray, taken: np.ndarray, frame: str = ""
    ) -> None:
        self.path = self.place = path
        self.topic, self.frame, self._received = topic, frame, received
        taken, self._order = np.unique(taken, return_index=True)
        self._taken, self._times = taken, taken / 1e9
        self.frame_rate = 1e9 / float(np.median(np.diff(taken))) if len(taken) > 1 else None
        with Recording(path) as recording:
            self._files = recording.files
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._recording: Recording | None = None
        self._messages: Iterator[tuple[int, tuple[str, int, bytes]]] = iter(())
        self._next = AFRESH

    def __getstate__(self) -> dict[str, Any]:
        """Without the open bag, for another process, which opens it again."""
        opened = ("_lock", "_recording", "_messages", "_next")
        return {name: value for name, value in vars(self).items() if name not in opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def __len__(self) -> int:
        return len(self._order)

    def name_of(self, number: int) -> str:
        """The number of the image, as if it were a file."""
        return f"{number:06d}.png"

    def file_of(self, number: int) -> Path:
        """The bag."""
        return self.path

    def place_of(self, number: int) -> str:
        """The bag, the image's number and its topic."""
        return f"{self.path}, image {number} of {self.topic}"

    def stamps(self, numbers: Sequence[int]) -> list[str]:
        """Those of all files of the bag, as nobody knows in which one an image is."""
        return [" ".join(map(stamp_file, self._files))] * len(numbers)

    def times(self) -> np.ndarray:
        """(N,) float64 [s] since 1970: when each was taken."""
        return self._times

    def nanoseconds(self) -> np.ndarray:
        """As the messages say; a float of seconds since 1970 is only good for 240 ns."""
        return self._taken

    def image(self, number: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        if not 0 <= number < len(self):
            raise IndexError(f"{self.path}: image {number} of {len(self)}")
        with self._lock:
            content = self._read(int(self._order[number]))
            assert self._recording is not None
            message = self._recording.message(self.topic, content)
        return picture(message, self.place_of(number))

    def close(self) -> None:
        """Let the bag go; the next read opens it again."""
        if self._recording is not None:
            self._recording.close()
        self._begin()

    def _read(self, place: int) -> bytes:
        """The message at a place in the order of receipt: by reading on if that is near, else by index."""
        self._recording = self._recording or Recording(self.path)
        if not 0 <= place - self._next <= NEAR:
            start = self._received[place]
            following = np.flatnonzero(self._received >= start).tolist()
            self._messages = zip(following, self._recording.raw([self.topic], int(start)), strict=False)
        self._next = AFRESH  # should reading fail
        for found, (_, _, content) in self._messages:
            if found == place:
                self._next = found + 1
                return content
        raise UserError(self.path, f"ends before image {place} of {self.topic}", "copy it again")


def whole_bag(path: Path) -> OwnClip:
    """All images of a bag as one clip without motion, whatever gaps it has.

    Camera, ``sequence.yaml`` and ``mask.png`` are read from the folder that it is, or from beside its file as
    of a video; the camera else from its ``camera_info``.

    Raises:
        UserError: if it is no bag that can be read, or does not say which images are meant.
    """
    source, description, _ = _open(path, logging.getLogger("acdepth").warning, with_motion=False)
    return OwnClip(path.stem, path.stem, source, description)


def open_bag(path: Path, name: str, on_warning: Callable[[str], object]) -> list[OwnClip]:
    """A bag as clips, cut where the times of its images leave a gap.

    Motion is that of a file beside it, see `motion_beside`, else of a topic.

    Raises:
        UserError: as `whole_bag`; if it does not say which motion is meant.
    """
    source, description, listed = _open(path, on_warning, with_motion=True)
    motion = motion_beside(source, description, *beside(path), on_warning)
    if listed is not None:
        kind, topic, found = listed
        track = track_of(kind, found.times() / 1e9, found.messages, f"{path}, {topic}")
        motion = join(track, source, description, on_warning)
    return cut_at_gaps(source, name, name, description, motion, on_warning)


def lens_of_bag(path: Path) -> Lens | None:
    """The lens told beside a bag or in it, without reading its images; None if there is none.

    Raises:
        UserError: as `whole_bag`.
    """
    description = describe(*beside(path))
    if description.lens:
        return description.lens
    with Recording(path) as recording:
        image = image_topic(recording, description)
        topic = camera_topic(recording, description, image)
        if topic is None:
            return None
        return lens_of([first(recording, topic)], is_rectified(image), f"{path}, {topic}")


def has_camera(path: Path) -> bool:
    """Whether a camera stands beside a bag or is told in it.

    Raises:
        UserError: if it cannot be read.
    """
    if find_camera_file(*beside(path)):
        return True
    with Recording(path) as recording:
        return CAMERA_INFO in recording.topics().values()


def _open(
    path: Path, on_warning: Callable[[str], object], with_motion: bool
) -> tuple[BagSource, Description, tuple[str, str, _Listed] | None]:
    """Images, what is known of all, and of motion in the bag the type, the topic and what was found."""
    description = describe(*beside(path))
    with_motion = with_motion and motion_file(*beside(path)) is None
    with Recording(path) as recording:
        image = image_topic(recording, description)
        info = None if description.lens else camera_topic(recording, description, image)
        motion = motion_topic(recording, description) if with_motion else None
        if not (info or description.lens):
            tell_camera(recording, image, on_warning)
        listed = _list(recording, image, [topic for topic in (info, motion) if topic])
        kind = recording.topics()[motion] if motion else ""
        frame = first(recording, image).header.frame_id
    images = listed[image]
    source = BagSource(path, image, np.array(images.received, np.int64), images.times(), frame)
    if twice := len(images.received) - len(source):
        on_warning(f"{path}: {twice} images of {image} have the time of another and are left out")
    if info:
        lens = lens_of(listed[info].messages, is_rectified(image), f"{path}, {info}")
        description = replace(description, lens=lens)
        if lens is None:
            on_warning(f"{path}, {info}: K is all zero, nobody calibrated it; put camera.yaml beside the bag")
    description = replace(description, frame_rate=source.frame_rate).of(source)
    return source, description, (kind, motion, listed[motion]) if motion else None


def _list(recording: Recording, image: str, others: list[str]) -> dict[str, _Listed]:
    """One pass over the bag: when messages were taken, and, but for images, what they say."""
    listed = {topic: _Listed() for topic in (image, *others)}
    for topic, received, content in recording.raw(list(listed)):
        found = listed[topic]
        found.received.append(received)
        found.stamps.append(recording.stamp(content))
        if topic != image:
            found.messages.append(recording.message(topic, content))
    for topic, found in listed.items():
        if len(found.received) != (expected := recording.count(topic)):
            what = f"{len(found.received)} messages of {topic}, its index counts {expected}"
            raise UserError(recording.path, what, "copy it again, or reindex it")
    return listed
