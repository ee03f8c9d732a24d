"""A video file as a clip, read forwards without seeking and backwards with."""

import struct
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame

from acdepth.core.errors import UserError
from acdepth.core.images import MOST_PIXELS
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.container import read_track, readable_frames
from acdepth.data.own.folder import cut_at_gaps, describe
from acdepth.data.own.measured import motion_beside
from acdepth.data.own.source import Source
from acdepth.data.own.times import parse_times

LONGEST_STEP_FORWARD = 48
"""Frames that are decoded and dropped before seeking becomes cheaper; key frames are often this far apart."""
STEPS_BACK = (0, 64, 512)
"""Frames before the wanted one that are sought in turn, as some containers find key frames too late."""


class VideoSource(Source):
    """Frames of one video stream; use it from one thread or many, it decodes one frame at a time.

    They come as a player shows them: trimmed, upright, mirrored, with square pixels.

    Raises:
        UserError: if the file has no video that can be decoded, or was cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = self.place = path
        self.track = read_track(path)
        self._times, self.frame_rate = self.track.times, self.track.frame_rate
        self._begin()

    def play_at(self, frame_rate: float) -> None:
        """Frames were taken at this rate [1/s], whatever the file says of showing them."""
        self.frame_rate, self._times = frame_rate, np.arange(len(self)) / frame_rate

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._container: InputContainer | None = None
        self._frames: Iterator[VideoFrame] = iter(())
        self._next = 0
        """The frame that comes next."""
        self._held: VideoFrame | None = None
        """That frame, if it was decoded already: the one asked for before it was missing."""
        self._missing = range(0)
        """Frames that were found missing last, so that a long run of them is looked for once."""

    def __getstate__(self) -> dict[str, Any]:
        """Without the open file, for another process, which opens it again."""
        opened = ("_lock", "_container", "_frames", "_next", "_held")
        return {name: value for name, value in vars(self).items() if name not in opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def __len__(self) -> int:
        return len(self.track.pts)

    def name_of(self, number: int) -> str:
        """The number of the frame, as if it were a file."""
        return f"{number:06d}.png"

    def file_of(self, number: int) -> Path:
        """The video."""
        return self.path

    def times(self) -> np.ndarray:
        """(N,) float64 [s]: when each frame is shown, from 0."""
        return self._times

    def began(self) -> float | None:
        """What the container calls its time of creation: when recording began, for most cameras."""
        with (
            suppress(FFmpegError, OSError, ValueError),
            av.open(str(self.path), metadata_errors="replace") as container,
        ):
            told = container.metadata.get("creation_time", "")
            return float(parse_times([told])[0]) if told[:4] > "1980" else None
        return None

    def image(self, number: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        if not 0 <= number < len(self):
            raise IndexError(f"{self.path}: frame {number} of {len(self)}")
        with self._lock:
            return as_shown(self._decode(number), self.track.pixel_aspect)

    def close(self) -> None:
        """Let the file go; the next read opens it again."""
        if self._container is not None:
            self._container.close()
        self._container = self._held = None

    def _decode(self, number: int) -> VideoFrame:
        try:
            for back in STEPS_BACK if number not in self._missing else ():
                if (frame := self._reach(number, back)) is not None:
                    return frame
        except (FFmpegError, OSError) as error:
            self.close()
            raise UserError(self.path, f"frame {number} cannot be decoded ({error.strerror})") from error
        if self._held is not None and self._next > number:
            self._missing = range(number, self._next)
        raise UserError(self.path, f"frame {number} cannot be decoded", "copy the file again")

    def _reach(self, number: int, back: int) -> VideoFrame | None:
        """Decode up to a frame, from ``back`` frames before it if it is not near; None if it is missing."""
        if back or self._container is None or not 0 <= number - self._next <= LONGEST_STEP_FORWARD:
            self._go_before(number - back)
        elif self._held is not None:
            if number > self._next:
                self._held = None
            else:
                frame, self._held = self._held, None
                self._next += 1
                return frame
        for frame in self._frames:
            found = self._number_of(frame)
            if found is not None and found >= number:
                self._next, self._held = (found + 1, None) if found == number else (found, frame)
                return frame if found == number else None
        self.close()
        return None

    def _go_before(self, number: int) -> None:
        """Stand at the key frame before one, or at the beginning, which some containers cannot seek."""
        if number <= LONGEST_STEP_FORWARD:
            self.close()
        if self._container is None:
            self._container = av.open(str(self.path), metadata_errors="replace")
            decoder = self._container.streams[self.track.stream].codec_context
            decoder.thread_type = "AUTO"
            decoder.options = {"max_pixels": str(MOST_PIXELS)}  # whatever the container said
        if number > LONGEST_STEP_FORWARD:
            stream = self._container.streams[self.track.stream]
            self._container.seek(self.track.pts[number], stream=stream, backward=True)
        self._frames, self._held = readable_frames(self._container, self.track.stream), None

    def _number_of(self, frame: VideoFrame) -> int | None:
        """Which frame it is: the last of those whose time has come."""
        return None if frame.pts is None else bisect_right(self.track.pts, frame.pts) - 1


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
    if source.track.others:
        remedy = f"take out another by: ffmpeg -i {path.name} -map 0:v:1 -c copy OTHER{path.suffix}"
        on_warning(f"{path}: holds {source.track.others + 1} videos, one is read; {remedy}")
    description = _describe(source)
    motion = motion_beside(source, description, path.parent, path.stem, on_warning)
    return cut_at_gaps(source, name, name, description, motion, on_warning)


def _describe(source: VideoSource) -> Description:
    description = describe(source.path.parent, source.path.stem)
    if description.frame_rate is not None:
        source.play_at(description.frame_rate)
    return replace(description, frame_rate=source.frame_rate).of(source)


def as_shown(frame: VideoFrame, pixel_aspect: Fraction = Fraction(1)) -> np.ndarray:
    """RGB, uint8 (H, W, 3), as a player shows it: square pixels, upright, mirrored if the file says so.

    Where pixels are not square the side that is too short is enlarged, so that nothing is lost.
    """
    pixels = frame.to_ndarray(format="rgb24")
    if pixel_aspect != 1:
        height, width = pixels.shape[:2]
        wide, high = max(pixel_aspect, Fraction(1)), max(1 / pixel_aspect, Fraction(1))
        pixels = cv2.resize(
            pixels, (round(width * wide), round(height * high)), interpolation=cv2.INTER_LINEAR
        )
    if (matrix := frame.side_data.get("DISPLAYMATRIX")) is not None:
        pixels = _turned(pixels, struct.unpack("=9i", bytes(matrix)))
    return np.ascontiguousarray(pixels)


def _turned(pixels: np.ndarray, matrix: Sequence[int]) -> np.ndarray:
    """Apply a display matrix, by which a phone says how it was held: x' = a x + c y, y' = b x + d y."""
    a, b, _, c, d = matrix[:5]
    if abs(b) + abs(c) > abs(a) + abs(d):
        pixels, a, d = pixels.transpose(1, 0, 2), c, b
    return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
