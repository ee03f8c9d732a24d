"""What a reproduction will cost: counted on the data, timed on a few steps of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.sample import Sequence as Footage
from acdepth.core.shipped import PRIOR, or_shipped
from acdepth.data.clips import ClipBatches
from acdepth.data.folder import count_targets
from acdepth.data.mix import MixBatches
from acdepth.data.prepared import Prepared, needed_positions, prepare
from acdepth.engine import LoopSettings, Task, fit
from acdepth.engine.loop import BatchSource
from acdepth.networks.checkpoint import MODEL_FILE, CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.recipes.method import Method, MethodConfig
from acdepth.student.task import StudentTask
from acdepth.teacher.task import TeacherTask
from acdepth.translator import SimulatedWeather, translate
from acdepth.translator.depth_source import TeacherDepth

TIMED_STEPS = 20
TRANSLATED_IMAGES = 4


@dataclass(frozen=True)
class PlannedStage:
    """One line of the plan."""

    name: str
    work: str
    """In words: steps or images."""
    gigabytes: float
    hours: float


class Excerpt(Footage):
    """The first frames of a sequence."""

    def __init__(self, source: Footage, length: int) -> None:
        self.source, self.length = source, min(length, len(source))
        self.name, self.condition = source.name, source.condition
        self.camera: Camera | None = source.camera
        self.frame_rate = source.frame_rate

    def __len__(self) -> int:
        return self.length

    def key(self, index: int) -> str:
        """As in the source."""
        return self.source.key(index)

    def image(self, index: int) -> np.ndarray:
        """As in the source."""
        return self.source.image(index)

    def is_target(self, index: int) -> bool:
        """As in the source."""
        return self.source.is_target(index)

    def distance(self, index: int, other: int) -> float | None:
        """As in the source."""
        return self.source.distance(index, other)


def plan(method: Method, steps: int = TIMED_STEPS) -> list[PlannedStage]:
    """Count the data and time every kind of work on an excerpt of it, in a temporary folder.

    Args:
        method: what is planned.
        steps: optimiser steps that are timed, of teacher and student each.
    """
    config = method.config
    training, evaluation = method.training_footage(), method.evaluation_footage()
    height, width = config.teacher.image_size
    picture = 3 * height * width / 1e9
    clips = sum(len(needed_positions(sequence, 1)) for sequence in training)
    clear, made, measured = count_targets(training), len(config.translated), count_targets(evaluation)
    with TemporaryDirectory() as folder:
        timing = _Timing(config, _excerpts(training, config), Path(folder), steps)
        teacher, student = timing.teacher(), timing.student()
        seconds, gigabytes = timing.translation()
    stages = [
        _trained("teacher", config.teacher.loop, teacher, clips * picture),
        PlannedStage(
            "translate", f"{clear} x {made} images", clear * made * gigabytes, clear * made * seconds / 3600
        ),
        _trained("student", config.student.loop, student, clear * (1 + made) * picture),
    ]
    if config.control:
        stages.append(_trained("control", config.student.loop, student, clear * picture))
    # A prediction is about a third of a step, which goes forward and back.
    predicted = measured * len(method.weights) * student / config.student.loop.batch_size / 3
    return [*stages, PlannedStage("evaluate", f"{measured} images", 0.0, predicted / 3600)]


def print_plan(stages: Sequence[PlannedStage], title: str, console: Console | None = None) -> None:
    """Stages, disk and hours, with their sums."""
    table = Table("stage", "work", "disk [GB]", "hours", title=title)
    for stage in stages:
        table.add_row(stage.name, stage.work, f"{stage.gigabytes:.2f}", f"{stage.hours:.2f}")
    total = sum(stage.gigabytes for stage in stages), sum(stage.hours for stage in stages)
    table.add_row("all", "", f"{total[0]:.2f}", f"{total[1]:.2f}", style="bold")
    (console or Console()).print(table)


class _Timing:
    """Runs a little of each stage on a few frames."""

    def __init__(self, config: MethodConfig, frames: list[Footage], folder: Path, steps: int) -> None:
        self.config, self.frames, self.folder, self.steps = config, frames, folder, steps
        size, crop = config.teacher.image_size, config.teacher.crop
        self.prepared = prepare(frames, folder / "prepared", size, crop)

    def teacher(self) -> float:
        """Seconds per step."""
        config = self.config.teacher
        task = TeacherTask(config, 0.5)
        return self._timed(
            "teacher", task, config.loop, lambda: ClipBatches(self.prepared, config.loop.batch_size, 0, None)
        )

    def student(self) -> float:
        """Seconds per step."""
        config = self.config.student
        network = self.config.teacher.network
        ranked = config.ordinal_weight > 0
        prior = DepthAnythingPrior.from_pretrained(or_shipped(self.config.prior, PRIOR)) if ranked else None
        # From the first step on, what a long run does from its middle.
        task = StudentTask(
            config.model_copy(update={"consistency_start": 0.0}), DepthNet(network), DepthNet(network), prior
        )

        def batches() -> MixBatches:
            # How fast a condition is learnt does not depend on what it looks like.
            translated: dict[Condition, Prepared] = dict.fromkeys(config.degraded, self.prepared)
            return MixBatches(self.prepared, translated, config.mix, config.loop.batch_size, 0, None)

        return self._timed("student", task, config.loop, batches)

    def translation(self) -> tuple[float, float]:
        """Seconds and gigabytes per image and condition."""
        first = next(sequence for sequence in self.frames if sequence.targets())
        some = Excerpt(first, first.targets()[:TRANSLATED_IMAGES][-1] + 1)
        count = count_targets([some]) * len(self.config.translated)
        card = CheckpointCard(
            network=self.config.teacher.network,
            input_size=self.config.teacher.image_size,
            crop=self.config.teacher.crop,
        )
        weights, out = self.folder / MODEL_FILE, self.folder / "translations"
        save_checkpoint(weights, DepthNet(card.network, initial_depth=15.0), card)
        weather, depth = SimulatedWeather(self.config.severity), TeacherDepth(weights)
        started = time.perf_counter()
        manifest = translate([some], out, weather, depth, self.config.translation())
        seconds = time.perf_counter() - started
        size = sum(entry.file_size for entry in manifest.entries.values())
        return seconds / count, size / count / 1e9

    def _timed(self, stage: str, task: Task, loop: LoopSettings, batches: Callable[[], BatchSource]) -> float:
        few = loop.model_copy(
            update={
                "steps": self.steps,
                "log_every": self.steps,
                "checkpoint_every": self.steps,
                "trackers": (),
            }
        )
        name = f"time {stage}"
        started = time.perf_counter()
        fit(name, task, lambda rank, processes: batches(), few, self.folder / name, "timing")
        return (time.perf_counter() - started) / self.steps


def _trained(name: str, loop: LoopSettings, seconds: float, gigabytes: float) -> PlannedStage:
    work = f"{loop.steps} steps of {loop.batch_size}, {seconds:.2f} s each"
    return PlannedStage(name, work, gigabytes, loop.steps * seconds / 3600)


def _excerpts(training: Sequence[Footage], config: MethodConfig) -> list[Footage]:
    """Enough of the first sequences to fill a batch with different clips."""
    wanted = max(config.teacher.loop.batch_size, config.student.loop.batch_size)
    excerpts: list[Footage] = []
    for sequence in training:
        targets = sequence.targets()[:wanted]
        if targets:
            excerpts.append(Excerpt(sequence, targets[-1] + 2))
        if count_targets(excerpts) >= wanted:
            break
    return excerpts
