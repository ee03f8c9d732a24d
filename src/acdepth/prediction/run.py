"""What ``acdepth predict`` does: one input after the other, and what becomes of an unreadable one."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import LONG_DEAD, remove_half_made
from acdepth.core.images import Pixels
from acdepth.core.lens import Lens
from acdepth.core.prediction import NO_METRES, DepthPrediction
from acdepth.core.progress import Advance, progress, say
from acdepth.core.share import ALL, Share
from acdepth.core.stream import in_order, threads_beside
from acdepth.core.tally import ReadTally
from acdepth.data.own.bag import BagSource, whole_bag
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.live import is_live, live_name, open_live
from acdepth.data.own.recording import is_bag
from acdepth.data.own.video import whole_video
from acdepth.inference.metric import NoMetres
from acdepth.inference.predictor import MARGIN, Predictor
from acdepth.prediction.collect import Job, collect
from acdepth.prediction.formats import named, write_files
from acdepth.prediction.lenses import Straightened
from acdepth.prediction.live import predict_live
from acdepth.prediction.options import NEED_CAMERA, OF_POINTS, Format, Options
from acdepth.prediction.recordings import (
    FolderRecordings,
    Recordings,
    check_installed,
    recording,
    stamps_of,
)
from acdepth.prediction.video import UnreadableVideo, predict_video

MANY_IMAGES = 100
"""From here on a folder is footage: up to 1 % may be unreadable, more stops the run. In a smaller folder each
image counts: the readable ones are done, and the run ends with an error."""
MOST_ANSWERS = 5
"""Photographs by a zoom lens have a focal length each; no more are told."""


def run_all(
    inputs: Sequence[Path | str],
    out: Path,
    load: Callable[[], Predictor],
    options: Options,
    share: Share = ALL,
) -> None:
    """Predict all inputs, after they were found and the options checked; of several processes each its part.

    Raises:
        UserError: at the end, if an input could not be predicted; see `MANY_IMAGES` for what is let pass.
    """
    _check(options, out)
    if share.leads:
        remove_half_made(out, LONG_DEAD)  # others may write there too, so nobody holds a lock
    if live := [str(one) for one in inputs if is_live(str(one))]:
        _check_live(options, live, len(inputs), share)
        predictor = load()
        options.check_confidence(predictor)
        predict_live(predictor, open_live(live[0]), out / live_name(live[0]), options)
        return
    jobs = collect(inputs, out)
    _check_jobs(options, jobs, share)
    predictor = load()
    options.check_confidence(predictor)
    if share.leads:
        _say_scale(predictor, options, jobs)
    run = Run(predictor, options, jobs, share)
    run.all()
    run.gather()
    if not share.leads:
        return
    if len(jobs) == 1 and (errors := run.failed + run.without_metres):
        raise errors[0]
    say(f"predicted {run.done} of {len(jobs)}, results in {out}")
    if run.without_metres:
        left_out = f"{len(run.without_metres)} of {len(jobs)} tell no metres and are left out"
        say(f"{left_out}, first {run.without_metres[0]}")
    if run.failed:
        what = f"{len(run.failed)} of {len(jobs)} could not be predicted, first {run.failed[0]}"
        raise UserError(None, what)
    if not run.done:
        raise UserError(None, f"none of {len(jobs)} tells metres", "does the camera look along a road?")


class Read(NamedTuple):
    """An image of which the network is to be asked."""

    job: Job
    pixels: Pixels
    """Straight."""
    lens: Lens | None
    """That took it."""


class Unread(NamedTuple):
    """An image that cannot be read, or is not its lens'."""

    job: Job
    error: UserError


class Asked(NamedTuple):
    """An image to which the network has answered."""

    job: Job
    pixels: Pixels
    lens: Lens | None
    finish: Callable[[], DepthPrediction]


class Run:
    """One run, and what has become of it."""

    def __init__(self, predictor: Predictor, options: Options, jobs: list[Job], share: Share = ALL) -> None:
        self.predictor, self.options, self.jobs, self.share = predictor, options, jobs, share
        self.done = 0
        self.failed: list[UserError] = []
        """Errors that the run ends with."""
        self.without_metres: list[UserError] = []
        """Why images are left out."""
        sizes = Counter(job.folder for job in jobs if job.folder and not job.is_video)
        self._says_ratio = share.leads and options.needs_size and predictor.rescales()
        """Until it is said, once: the ratio of a focal length alone needs the size of an image."""
        self.straightened = Straightened()
        self._folders = FolderRecordings(options, jobs)
        self._tallies = {folder: ReadTally(n, say) for folder, n in sizes.items() if n >= MANY_IMAGES}

    def all(self) -> None:
        """Do this process's jobs in order; an unreadable one does not stop the others.

        Raises:
            UserError: if more than 1 % of a large folder is unreadable, or results cannot be written.
        """
        own = self.share.part(self.jobs)
        videos = {job: video for job in own if job.is_video and (video := self._open(job)) is not None}
        total = sum(map(len, videos.values())) + sum(not job.is_video for job in own)
        with self._folders, progress(self.share.title("predict"), total, unit="image") as advance:
            for are_videos, jobs in groupby(own, lambda job: job.is_video):
                if not are_videos:
                    self._images(jobs, advance)
                    continue
                for job in jobs:
                    if job in videos:
                        self._video(job, videos[job], advance)

    def gather(self) -> None:
        """Add what has become of the jobs of other processes, once all are done.

        Raises:
            UserError: if more than 1 % of a large folder is unreadable.
        """
        for tally in self._tallies.values():
            tally.gather(self.share)
        self.straightened.write_cameras([job.target for job in self.jobs], self.share)
        told = self.share.gather((self.done, self.failed, self.without_metres))
        self.done = sum(done for done, _, _ in told)
        self.failed = [error for _, failed, _ in told for error in failed]
        self.without_metres = [error for *_, without in told for error in without]

    def _open(self, job: Job) -> OwnClip | None:
        try:
            return whole_bag(job.source) if is_bag(job.source) else whole_video(job.source)
        except UserError as error:
            self._fail(job, error)
            return None

    def _images(self, jobs: Iterable[Job], advance: Advance) -> None:
        """Read, ask the network and write, each beside the others; what is said comes in order."""
        read = in_order(self._read, jobs, threads_beside())
        asked = (asked for one in read if (asked := self._ask(one, advance)) is not None)
        for job, error in in_order(self._finish, asked, threads_beside()):
            if error:
                self._fail(job, error)
                continue
            self.done += 1
            advance()

    def _read(self, job: Job) -> Read | Unread:
        lens = self.options.lens or job.lens
        try:
            needs_whole = any(map(self.options.wants, OF_POINTS)) or not (lens is None or lens.is_straight)
            pixels = self.predictor.read(job.source, math.inf if needs_whole else MARGIN)
        except UserError as error:
            return Unread(job, error)
        try:
            lens = self.options.lens_of(job.lens, pixels.size)
            straight = lens.straighten(pixels.array) if lens and not lens.is_straight else pixels.array
            return Read(job, pixels._replace(array=straight), lens)
        except UserError as error:
            return Unread(job, UserError(job.source, error))

    def _ask(self, read: Read | Unread, advance: Advance) -> Asked | None:
        """What is left to do once the network has answered; None where it does not."""
        if isinstance(read, Unread):
            self._fail(read.job, read.error)
            return None
        job, pixels, lens = read
        self._tell(job, lens)
        camera = lens and lens.straight
        given = camera, self.options.flip, self.options.confidence, lens and lens.camera_height
        try:
            [finish] = self.predictor.ask([pixels], *given)
        except NoMetres as error:
            self.without_metres.append(NoMetres(job.source, error))
            advance()
            return None
        except UserError as error:
            self._fail(job, UserError(job.source, error))
            return None
        return Asked(job, pixels, lens, finish)

    def _finish(self, asked: Asked) -> tuple[Job, UserError | None]:
        job, pixels, lens, finish = asked
        try:
            prediction = finish()
        except UserError as error:
            return job, UserError(job.source, error)
        self._write(job.target, pixels.array, prediction, lens, self.options.of_pictures())
        self._folders.add(job, pixels.array, prediction)
        return job, None

    def _video(self, job: Job, video: OwnClip, advance: Advance) -> None:
        options = self.options
        out = named(job.target, "colour.mp4") if options.films() else None
        source = video.source
        frame = source.frame if isinstance(source, BagSource) else ""
        try:
            video = self._through_its_lens(job, video)
            self._tell(job, video.lens)
            with recording(job.target, options, frame) as recorded:
                on_frame = partial(self._frame, job, video.lens, recorded, stamps_of(video))
                asked = (
                    options.flip,
                    on_frame,
                    advance,
                    options.confidence,
                    options.steady,
                    options.depth_alone,
                )
                left_out = predict_video(self.predictor, video, out, None, *asked)
        except UnreadableVideo as error:
            self._fail(job, error)
            return
        if left_out.unreadable:
            say(f"{job.source}: {left_out.unreadable} of {len(video)} frames could not be read")
        if some := left_out.without_metres:
            said = f"{len(some)} of {len(video)} frames tell no metres and show the picture before"
            say(f"{job.source}: {said}, first {some[0]}")
        self.done += 1

    def _through_its_lens(self, job: Job, video: OwnClip) -> OwnClip:
        """The video with the lens that was said, or that of the camera file that holds for it."""
        try:
            return video.through(self.options.lens_of(job.lens, video.source.size()))
        except UserError as error:
            raise UnreadableVideo(job.source, error) from error

    def _tell(self, job: Job, lens: Lens | None) -> None:
        """Say once what holds for the lens of an input."""
        if self._says_ratio:
            of_which = "" if len(self.jobs) == 1 else f"{job.source}: "
            say(f"{of_which}{_scale(self.predictor, lens)}")
            self._says_ratio = False
        if lens:
            self.straightened.tell(lens)

    def _frame(
        self,
        job: Job,
        lens: Lens | None,
        recorded: Recordings,
        stamps: np.ndarray,
        number: int,
        image: np.ndarray,
        prediction: DepthPrediction,
    ) -> None:
        if formats := self.options.of_frames():
            target = named(job.target, "frames") / f"{number:06d}"
            self._write(target, image, prediction, lens, formats)
        recorded.add(int(stamps[number]), image, prediction)

    def _write(
        self,
        target: Path,
        image: np.ndarray,
        prediction: DepthPrediction,
        lens: Lens | None,
        formats: tuple[Format, ...],
    ) -> None:
        write_files(target, image, prediction, formats, self.options)
        self.straightened.write(target, image, lens)

    def _fail(self, job: Job, error: UserError) -> None:
        tally = self._tallies.get(job.folder) if job.folder and not job.is_video else None
        if tally:
            tally.skip(error)
        else:
            self.failed.append(error)
            if len(self.jobs) > 1:
                say(f"{error} (the others go on)")


def _check(options: Options, out: Path) -> None:
    """Refuse before the work what could only fail after it."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}", "is a file", "give a folder")
    options.check()
    check_installed(options)


def _check_live(options: Options, live: list[str], inputs: int, share: Share) -> None:
    if inputs > 1 or share.count > 1:
        raise UserError(live_name(live[0]), "is live, and predicted alone", "start a process for each")
    if not options.tells_lens:
        _refuse_points(options, live_name(live[0]))


def _check_jobs(options: Options, jobs: list[Job], share: Share) -> None:
    if share.count > 1 and options.over_time:
        told = f"--to {options.over_time[0]}"
        raise UserError(told, "is one file of many pictures", "run it in one process")
    if options.depth_alone and not any(job.is_video for job in jobs):
        raise UserError(None, "--depth-alone is for videos, and there is none among the inputs")
    without = [job.source for job in jobs if not (options.tells_lens or job.lens)]
    if without:
        _refuse_points(options, without[0])


def _refuse_points(options: Options, where: Path | str) -> None:
    """Raise if formats are wanted that need the camera, which is not known."""
    if wanted := [one for one in NEED_CAMERA if options.wants(one)]:
        remedy = "put camera.yaml (fx, fy, cx, cy, width, height) beside it or give --camera or --fov"
        raise UserError(where, f"--to {','.join(wanted)} needs the intrinsics", remedy)


def _say_scale(predictor: Predictor, options: Options, jobs: list[Job]) -> None:
    """Say what the metres mean; where that differs between the inputs, for how many of them."""
    if options.needs_size and predictor.rescales():
        return  # until the first image tells its size
    answers = Counter(_scale(predictor, options.lens or job.lens) for job in jobs)
    for answer, count in answers.most_common(MOST_ANSWERS):
        say(answer if len(answers) == 1 else f"{count} of {len(jobs)} inputs: {answer}")
    if len(answers) > MOST_ANSWERS:
        say(f"and {len(answers) - MOST_ANSWERS} more kinds of lenses")
    if not predictor.model.metric:
        say(f"NAME_depth.png: each says what it was multiplied by, in its PNG text {NO_METRES!r}")


def _scale(predictor: Predictor, lens: Lens | None) -> str:
    """One line that says what metres mean of pictures by a lens; a guess is said to be one."""
    said = predictor.describe_scale(lens and lens.straight)
    if lens is None or not lens.guessed:
        return said
    metres = ", and so do these metres" if predictor.rescales() else ""
    return f"{said}; the focal length comes from {lens.source}{metres}"
