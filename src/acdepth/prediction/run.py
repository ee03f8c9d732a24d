"""What ``acdepth predict`` does: one input after the other, and what becomes of an unreadable one."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.prediction import NO_METRES, DepthPrediction
from acdepth.core.progress import Advance, progress, say
from acdepth.core.tally import ReadTally
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.video import whole_video
from acdepth.inference.predictor import Predictor
from acdepth.prediction.collect import Job, collect
from acdepth.prediction.video import UnreadableVideo, predict_video

MANY_IMAGES = 100
"""From here on a folder is footage: up to 1 % may be unreadable, more stops the run. In a smaller folder each
image counts: the readable ones are done, and the run ends with an error."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    camera: Camera | None
    """Of all inputs; None where each has its own or none."""
    fx: float | None
    """Focal length of all inputs [px], where that is all that is known of their camera."""
    flip: bool
    npy: bool
    ply: bool
    frames: bool
    confidence: bool

    def camera_of(self, job: Job, size: tuple[int, ...]) -> Camera | None:
        """The camera of an input whose images have the ``size`` (height, width, ...); needed with fx only."""
        if self.fx is not None:
            return Camera.central(self.fx, size[0], size[1])
        return self.camera or job.camera

    def write(self, target: Path, image: np.ndarray, prediction: DepthPrediction) -> None:
        """Write the files that one prediction becomes."""
        prediction.save_png16(_named(target, "depth.png"))
        prediction.save_colour(_named(target, "colour.png"))
        if self.npy:
            prediction.save_npy(_named(target, "depth.npy"))
        if self.confidence:
            prediction.save_confidence_png(_named(target, "confidence.png"))
        if self.confidence and self.npy:
            prediction.save_confidence_npy(_named(target, "confidence.npy"))
        if self.ply:
            prediction.save_ply(_named(target, "points.ply"), image)


def run_all(inputs: tuple[Path, ...], out: Path, load: Callable[[], Predictor], options: Options) -> None:
    """Predict all inputs, after they were found and the options checked.

    Raises:
        UserError: at the end, if an input could not be predicted; see `MANY_IMAGES` for what is let pass.
    """
    jobs = collect(inputs, out)
    _check(options, jobs, out)
    predictor = load()
    _say_scale(predictor, options, jobs)
    run = Run(predictor, options, jobs)
    run.all()
    if run.failed and len(jobs) == 1:
        raise run.failed[0]
    say(f"predicted {run.done} of {len(jobs)}, results in {out}")
    if run.failed:
        what = f"{len(run.failed)} of {len(jobs)} could not be predicted, first {run.failed[0]}"
        raise UserError(None, what)


class Run:
    """One run, and what has become of it."""

    def __init__(self, predictor: Predictor, options: Options, jobs: list[Job]) -> None:
        self.predictor, self.options, self.jobs = predictor, options, jobs
        self.done = 0
        self.failed: list[UserError] = []
        """Errors that the run ends with."""
        sizes = Counter(job.folder for job in jobs if job.folder and not job.is_video)
        self._says_ratio = options.fx is not None and predictor.rescales()
        """Until it is said, once: the ratio of a focal length alone needs the size of an image."""
        self._tallies = {folder: ReadTally(n, say) for folder, n in sizes.items() if n >= MANY_IMAGES}

    def all(self) -> None:
        """Do the jobs in order; an unreadable one does not stop the others.

        Raises:
            UserError: if more than 1 % of a large folder is unreadable, or results cannot be written.
        """
        videos = {job: video for job in self.jobs if job.is_video and (video := self._open(job)) is not None}
        total = sum(map(len, videos.values())) + sum(not job.is_video for job in self.jobs)
        with progress("predict", total, unit="image") as advance:
            for job in self.jobs:
                if job in videos:
                    self._video(job, videos[job], advance)
                elif not job.is_video:
                    self._image(job, advance)

    def _open(self, job: Job) -> OwnClip | None:
        try:
            return whole_video(job.source)
        except UserError as error:
            self._fail(job, error)
            return None

    def _image(self, job: Job, advance: Advance) -> None:
        try:
            image = read_image(job.source)
            prediction = self._predict(job, image)
        except UserError as error:
            self._fail(job, error)
            return
        self.options.write(job.target, image, prediction)
        self.done += 1
        advance()

    def _predict(self, job: Job, image: np.ndarray) -> DepthPrediction:
        try:
            camera = self._camera(job, image.shape)
            return self.predictor(image, camera, self.options.flip, self.options.confidence)
        except UserError as error:
            raise UserError(job.source, error) from error

    def _video(self, job: Job, video: OwnClip, advance: Advance) -> None:
        out, flip, sure = _named(job.target, "colour.mp4"), self.options.flip, self.options.confidence
        on_frame = partial(self._frame, job) if self.options.frames else None
        try:
            camera = self._camera_of_video(job, video)
            skipped = predict_video(self.predictor, video, out, camera, flip, on_frame, advance, sure)
        except UnreadableVideo as error:
            self._fail(job, error)
            return
        if skipped:
            say(f"{job.source}: {skipped} of {len(video)} frames could not be read")
        self.done += 1

    def _camera_of_video(self, job: Job, video: OwnClip) -> Camera | None:
        try:
            return self._camera(job, () if self.options.fx is None else video.image(0).shape)
        except UserError as error:
            raise UnreadableVideo(*error.args) from error

    def _camera(self, job: Job, size: tuple[int, ...]) -> Camera | None:
        camera = self.options.camera_of(job, size)
        if self._says_ratio:
            of_which = "" if len(self.jobs) == 1 else f"{job.source}: "
            say(f"{of_which}{self.predictor.describe_scale(camera)}")
            self._says_ratio = False
        return camera

    def _frame(self, job: Job, number: int, image: np.ndarray, prediction: DepthPrediction) -> None:
        self.options.write(_named(job.target, "frames") / f"{number:06d}", image, prediction)

    def _fail(self, job: Job, error: UserError) -> None:
        tally = self._tallies.get(job.folder) if job.folder and not job.is_video else None
        if tally:
            tally.skip(error)
        else:
            self.failed.append(error)
            if len(self.jobs) > 1:
                say(f"{error} (the others go on)")


def _named(target: Path, ending: str) -> Path:
    return target.with_name(f"{target.name}_{ending}")


def _check(options: Options, jobs: list[Job], out: Path) -> None:
    """Refuse before the work what could only fail after it."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}", "is a file", "give a folder")
    if options.fx is not None and not (math.isfinite(options.fx) and options.fx > 0):
        raise UserError(f"--fx {options.fx:g}", "must be a positive number of pixels")
    if options.fx is not None and options.camera:
        raise UserError(f"--fx {options.fx:g}", "--camera says it already", "give one of the two")
    videos = [job.source for job in jobs if job.is_video]
    if options.frames and not videos:
        raise UserError(None, "--frames is for videos, and there is none among the inputs")
    if (options.npy or options.ply or options.confidence) and videos and not options.frames:
        what = "--npy, --ply and --confidence of a video need --frames, which writes each frame"
        raise UserError(videos[0], what)
    without = [job.source for job in jobs if not (options.fx or options.camera or job.camera)]
    if options.ply and without:
        remedy = "put camera.yaml (fx, fy, cx, cy, width, height) beside it or give --camera"
        raise UserError(without[0], "--ply needs the intrinsics", remedy)


def _say_scale(predictor: Predictor, options: Options, jobs: list[Job]) -> None:
    """Say what the metres mean; where that differs between the inputs, for how many of them."""
    if options.fx is not None and predictor.rescales():
        return  # until the first image tells its size
    answers = Counter(predictor.describe_scale(options.camera or job.camera) for job in jobs)
    for answer, count in answers.items():
        say(answer if len(answers) == 1 else f"{count} of {len(jobs)} inputs: {answer}")
    if not predictor.model.metric:
        say(f"NAME_depth.png: each says what it was multiplied by, in its PNG text {NO_METRES!r}")
