"""A little of each stage, run on a few frames in a folder that does not stay."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from acdepth.core.batches import Tensors
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.hub import hub_model
from acdepth.core.identity import Identity
from acdepth.data.folder import count_targets
from acdepth.data.mix import MixBatches
from acdepth.data.one_camera import training_camera
from acdepth.data.pools import UnpairedBatches, make_pools
from acdepth.data.prepared import Prepared, prepare
from acdepth.data.triplets import TripletBatches
from acdepth.diffusion.model import model_folder
from acdepth.engine import LoopSettings, Task, fit
from acdepth.engine.ahead import BatchSource
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    checkpoint_file,
    load_checkpoint,
    save_checkpoint,
)
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.settings import DepthNetConfig
from acdepth.recipes.learning_config import LearningConfig
from acdepth.student.task import StudentTask
from acdepth.student.training import open_prior
from acdepth.teacher.start import open_start, start_file
from acdepth.teacher.task import TeacherTask
from acdepth.translator import SimulatedWeather, Translator
from acdepth.translator.depth_source import DepthSource, TeacherDepth
from acdepth.translator.diffused import DiffusedWeather
from acdepth.translator.training import make_task, save_untrained
from acdepth.translator.translate import translate

TRANSLATED_IMAGES = 4


@dataclass(frozen=True)
class Timed:
    """What was measured of one piece of work: a step, an image."""

    seconds: float
    gigabytes: float
    """Of a step: what training leaves behind whole, its state. Of an image: its files."""


@dataclass(frozen=True)
class Speeds:
    """What one piece of each stage's work takes."""

    teacher: Timed | None
    """A step; None where no teacher is trained."""
    translation: Timed
    """An image in one condition."""
    student: Timed
    """A step."""
    translator: Timed | None = None
    """A step; None where none is trained."""
    label: Timed | None = None
    """Asking a teacher that is a model of transformers about an image; None where it is none."""


def time_learning(
    config: LearningConfig, footage: Sequence[Clip], steps: int, given: Path | None = None
) -> Speeds:
    """Run a little of each stage on clear footage, of which some frames are used.

    Args:
        config: settings.
        footage: clear.
        steps: of each training; on a machine with a GPU the first ones are slower than the rest.
        given: the teacher; None where one is trained.
    """
    with TemporaryDirectory() as folder:
        timing = Timing(config, footage, Path(folder), steps, given)
        return Speeds(
            None if given else timing.teacher(),
            timing.translation(),
            timing.student(),
            timing.translator() if config.trains_translator else None,
            timing.label(given) if given and hub_model(given) else None,
        )


class _Excerpt(Clip):
    """The first frames of a clip."""

    def __init__(self, source: Clip, length: int) -> None:
        self.source, self.length = source, min(length, len(source))
        self.name, self.condition = source.name, source.condition
        self.camera, self.frame_rate = source.camera, source.frame_rate
        self.camera_height, self.lengths_from = source.camera_height, source.lengths_from

    def __len__(self) -> int:
        return self.length

    def key(self, index: int) -> str:
        return self.source.key(index)

    def image(self, index: int) -> np.ndarray:
        return self.source.image(index)

    def is_target(self, index: int) -> bool:
        return self.source.is_target(index)

    def distance(self, index: int, other: int) -> float | None:
        return self.source.distance(index, other)


class _Watched:
    """Batches that tell when the second one was asked for."""

    def __init__(self, source: BatchSource) -> None:
        self.source, self.since_second = source, 0.0

    def batch(self, step: int) -> Tensors:
        """The batch of one step."""
        if step == 1:
            self.since_second = time.perf_counter()
        return self.source.batch(step)


class Timing:
    """Runs a little of each stage in ``folder``, on a batch of clear footage; trains for ``steps``."""

    def __init__(
        self,
        config: LearningConfig,
        footage: Sequence[Clip],
        folder: Path,
        steps: int,
        given: Path | None = None,
    ) -> None:
        self.config, self.folder, self.steps = config, folder, steps
        self.frames = _excerpts(footage, batch_size(config))
        teacher, out = config.teacher, folder / "prepared"
        self.prepared = prepare(self.frames, out, teacher.image_size, teacher.crop, resize=teacher.resize)
        self.network = _student_network(config, given)

    def teacher(self) -> Timed:
        """One step."""
        config, size = self.config.teacher, self.config.teacher.loop.batch_size
        batches = TripletBatches(self.prepared, size, 0, None)
        start = open_start(config, training_camera(self.prepared)) if start_file(config) else None
        return self._timed("teacher", TeacherTask(config, 0.5, start), config.loop, batches)

    def student(self) -> Timed:
        """One step."""
        config, network = self.config.student, self.network
        prior = open_prior(config, self.config.prior, network)
        # From the first step on, what a long run does from its middle.
        from_the_middle = config.model_copy(update={"consistency_start": 0.0})
        task = StudentTask(from_the_middle, DepthNet(network), DepthNet(network), prior)
        # How fast a condition is learnt does not depend on what it looks like.
        translated: dict[Condition, Prepared] = dict.fromkeys(config.degraded, self.prepared)
        batches = MixBatches(self.prepared, translated, config.mix, config.loop.batch_size, 0, None)
        return self._timed("student", task, config.loop, batches)

    def translator(self) -> Timed:
        """One step; how fast bad weather is learnt does not depend on what it looks like."""
        config = self.config.translator
        assert config is not None
        folder = self.folder / "prepared-translator"
        prepared = prepare(self.frames, folder, config.image_size, config.crop, reach=0, resize=config.resize)
        pool = make_pools([prepared], (Condition.CLEAR,))[Condition.CLEAR]
        pools = dict.fromkeys((Condition.CLEAR, *config.conditions), pool)
        loop = config.loop
        task = make_task(config, model_folder(config.base), self.config.prior)
        batches = UnpairedBatches(pools, loop.batch_size, loop.seed, patch=config.patch)
        return self._timed("translator", task, loop, batches)

    def translation(self) -> Timed:
        """One image in one condition."""
        first = next(clip for clip in self.frames if clip.targets())
        some = _Excerpt(first, first.targets()[:TRANSLATED_IMAGES][-1] + 1)
        images = count_targets([some]) * len(self.config.translated)
        teacher = self.config.teacher
        card = CheckpointCard(network=self.network, input_size=teacher.image_size, crop=teacher.crop)
        weights, out = self.folder / MODEL_FILE, self.folder / "translations"
        save_checkpoint(weights, DepthNet(card.network, initial_depth=15.0), card)
        weather, depth = self._method(weights)
        started = time.perf_counter()
        translate([some], out, weather, depth, self.config.translation())
        seconds = time.perf_counter() - started
        return Timed(seconds / images, size_of(out) / images)

    def label(self, teacher: Path) -> Timed:
        """One image."""
        model, image = open_model(teacher), self.frames[0].image(0)
        started = time.perf_counter()
        model.infer([image], [model.fit(image.shape)])
        return Timed(time.perf_counter() - started, 0.0)

    def _method(self, teacher: Path) -> tuple[Translator, DepthSource | None]:
        """The translator, untrained where it is still to be trained: that takes as long."""
        config = self.config
        if config.method == "simulate":
            depth = TeacherDepth(teacher)
            return SimulatedWeather(config.severity, depth.model.device), depth
        adapters = config.adapters or self.folder / "adapters"
        if config.adapters is None:
            assert config.translator is not None
            save_untrained(config.translator, adapters)
        return DiffusedWeather(adapters), None

    def _timed(self, stage: str, task: Task, loop: LoopSettings, batches: BatchSource) -> Timed:
        """The first step, in which everything is made ready, is not counted."""
        counts = dict.fromkeys(("steps", "log_every", "checkpoint_every"), 1 + self.steps)
        few = loop.model_copy(update={**counts, "trackers": (), "accumulate": 1, "workers": 0})
        name, watched = f"time {stage}", _Watched(batches)
        fit(name, task, lambda rank, processes: watched, few, self.folder / name, Identity())
        seconds = loop.accumulate * (time.perf_counter() - watched.since_second) / self.steps
        return Timed(seconds, size_of(self.folder / name))


def _student_network(config: LearningConfig, given: Path | None) -> DepthNetConfig:
    """That of its teacher, trained or ``given``; one of the student's own under a model of transformers."""
    if given is not None and hub_model(given):
        return config.student.shape.network
    teacher = checkpoint_file(given) if given else start_file(config.teacher)
    return load_checkpoint(teacher)[1].network if teacher else config.teacher.network


def batch_size(config: LearningConfig) -> int:
    """Images of the larger batch."""
    return max(config.teacher.loop.batch_size, config.student.loop.batch_size)


def size_of(folder: Path) -> float:
    """All files in a folder [GB]."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def _excerpts(footage: Sequence[Clip], wanted: int) -> list[Clip]:
    """Enough of the first sequences to fill a batch with different clips."""
    excerpts: list[Clip] = []
    for clip in footage:
        targets = clip.targets()[:wanted]
        if targets:
            excerpts.append(_Excerpt(clip, targets[-1] + 2))
        if count_targets(excerpts) >= wanted:
            break
    return excerpts
