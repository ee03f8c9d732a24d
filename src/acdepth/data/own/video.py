"""A video file as a clip, read forwards without seeking and backwards with."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame

from acdepth.core.errors import UserError
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.folder import cut_at_gaps, describe
from acdepth.data.own.measured import motion_beside
from acdepth.data.own.source import Source
from acdepth.data.own.times import parse_times

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v"})
LONGEST_STEP_FORWARD = 48
"""Frames that are decoded and dropped before seeking becomes cheaper; key frames are often this far apart."""


class VideoSource(Source):
    """Frames of one video stream; use it from one thread or many, it decodes one frame at a time.

    Raises:
        UserError: if the file has no video that can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = self.place = path
        self._pts, unit, self.frame_rate = _frame_times(path)
        self._times = np.array(self._pts) * float(unit)
        self._begin()

    def play_at(self, frame_rate: float) -> None:
        """Frames were taken at this rate [1/s], whatever the file says of showing them."""
        self.frame_rate, self._times = frame_rate, np.arange(len(self)) / frame_rate

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._container: InputContainer | None = None
        self._frames: Iterator[VideoFrame] = iter(())
        self._next = 0

    def __getstate__(self) -> dict[str, Any]:
        """Without the open file, for another process, which opens it again."""
        opened = ("_lock", "_container", "_frames", "_next")
        return {name: value for name, value in vars(self).items() if name not in opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def __len__(self) -> int:
        return len(self._pts)

    def name_of(self, number: int) -> str:
        """The number of the frame, as if it were a file."""
        return f"{number:06d}.png"

    def file_of(self, number: int) -> Path:
        """The video."""
        return self.path

    def times(self) -> np.ndarray:
        """(N,) float64 [s]: when each frame is shown."""
        return self._times

    def began(self) -> float | None:
        """What the container calls its time of creation: when recording began, for most cameras."""
        with suppress(FFmpegError, OSError, ValueError), av.open(str(self.path)) as container:
            told = container.metadata.get("creation_time", "")
            return float(parse_times([told])[0]) if told[:4] > "1980" else None
        return None

    def image(self, number: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        if not 0 <= number < len(self):
            raise IndexError(f"{self.path}: frame {number} of {len(self)}")
        with self._lock:
            return _upright(self._decode(number))

    def close(self) -> None:
        """Let the file go; the next read opens it again."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decode(self, index: int) -> VideoFrame:
        wanted = self._pts[index]
        try:
            self._go_near(index)
            for frame in self._frames:
                if frame.pts is not None and frame.pts >= wanted:
                    self._next = index + 1
                    return frame
        except FFmpegError as error:
            self.close()
            raise UserError(self.path, f"frame {index} cannot be decoded ({error.strerror})") from error
        self.close()
        raise UserError(self.path, f"ends before frame {index}", "copy the file again")

    def _go_near(self, index: int) -> None:
        """Stand before frame ``index``: by decoding on if that is near, else at the key frame before it."""
        if self._container is None:
            self._container = av.open(str(self.path))
            self._container.streams.video[0].thread_type = "AUTO"
            self._next = 0
            self._frames = self._container.decode(video=0)
        if not 0 <= index - self._next <= LONGEST_STEP_FORWARD:
            self._container.seek(self._pts[index], stream=self._container.streams.video[0], backward=True)
            self._frames = self._container.decode(video=0)


def whole_video(path: Path) -> OwnClip:
    """All frames of a video as one clip without motion, whatever gaps it has.

    The camera and the rest are read from ``NAME.camera.yaml`` and so on beside it, or from ``camera.yaml``. A
    frame rate in ``camera.yaml`` says when frames were taken, whatever the video says.

    Raises:
        UserError: if the file has no video that can be decoded, or what stands beside it is not understood.
    """
    source = VideoSource(path)
    return OwnClip(path.stem, path.stem, source, _describe(source))


def open_video(path: Path, name: str, on_warning: Callable[[str], object]) -> list[OwnClip]:
    """A video as clips, cut where its time stamps leave a gap; with the motion that stands beside it.

    Raises:
        UserError: as `whole_video`.
    """
    source = VideoSource(path)
    description = _describe(source)
    motion = motion_beside(source, description, path.parent, path.stem, on_warning)
    return cut_at_gaps(source, name, name, description, motion, on_warning)


def _describe(source: VideoSource) -> Description:
    description = describe(source.path.parent, source.path.stem)
    if description.frame_rate is not None:
        source.play_at(description.frame_rate)
    return replace(description, frame_rate=source.frame_rate).of(source)


def _upright(frame: VideoFrame) -> np.ndarray:
    """The frame as a player shows it: phones store how they were held beside the pixels."""
    quarter_turns = round(frame.rotation / 90)
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns))


def _frame_times(path: Path) -> tuple[list[int], Fraction, float | None]:
    """Time stamps of all frames in the order of showing, their unit [s], and frames per second."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UserError(path, "has no video stream")
            stream = container.streams.video[0]
            rate = float(stream.average_rate) if stream.average_rate else None
            unit = stream.time_base or Fraction(1, 1)
            times = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
    except (FFmpegError, OSError) as error:
        raise UserError(path, f"not readable as a video ({error.strerror})") from error
    if not times:
        raise UserError(path, "holds no frames", "record or copy it again")
    return times, unit, rate
