"""Depth of videos: the image on the left, colours on the right, or colours alone."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path
from acdepth.core.images import Pixels
from acdepth.core.prediction import DepthPrediction, colour_inverse_depth, nearest_shown
from acdepth.core.stream import in_order, threads_beside
from acdepth.core.tally import ReadTally
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.video import VideoSource
from acdepth.inference.metric import NoMetres
from acdepth.inference.predictor import Predictor
from acdepth.inference.steady import Steady, corrected
from acdepth.prediction.sound import Sound
from acdepth.prediction.writer import VideoWriter

COLOUR_INERTIA = 0.9
"""How much of the brightest distance each frame takes over from the one before: colours do not flicker."""


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
    steady: bool = True,
    alone: bool = False,
) -> LeftOut:
    """Predict every frame and write an MP4 of images and colours side by side, with the video's sound, unless
    ``out`` is None.

    The video's own camera is used where ``camera`` is None. ``on_frame`` gets number, image (H, W, 3) and
    prediction of each that is predicted, with its ``confidence`` where that is asked for; several threads
    call it, in any order. ``on_progress`` is called after every frame. ``steady`` draws depth towards what
    the frames before it said (`Steady`); ``alone`` shows colours without the image.

    Returns:
        What is left out; each such frame repeats the picture before it. Every frame is shown when the video
        shows it, pauses included.

    Raises:
        UnreadableVideo: if more than 1 % of the frames cannot be read, they are not the camera's, or none
            tells metres.
        UserError: if ``out`` cannot be written.
    """
    film = _Film(predictor, video, camera, flip, confidence, on_frame, Steady() if steady else None)
    with ExitStack() as stack:
        writer = None
        if out is not None:
            temporary = stack.enter_context(atomic_path(out))
            writer = stack.enter_context(_writer(temporary, video))
        colours = SteadyColours()

        def write(shown: Shown) -> None:
            if writer is None:
                return
            if shown.image is None or shown.inverse_depth is None:
                writer.repeat(video.time(shown.index))
            else:
                coloured = colours(shown.inverse_depth, shown.nearest)
                pictures = [coloured] if alone else [shown.image, coloured]
                writer.write(pictures, video.time(shown.index))

        # Frames are decoded, steadied and encoded one after the other; what lies between is done for several,
        # by as many threads in all as hold frames elsewhere.
        threads = max(1, threads_beside() // 2)
        read = in_order(film.read, range(len(video)))
        answers = in_order(film.finish, map(film.ask, read), threads)
        shown = in_order(film.show, in_order(film.steady, answers), threads)
        for _ in in_order(write, shown):
            if on_progress:
                on_progress()
        if film.without_metres and len(film.without_metres) + len(film.tally.skipped) == len(video):
            what = f"none of its {len(video)} frames tells metres, such as {film.without_metres[0]}"
            raise UnreadableVideo(video.source.place, what)
    return LeftOut(len(film.tally.skipped), film.without_metres)


def _writer(path: Path, video: OwnClip) -> VideoWriter:
    """For pictures at the times of a video, exact where they are the file's, and then with its sound."""
    source = video.source
    if not isinstance(source, VideoSource):
        return VideoWriter(path, video.frame_rate)
    track = source.track
    sound = Sound(source.path, track.pts[0] * track.unit)
    if np.array_equal(source.times(), track.times):
        return VideoWriter(path, video.frame_rate, track.unit, sound)
    if sound.there:
        told = f"{source.path}: its camera file says other times than its sound has, which is left out"
        logging.getLogger("acdepth").warning(told)
    sound.close()
    return VideoWriter(path, video.frame_rate)


class Asked(NamedTuple):
    """A frame to which the network has answered; only the ``index`` of one that is left out."""

    index: int
    image: np.ndarray | None = None
    finish: Callable[[], DepthPrediction] | None = None


class Answer(NamedTuple):
    """A frame with its depth at full size, and what is to be added to its logarithm."""

    index: int
    image: np.ndarray | None = None
    prediction: DepthPrediction | None = None
    correction: np.ndarray | None = None


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
        steady: Steady | None,
    ) -> None:
        self.predictor, self.video, self.on_frame, self.past = predictor, video, on_frame, steady
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

    def finish(self, asked: Asked) -> Answer:
        index, image, finish = asked
        if image is None or finish is None:
            return Answer(index)
        try:
            return Answer(index, image, finish())
        except UserError as error:
            raise UnreadableVideo(self.video.source.place, error) from error

    def steady(self, answer: Answer) -> Answer:
        index, image, prediction, _ = answer
        if self.past is None or image is None or prediction is None:
            return answer
        return answer._replace(correction=self.past.correction(image, prediction, self.video.time(index)))

    def show(self, answer: Answer) -> Shown:
        index, image, prediction, correction = answer
        if image is None or prediction is None:
            return Shown(index)
        prediction = corrected(prediction, correction)
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
