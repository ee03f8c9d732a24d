"""Depth of videos: image on the left, colours on the right."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path
from acdepth.core.prediction import DepthPrediction, colour_inverse_depth
from acdepth.core.tally import ReadTally
from acdepth.data.own.clip import OwnClip
from acdepth.inference.metric import NoMetres
from acdepth.inference.predictor import Predictor

WIDEST_HALF = 1920
"""Each half is shrunk to at most this many pixels across; wider pairs many players refuse."""
USUAL_FRAME_RATE = 25.0
"""Of a container that names none [1/s]."""
COLOUR_INERTIA = 0.9
"""How much of the brightest distance each frame takes over from the one before: colours do not flicker."""
TICK = Fraction(1, 60000)
"""Of time stamps [s]: whole for every usual frame rate, and the finest that MPEG-4 allows."""
CODECS = ("libx264", "mpeg4")
"""The first that this build of PyAV has: H.264 plays everywhere, its encoder is not built in everywhere."""


class UnreadableVideo(UserError):
    """The video is at fault, not the place where its result should go."""


class LeftOut(NamedTuple):
    """Frames of a video that are not predicted."""

    unreadable: int
    without_metres: list[NoMetres]


def predict_video(
    predictor: Predictor,
    video: OwnClip,
    out: Path,
    camera: Camera | None = None,
    flip: bool = False,
    on_frame: Callable[[int, np.ndarray, DepthPrediction], object] | None = None,
    on_progress: Callable[[], object] | None = None,
    confidence: bool = False,
) -> LeftOut:
    """Predict every frame and write an MP4 of images and colours side by side.

    The video's own camera is used where ``camera`` is None. ``on_frame`` gets number, image (H, W, 3) and
    prediction of each that is predicted, with its ``confidence`` where that is asked for, and
    ``on_progress`` is called after every frame.

    Returns:
        What is left out; each such frame repeats the picture before it. Every frame is shown when the video
        shows it, pauses included.

    Raises:
        UnreadableVideo: if more than 1 % of the frames cannot be read, they are not the camera's, or none
            tells metres.
        UserError: if ``out`` cannot be written.
    """
    tally = ReadTally(total=len(video))
    colours, without_metres = SteadyColours(), list[NoMetres]()
    with atomic_path(out) as temporary, PairWriter(temporary, video.frame_rate) as writer:
        for index in range(len(video)):
            try:
                found = _predict_frame(predictor, video, index, camera, flip, tally, confidence)
            except NoMetres as error:
                without_metres.append(NoMetres(f"frame {index}", error))
                found = None
            except UserError as error:
                raise UnreadableVideo(*error.args) from error
            if found is None:
                writer.repeat(video.time(index))
            else:
                image, prediction = found
                writer.write(image, colours(prediction.inverse_depth), video.time(index))
                if on_frame:
                    on_frame(index, image, prediction)
            if on_progress:
                on_progress()
        if without_metres and len(without_metres) + len(tally.skipped) == len(video):
            what = f"none of its {len(video)} frames tells metres, such as {without_metres[0]}"
            raise UnreadableVideo(video.source.place, what)
    return LeftOut(len(tally.skipped), without_metres)


def _predict_frame(
    predictor: Predictor,
    video: OwnClip,
    index: int,
    camera: Camera | None,
    flip: bool,
    tally: ReadTally,
    confidence: bool,
) -> tuple[np.ndarray, DepthPrediction] | None:
    """Image and prediction; None if the frame is skipped."""
    try:
        image = video.image(index)
    except UserError as error:
        tally.skip(error)
        return None
    try:
        return image, predictor(image, camera or video.camera, flip, confidence, video.camera_height)
    except NoMetres:
        raise
    except UserError as error:
        raise UserError(video.source.place, error) from error


class SteadyColours:
    """Colours inverse depth (H, W) [1/m] of consecutive frames; what is brightest changes only slowly."""

    def __init__(self) -> None:
        self.nearest: float | None = None

    def __call__(self, inverse_depth: np.ndarray) -> np.ndarray:
        """Colours of the next frame, uint8 (H, W, 3) RGB."""
        here = float(np.quantile(inverse_depth, 0.95))
        before = here if self.nearest is None else self.nearest
        self.nearest = COLOUR_INERTIA * before + (1 - COLOUR_INERTIA) * here
        return colour_inverse_depth(inverse_depth, self.nearest)


class PairWriter:
    """Encodes pairs of pictures side by side; used in a ``with`` statement.

    Times [s] count from any origin and grow; where they are None pictures follow at the frame rate.
    """

    def __init__(self, path: Path, frame_rate: float | None) -> None:
        self.container = av.open(str(path), "w", format="mp4")
        self.rate = Fraction(frame_rate or USUAL_FRAME_RATE).limit_denominator(1001)
        self._stream: VideoStream | None = None
        self._last: np.ndarray | None = None
        self._begin = 0.0
        self._next = 0
        """The least time stamp of the next picture [ticks]."""

    def __enter__(self) -> "PairWriter":
        return self

    def __exit__(self, *error: object) -> None:
        if self._stream is not None:
            self.container.mux(self._stream.encode())
        self.container.close()

    def write(self, left: np.ndarray, right: np.ndarray, time: float | None = None) -> None:
        """Append two pictures of the same size, uint8 (H, W, 3) RGB."""
        scale = min(1.0, WIDEST_HALF / left.shape[1])
        # Both sides must be even for the usual 4:2:0 colours.
        height, width = (max(2, round(side * scale / 2) * 2) for side in left.shape[:2])
        halves = [cv2.resize(half, (width, height), interpolation=cv2.INTER_AREA) for half in (left, right)]
        self._last = np.hstack(halves)
        self.repeat(time)

    def repeat(self, time: float | None = None) -> None:
        """Append the last pair again; nothing if there is none yet."""
        if self._last is None:
            return
        if self._stream is None:
            self._stream = self._open_stream(*self._last.shape[:2])
            self._begin = time or 0.0
        frame = av.VideoFrame.from_ndarray(self._last, format="rgb24")
        frame.time_base = TICK
        frame.pts = self._next if time is None else max(self._next, round((time - self._begin) / TICK))
        self._next = frame.pts + (round(1 / (self.rate * TICK)) if time is None else 1)
        self.container.mux(self._stream.encode(frame))

    def _open_stream(self, height: int, width: int) -> VideoStream:
        codec = next(codec for codec in CODECS if codec in av.codecs_available)
        stream = cast(VideoStream, self.container.add_stream(codec, rate=self.rate))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = TICK
        stream.codec_context.max_b_frames = (
            0  # stored out of order, they shorten a video that ends in a pause
        )
        return stream
