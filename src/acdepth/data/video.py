"""A video file as a clip, read forwards without seeking and backwards with."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.motion import Motion, read_motion
from acdepth.data.sequence_folder import read_frame_rate
from acdepth.data.stored import StoredClip, checked_size, stamp_file

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v"})
LONGEST_STEP_FORWARD = 48
"""Frames that are decoded and dropped before seeking becomes cheaper; key frames are often this far apart."""


class VideoClip(StoredClip):
    """Frames of one video stream; use it from one thread or many, it decodes one frame at a time.

    Camera and motion are read from ``NAME.camera.yaml`` and ``NAME.motion.csv`` beside the file, or from
    ``camera.yaml`` and ``motion.csv``. A frame rate in ``camera.yaml`` overrides the container's.

    Raises:
        UserError: if the file has no video that can be decoded.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name, self.condition = path, name, Condition.CLEAR
        camera_file, motion_file = beside(path, "camera.yaml"), beside(path, "motion.csv")
        self.camera = Camera.read(camera_file) if camera_file else None
        self._times, container_rate = _frame_times(path)
        self.frame_rate = (read_frame_rate(camera_file) if camera_file else None) or container_rate
        self._motion: Motion | None = None
        if motion_file:
            self._motion = read_motion(motion_file, len(self._times), None, self.frame_rate)
        self._begin()

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
        return len(self._times)

    def key(self, index: int) -> str:
        """Name of the video and number of the frame."""
        return f"{self.name}/{index:06d}.png"

    def stamp(self, index: int) -> str:
        """Size and time of last change of the video file."""
        return stamp_file(self.path)

    def stamps(self, indices: Sequence[int]) -> list[str]:
        """The same of all frames."""
        return [stamp_file(self.path)] * len(indices)

    def distance(self, index: int, other: int) -> float | None:
        """Metres between two frames."""
        return None if self._motion is None else self._motion.distance(index, other)

    def image(self, index: int) -> np.ndarray:
        """RGB image, uint8 (H, W, 3)."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path}: frame {index} of {len(self)}")
        with self._lock:
            image = _upright(self._decode(index))
        return checked_size(image, self.camera and self.camera.size, self.path, "its camera.yaml says")

    def close(self) -> None:
        """Let the file go; the next read opens it again."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decode(self, index: int) -> VideoFrame:
        wanted = self._times[index]
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
            self._container.seek(self._times[index], stream=self._container.streams.video[0], backward=True)
            self._frames = self._container.decode(video=0)


def beside(path: Path, kind: str) -> Path | None:
    """``NAME.kind`` beside a video, or ``kind`` in its folder; None if there is neither."""
    candidates = path.with_name(f"{path.stem}.{kind}"), path.with_name(kind)
    return next((one for one in candidates if one.exists()), None)


def _upright(frame: VideoFrame) -> np.ndarray:
    """The frame as a player shows it: phones store how they were held beside the pixels."""
    quarter_turns = round(frame.rotation / 90)
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns))


def _frame_times(path: Path) -> tuple[list[int], float | None]:
    """Time stamps of all frames in the order of showing, and frames per second; decodes nothing."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UserError(path, "has no video stream")
            stream = container.streams.video[0]
            rate = float(stream.average_rate) if stream.average_rate else None
            times = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
    except (FFmpegError, OSError) as error:
        raise UserError(path, f"not readable as a video ({error.strerror})") from error
    if not times:
        raise UserError(path, "holds no frames", "record or copy it again")
    return times, rate
