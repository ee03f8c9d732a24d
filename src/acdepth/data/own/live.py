"""Cameras and streams as they are now: the newest picture is taken, older ones are dropped."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
from av.error import ExitError, FFmpegError
from av.video.frame import VideoFrame

from acdepth.core.errors import UserError
from acdepth.data.own.video import as_shown

SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt", "tcp", "udp"})
PATIENCE = 10.0
"""Seconds without a picture after which a stream has ended."""
STREAM_OPTIONS = {"rtsp_transport": "tcp", "fflags": "nobuffer", "flags": "low_delay"}
"""Over UDP pictures are torn; what lies in buffers is old."""
WAIT = 0.2
"""Seconds after which is looked whether somebody wants to stop."""


class Shot(NamedTuple):
    """A picture as it came in."""

    stamp: int
    """When [ns since 1970], by this machine's clock."""
    time: float
    """When [s], from the first one."""
    read: Callable[[], np.ndarray]
    """RGB, uint8 (H, W, 3): converted only if it is wanted."""


def is_live(text: str) -> bool:
    """Whether an input is the number of a camera, or the address of a stream."""
    if re.fullmatch(r"\d{1,3}", text):
        return not Path(text).exists()
    return "://" in text and text.partition("://")[0].lower() in SCHEMES


def live_name(text: str) -> str:
    """What results are called: ``camera0``, or host and path of an address, without user and password.

    Raises:
        UserError: if an address cannot be understood.
    """
    if "://" not in text:
        return f"camera{text}"
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise UserError("address of a stream", error, "write such as rtsp://10.0.0.7/stream1") from None
    told = f"{parts.hostname or ''}{re.sub(r'[.][^./]*$', '', parts.path)}"
    return re.sub(r"[^\w.-]+", "_", told).strip("_.") or "stream"


def open_live(text: str) -> "Live":
    """Begin to look at a camera or a stream.

    Raises:
        UserError: if it cannot be opened.
    """
    name = live_name(text)
    return Live(name, _camera(int(text)) if "://" not in text else _stream(text, name))


class Live:
    """The newest picture of what comes in; a thread takes all, so that none waits anywhere.

    Args:
        name: for messages.
        frames: pictures as they come, each with when it is shown [s] if that has to be waited for.
    """

    def __init__(self, name: str, frames: Iterator[tuple[float | None, Callable[[], np.ndarray]]]) -> None:
        self.name, self._frames = name, frames
        self.dropped = 0
        """Pictures that nobody took before the next one came."""
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._newest: Shot | None = None
        self._error: Exception | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._take_all, name=name, daemon=True)
        self._thread.start()

    def newest(self, stopped: threading.Event) -> Shot | None:
        """The newest picture that was not given yet, as soon as there is one; None at the end.

        Args:
            stopped: when it is set, that is the end.

        Raises:
            UserError: if the source failed.
        """
        with self._changed:
            while self._newest is None and not self._ended and not stopped.is_set():
                self._changed.wait(WAIT)
            shot, self._newest = self._newest, None
        if stopped.is_set():
            return None
        if shot is None and self._error is not None:
            raise self._error
        return shot

    def close(self) -> None:
        """Let the source go."""
        self._stopped.set()
        self._thread.join(2 * WAIT)

    def _take_all(self) -> None:
        try:
            with closing(self._frames):  # type: ignore[type-var]
                self._take()
        except Exception as error:  # whoever waits for a picture is told
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _take(self) -> None:
        began = None
        for due, read in self._frames:
            now = time.monotonic()
            began = now if began is None else began
            if due is not None and due > now - began:
                self._stopped.wait(due - (now - began))
            if self._stopped.is_set():
                return
            with self._changed:
                self.dropped += self._newest is not None
                self._newest = Shot(time.time_ns(), time.monotonic() - began, read)
                self._changed.notify_all()


def _camera(number: int) -> Iterator[tuple[None, Callable[[], np.ndarray]]]:
    camera = cv2.VideoCapture(number)
    try:
        if not camera.isOpened():
            remedy = "is it plugged in, and does another program use it?"
            raise UserError(f"camera {number}", "cannot be opened", remedy)
        while True:
            there, pixels = camera.read()
            if not there:
                raise UserError(f"camera {number}", "gives no more pictures", "plug it in again")
            yield None, lambda pixels=pixels: cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    finally:
        camera.release()


def _stream(address: str, name: str) -> Iterator[tuple[float | None, Callable[[], np.ndarray]]]:
    """Frames of an address; a file that a server has comes at its own pace, as a camera's would."""
    try:
        with av.open(address, timeout=PATIENCE, options=STREAM_OPTIONS) as container:
            if not container.streams.video:
                raise UserError(name, "has no pictures", "give the address of a video stream")
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"  # with threads by frame each would hold one back
            is_file, first = container.duration is not None, None
            for frame in container.decode(stream):
                first = frame.time if first is None else first
                due = frame.time - first if is_file and None not in (frame.time, first) else None
                yield due, _reading(frame, stream.sample_aspect_ratio or Fraction(1))
    except ExitError:
        what = f"gives no picture for {PATIENCE:g} seconds"
        raise UserError(name, what, "check its address and the network") from None
    except (FFmpegError, OSError) as error:
        told = error.strerror or type(error).__name__
        raise UserError(
            name, f"the stream cannot be read ({told})", "check its address and the network"
        ) from None


def _reading(frame: VideoFrame, pixel_aspect: Fraction) -> Callable[[], np.ndarray]:
    return lambda: as_shown(frame, pixel_aspect)
