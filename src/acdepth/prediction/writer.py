"""Pictures into an MP4, each at its time, with the sound of where they come from."""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from acdepth.prediction.sound import Sound

WIDEST = 3840
"""Pictures are shrunk to at most this many pixels across, all of a row together; more many players refuse."""
USUAL_FRAME_RATE = 25.0
"""Of a container that names none [1/s]."""
TICK = Fraction(1, 60000)
"""Of time stamps [s] where their source names none: whole for most frame rates."""
FINEST_MPEG4 = 65535
"""Ticks a second that MPEG-4 allows."""
PRESET = {"libx264": {"preset": "veryfast"}}
"""By codec; at the same quality setting half the time of the usual one for half a decibel."""
CODECS = ("libx264", "mpeg4")
"""The first that this build of PyAV has: H.264 plays everywhere, its encoder is not built in everywhere."""


class VideoWriter:
    """Encodes pictures; used in a ``with`` statement.

    Args:
        path: of the MP4.
        frame_rate: of pictures without times [1/s].
        tick: unit in which times are exact [s].
        sound: to be written beside the pictures.
    """

    def __init__(
        self, path: Path, frame_rate: float | None, tick: Fraction | None = None, sound: Sound | None = None
    ) -> None:
        self.container = av.open(str(path), "w", format="mp4")
        self.rate = Fraction(frame_rate or USUAL_FRAME_RATE).limit_denominator(1001)
        self.codec = next(codec for codec in CODECS if codec in av.codecs_available)
        fine = tick and self.codec == "mpeg4" and tick.denominator > FINEST_MPEG4
        self.tick = TICK if tick is None or fine else tick
        self.sound = sound
        self._stream: VideoStream | None = None
        self._last: np.ndarray | None = None
        self._waiting: list[float | None] = []
        """Times of pictures before the first that there is."""
        self._begin = 0.0
        self._next = 0
        """The least time stamp of the next picture [ticks]."""

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if self._stream is not None:
                self.container.mux(self._stream.encode())
                if self.sound:
                    self.sound.write_until(math.inf)
        finally:
            self.container.close()
            if self.sound:
                self.sound.close()

    def write(self, pictures: Sequence[np.ndarray], time: float | None = None) -> None:
        """Append pictures of the same size, uint8 (H, W, 3) RGB, side by side as one.

        Times [s] count from any origin and grow; where they are None pictures follow at the frame rate.
        """
        height, width = pictures[0].shape[:2]
        scale = min(1.0, WIDEST / (len(pictures) * width))
        # Both sides must be even for the usual 4:2:0 colours.
        height, width = (max(2, round(side * scale / 2) * 2) for side in (height, width))
        resized = [cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in pictures]
        self._last = np.hstack(resized)
        waiting, self._waiting = self._waiting, []
        for before in waiting:
            self._encode(self._last, before)
        self._encode(self._last, time)

    def repeat(self, time: float | None = None) -> None:
        """Append the last picture again; where there is none yet, the first that comes."""
        if self._last is None:
            self._waiting.append(time)
        else:
            self._encode(self._last, time)

    def _encode(self, picture: np.ndarray, time: float | None) -> None:
        if self._stream is None:
            self._stream = self._open_stream(*picture.shape[:2])
            self._begin = time or 0.0
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.time_base = self.tick
        frame.pts = self._next if time is None else max(self._next, round((time - self._begin) / self.tick))
        self._next = frame.pts + (round(1 / (self.rate * self.tick)) if time is None else 1)
        self.container.mux(self._stream.encode(frame))
        if self.sound:
            self.sound.write_until(float(frame.pts * self.tick))

    def _open_stream(self, height: int, width: int) -> VideoStream:
        added = self.container.add_stream(self.codec, rate=self.rate, options=PRESET.get(self.codec, {}))
        stream = cast(VideoStream, added)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = self.tick
        stream.codec_context.max_b_frames = (
            0  # stored out of order, they shorten a video that ends in a pause
        )
        if self.sound:
            self.sound.add_to(self.container)
        return stream
