"""Depth of videos: image on the left, colours on the right."""

from collections.abc import Callable
from contextlib import ExitStack
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
from acdepth.core.images import Pixels
from acdepth.core.prediction import DepthPrediction, colour_inverse_depth, nearest_shown
from acdepth.core.stream import in_order, threads_beside
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
PRESET = {"libx264": {"preset": "veryfast"}}
"""By codec; at the same quality setting half the time of the usual one for half a decibel."""
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
    out: Path | None,
    camera: Camera | None = None,
    flip: bool = False,
    on_frame: Callable[[int, np.ndarray, DepthPrediction], object] | None = None,
    on_progress: Callable[[], object] | None = None,
    confidence: bool = False,
) -> LeftOut:
    """Predict every frame and write an MP4 of images and colours side by side, unless ``out`` is None.

    The video's own camera is used where ``camera`` is None. ``on_frame`` gets number, image (H, W, 3) and
    prediction of each that is predicted, with its ``confidence`` where that is asked for; several threads
    call it, in any order. ``on_progress`` is called after every frame.

    Returns:
        What is left out; each such frame repeats the picture before it. Every frame is shown when the video
        shows it, pauses included.

    Raises:
        UnreadableVideo: if more than 1 % of the frames cannot be read, they are not the camera's, or none
            tells metres.
        UserError: if ``out`` cannot be written.
    """
    film = _Film(predictor, video, camera, flip, confidence, on_frame)
    with ExitStack() as stack:
        writer = None
        if out is not None:
            temporary = stack.enter_context(atomic_path(out))
            writer = stack.enter_context(PairWriter(temporary, video.frame_rate))
        colours = SteadyColours()

        def write(shown: Shown) -> None:
            if writer is None:
                return
            if shown.image is None or shown.inverse_depth is None:
                writer.repeat(video.time(shown.index))
            else:
                writer.write(
                    shown.image, colours(shown.inverse_depth, shown.nearest), video.time(shown.index)
                )

        # Frames are decoded, and pairs encoded, one after the other; what lies between is done for several.
        read = in_order(film.read, range(len(video)))
        shown = in_order(film.finish, map(film.ask, read), threads_beside())
        for _ in in_order(write, shown):
            if on_progress:
                on_progress()
        if film.without_metres and len(film.without_metres) + len(film.tally.skipped) == len(video):
            what = f"none of its {len(video)} frames tells metres, such as {film.without_metres[0]}"
            raise UnreadableVideo(video.source.place, what)
    return LeftOut(len(film.tally.skipped), film.without_metres)


class Asked(NamedTuple):
    """A frame to which the network has answered; only the ``index`` of one that is left out."""

    index: int
    image: np.ndarray | None = None
    finish: Callable[[], DepthPrediction] | None = None


class Shown(NamedTuple):
    """A frame as it is shown; only the ``index`` of one that repeats the picture before it."""

    index: int
    image: np.ndarray | None = None
    inverse_depth: np.ndarray | None = None
    nearest: float = 0.0


class _Film:
    """The frames of a video on their way through the network, and which are left out."""

    def __init__(
        self,
        predictor: Predictor,
        video: OwnClip,
        camera: Camera | None,
        flip: bool,
        confidence: bool,
        on_frame: Callable[[int, np.ndarray, DepthPrediction], object] | None,
    ) -> None:
        self.predictor, self.video, self.on_frame = predictor, video, on_frame
        self.given = camera or video.camera, flip, confidence, video.camera_height
        self.tally = ReadTally(total=len(video))
        self.without_metres: list[NoMetres] = []

    def read(self, index: int) -> tuple[int, Pixels | UserError]:
        try:
            return index, self.predictor.read(self.video.image(index))
        except UserError as error:
            return index, error

    def ask(self, read: tuple[int, Pixels | UserError]) -> Asked:
        index, pixels = read
        if isinstance(pixels, UserError):
            try:
                self.tally.skip(pixels)
            except UserError as error:
                raise UnreadableVideo(*error.args) from error
            return Asked(index)
        try:
            [finish] = self.predictor.ask([pixels], *self.given)
        except NoMetres as error:
            self.without_metres.append(NoMetres(f"frame {index}", error))
            return Asked(index)
        except UserError as error:
            raise UnreadableVideo(self.video.source.place, error) from error
        return Asked(index, pixels.array, finish)

    def finish(self, asked: Asked) -> Shown:
        index, image, finish = asked
        if image is None or finish is None:
            return Shown(index)
        try:
            prediction = finish()
        except UserError as error:
            raise UnreadableVideo(self.video.source.place, error) from error
        if self.on_frame:
            self.on_frame(index, image, prediction)
        inverse_depth = prediction.inverse_depth
        return Shown(index, image, inverse_depth, nearest_shown(inverse_depth))


class SteadyColours:
    """Colours inverse depth (H, W) [1/m] of consecutive frames; what is brightest changes only slowly."""

    def __init__(self) -> None:
        self.nearest: float | None = None

    def __call__(self, inverse_depth: np.ndarray, nearest: float) -> np.ndarray:
        """Colours of the next frame, uint8 (H, W, 3) RGB; ``nearest`` is its own `nearest_shown` [1/m]."""
        before = nearest if self.nearest is None else self.nearest
        self.nearest = COLOUR_INERTIA * before + (1 - COLOUR_INERTIA) * nearest
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
        added = self.container.add_stream(codec, rate=self.rate, options=PRESET.get(codec, {}))
        stream = cast(VideoStream, added)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = TICK
        stream.codec_context.max_b_frames = (
            0  # stored out of order, they shorten a video that ends in a pause
        )
        return stream
