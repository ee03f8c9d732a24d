"""Depth of a camera or a stream while it goes on, until it ends or somebody stops it."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path
from acdepth.core.lens import Lens
from acdepth.core.prediction import DepthPrediction, nearest_shown
from acdepth.core.progress import SECONDS_BETWEEN_LINES, say
from acdepth.core.share import ALL
from acdepth.data.own.live import Live, Shot
from acdepth.inference.metric import NoMetres
from acdepth.inference.predictor import Predictor
from acdepth.inference.steady import Steady
from acdepth.prediction.formats import named, write_files
from acdepth.prediction.lenses import Straightened
from acdepth.prediction.options import Options
from acdepth.prediction.recordings import Recordings, recording
from acdepth.prediction.video import SteadyColours
from acdepth.prediction.writer import VideoWriter


def predict_live(predictor: Predictor, live: Live, target: Path, options: Options) -> None:
    """Predict the newest picture, again and again; what came in meanwhile is dropped.

    Ctrl-C ends it as the end of the stream does: files are complete, and hold what was predicted. A second
    one stops at once.

    Args:
        predictor: of depth.
        live: where pictures come from.
        target: path of the results without their endings.
        options: what is written.

    Raises:
        UserError: if nothing came in, the source failed, its pictures changed their size, which is told when
            all is written, or one cannot be predicted.
    """
    failed: UserError | None = None
    with stopped_by_interrupt() as stopped, closing(live), ExitStack() as stack:
        writer = _LiveWriter(target, options, stack)
        session = _Session(predictor, live.name, options, writer)
        try:
            while (shot := live.newest(stopped)) is not None:
                session.predict(shot)
                session.tell(live.dropped)
        except UserError as error:
            failed = error
        if not (writer.number or stopped.is_set()):
            raise failed or session.without_result()
    session.end(live.dropped, target.parent)
    if failed:
        raise failed


@contextmanager
def stopped_by_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one is what Ctrl-C usually is."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    usual = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, usual)


class _Session:
    """What has been predicted so far."""

    def __init__(self, predictor: Predictor, name: str, options: Options, writer: "_LiveWriter") -> None:
        self.predictor, self.name, self.options, self.writer = predictor, name, options, writer
        self.steady = Steady() if options.steady else None
        self.lens: Lens | None = None
        self.without_metres = 0
        self.last_without: NoMetres | None = None
        self._size: tuple[int, int] | None = None
        self._began = self._told = time.monotonic()

    def predict(self, shot: Shot) -> None:
        image = shot.read()
        self._check_size(image.shape[0], image.shape[1])
        lens, options = self.lens, self.options
        straight = lens.straighten(image) if lens else image
        given = lens and lens.straight, options.flip, options.confidence, lens and lens.camera_height
        try:
            prediction = self.predictor(straight, *given)
        except NoMetres as error:
            self.without_metres, self.last_without = self.without_metres + 1, error
            return
        if self.steady:
            prediction = self.steady(straight, prediction, shot.time)
        self.writer.add(shot, straight, prediction, lens)

    def _check_size(self, height: int, width: int) -> None:
        if self._size is None:
            self.lens, self._size = self.options.lens_of(None, (height, width)), (height, width)
            say(f"{self.name}: {width}x{height} pixels; Ctrl-C ends it")
            say(self.predictor.describe_scale(self.lens and self.lens.straight))
        elif self._size != (height, width):
            what = f"its pictures changed from {self._size[1]}x{self._size[0]} to {width}x{height} pixels"
            raise UserError(self.name, what, "start again")

    def without_result(self) -> UserError:
        """Why nothing was written."""
        if self.last_without is not None:
            what = f"none of its {self.without_metres} pictures tells metres, such as the last"
            return UserError(self.name, f"{what}: {self.last_without.what}", self.last_without.remedy)
        return UserError(self.name, "gave no picture", "check its address and the network")

    def tell(self, dropped: int) -> None:
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            say(self._counts(dropped))

    def end(self, dropped: int, out: Path) -> None:
        say(f"{self._counts(dropped)}, results in {out}")
        if self.without_metres:
            say(f"{self.without_metres} pictures tell no metres and are left out")

    def _counts(self, dropped: int) -> str:
        number = self.writer.number
        rate = number / max(time.monotonic() - self._began, 1e-9)
        return f"predicted {number} of {number + dropped} pictures, {rate:.1f} a second, the others dropped"


class _LiveWriter:
    """The files of a session, open as long as the ``stack`` is."""

    def __init__(self, target: Path, options: Options, stack: ExitStack) -> None:
        self.target, self.options, self._stack = target, options, stack
        self.number = 0
        """Pictures written."""
        self._straightened, self._colours = Straightened(), SteadyColours()
        self._film: VideoWriter | None = None
        self._recordings: Recordings | None = None

    def add(self, shot: Shot, image: np.ndarray, prediction: DepthPrediction, lens: Lens | None) -> None:
        if not self.number:
            self._open(lens)
        frame = named(self.target, "frames") / f"{self.number:06d}"
        if formats := self.options.of_frames():
            write_files(frame, image, prediction, formats, self.options)
            self._straightened.write(frame, image, lens)
        if self._film:
            inverse_depth = prediction.inverse_depth
            coloured = self._colours(inverse_depth, nearest_shown(inverse_depth))
            self._film.write([coloured] if self.options.depth_alone else [image, coloured], shot.time)
        if self._recordings:
            self._recordings.add(shot.stamp, image, prediction)
        self.number += 1

    def _open(self, lens: Lens | None) -> None:
        """Open the files that hold all pictures, now that there is one."""
        if lens:
            self._straightened.tell(lens)
        if self.options.films():
            path = self._stack.enter_context(atomic_path(named(self.target, "colour.mp4")))
            self._film = self._stack.enter_context(VideoWriter(path, None))
        if self.options.over_time:
            self._recordings = self._stack.enter_context(recording(self.target, self.options))
        self._stack.callback(self._straightened.write_cameras, [], ALL)
