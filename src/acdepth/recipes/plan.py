"""What a reproduction will cost: counted on the data or the world's settings, timed on a few steps."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from acdepth.core.clip import Clip, clear_clips
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.folder import count_targets, open_data
from acdepth.data.prepared import needed_positions
from acdepth.engine import LoopSettings
from acdepth.engine.state import KEPT_STATES
from acdepth.evaluation.examples import RANKS
from acdepth.inference.devices import choose_device
from acdepth.recipes.demo import DemoConfig, TownsConfig
from acdepth.recipes.learning_config import LearningConfig
from acdepth.recipes.method_config import MethodConfig
from acdepth.recipes.timing import Speeds, Timed, batch_size, size_of, time_learning
from acdepth.student.asked import room_for
from acdepth.world.export import DriveSettings, write_towns

ROW_BYTES, EXAMPLE_BYTES = 800, 12
"""Of a frame and model in ``frames.jsonl``, and of an example's pixel: picture, truth, two depths, report."""

POSE_ALONE = 0.7
"""Of a teacher's step takes one in which depth does not learn."""


@dataclass(frozen=True)
class PlannedStage:
    """One line of the plan."""

    name: str
    work: str
    """In words: steps or images."""
    gigabytes: float
    hours: float


@dataclass(frozen=True)
class Counts:
    """Images that the stages are about."""

    triplets: int
    """Clear training frames and the frames beside them."""
    clear: int
    """Clear training frames."""
    measured: int
    """Frames of the evaluation, of all conditions."""
    conditions: int
    """Of the evaluation."""


def count_footage(training: Sequence[Clip], evaluation: Sequence[Clip]) -> Counts:
    """Count footage that is there: what is clear to train on, and what is measured on."""
    return Counts(
        triplets=sum(len(needed_positions(clip, 1)) for clip in training),
        clear=count_targets(training),
        measured=count_targets(evaluation),
        conditions=len({clip.condition for clip in evaluation}),
    )


def plan_method(
    config: MethodConfig, training: Sequence[Clip], pixels: int, counts: Counts, steps: int
) -> list[PlannedStage]:
    """Run a little of each stage and multiply.

    Args:
        config: settings.
        training: clear footage of which some frames are used.
        pixels: of an evaluation image.
        counts: of all footage.
        steps: of each training; on a machine with a GPU the first ones are slower than the rest.
    """
    speeds = time_learning(config, training, steps)
    stages = plan_learning(config, speeds, counts)
    models = 3 if config.control else 2
    return [
        *stages,
        _evaluated(counts, models, pixels, speeds.student.seconds / config.student.loop.batch_size),
    ]


def plan_learning(config: LearningConfig, speeds: Speeds, counts: Counts) -> list[PlannedStage]:
    """What teacher, translations and students will cost; a teacher only if it was timed."""
    height, width = config.teacher.image_size
    picture = 3 * height * width / 1e9
    clear, made, seen = counts.clear, len(config.translated), len(config.student.degraded)
    teacher, translator = speeds.teacher, speeds.translator
    kept = room_for(config.student, clear, config.teacher.image_size) / 1e9
    student = _trained("student", config.student.loop, speeds.student, clear * (1 + seen) * picture + kept)
    translation = speeds.translation
    if speeds.label:  # asked for the weather, and once more before the student learns
        asked = speeds.label.seconds
        student = replace(student, hours=student.hours + clear * asked / 3600)
        translation = replace(translation, seconds=translation.seconds + asked / made)
    stages = [
        *([_teacher(config, teacher, counts.triplets * picture)] if teacher else []),
        *([_translator(config, translator, clear)] if translator else []),
        _per_image("translate", f"{clear} x {made} images", clear * made, translation),
        student,
    ]
    if config.control:
        stages.append(_trained("control", config.student.loop, speeds.student, clear * picture + kept))
    return stages


def plan_world(config: DemoConfig, steps: int) -> list[PlannedStage]:
    """Render a few frames, run a little of each stage on them, as `plan_method`, and multiply."""
    if Condition.CLEAR not in config.training.conditions:
        raise UserError("settings", "training.conditions lacks clear, so there is nothing to learn on")
    height, width = config.teacher.image_size
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        training = _render(config, config.training, folder / "training", batch_size(config) + 2)
        shown = [(towns, _render(config, towns, folder / "adverse", 2)) for towns in config.shown_weather()]
        evaluation = _render(config, config.evaluation, folder / "evaluation", 2)
        footage = clear_clips(open_data(folder / "training"))
        stages = plan_method(config, footage, height * width, _counts(config), steps)
    return [
        _rendered("world-training", config, config.training, training),
        *(_rendered("world-adverse", config, towns, frame) for towns, frame in shown),
        _rendered("world-evaluation", config, config.evaluation, evaluation),
        *stages,
    ]


def print_plan(stages: Sequence[PlannedStage], title: str) -> None:
    """Stages, disk and hours, with their sums."""
    table = Table("stage", "work", "disk [GB]", "hours", title=title)
    for stage in stages:
        table.add_row(stage.name, stage.work, f"{stage.gigabytes:.2f}", f"{stage.hours:.2f}")
    total = sum(stage.gigabytes for stage in stages), sum(stage.hours for stage in stages)
    table.add_row("all", "", f"{total[0]:.2f}", f"{total[1]:.2f}", style="bold")
    Console().print(table)


def _trained(name: str, loop: LoopSettings, step: Timed, prepared: float) -> PlannedStage:
    """A training; beside the prepared images stay the last states and the weights, a third of a state."""
    states = min(KEPT_STATES, ceil(loop.steps / loop.checkpoint_every))
    work = f"{loop.steps} steps of {loop.batch_size}, {step.seconds:.2f} s each"
    size = prepared + (states + 1 / 3) * step.gigabytes
    return PlannedStage(name, work, size, loop.steps * step.seconds / 3600)


def _teacher(config: LearningConfig, step: Timed, prepared: float) -> PlannedStage:
    """Steps of the pose network alone take most of the time of one, as depth goes forward still."""
    planned, first = _trained("teacher", config.teacher.loop, step, prepared), config.teacher.pose_first
    work = f"{first} steps of the pose network, {planned.work}" if first else planned.work
    return replace(planned, work=work, hours=planned.hours + POSE_ALONE * first * step.seconds / 3600)


def _per_image(name: str, work: str, images: int, one: Timed, workers: int = 1) -> PlannedStage:
    return PlannedStage(name, work, images * one.gigabytes, images * one.seconds / workers / 3600)


def _translator(config: LearningConfig, step: Timed, clear: int) -> PlannedStage:
    """Its images are all prepared, though it learns on a pool of them; as many adverse ones are assumed."""
    assert config.translator is not None
    height, width = config.translator.image_size
    return _trained("translator", config.translator.loop, step, 2 * clear * 3 * height * width / 1e9)


def _evaluated(counts: Counts, models: int, pixels: int, seconds: float) -> PlannedStage:
    """A prediction is about a third of a training step, which goes forward and back."""
    examples = min(counts.measured, len(RANKS) * counts.conditions)
    size = (counts.measured * models * ROW_BYTES + examples * pixels * EXAMPLE_BYTES) / 1e9
    work = f"{counts.measured} images"
    return PlannedStage("evaluate", work, size, counts.measured * models * seconds / 3 / 3600)


def _counts(config: DemoConfig) -> Counts:
    clear = config.training.count * config.training.frames
    conditions = len(config.evaluation.conditions)
    measured = config.evaluation.count * config.evaluation.frames * conditions
    return Counts(triplets=clear, clear=clear, measured=measured, conditions=conditions)


def _render(config: DemoConfig, towns: TownsConfig, folder: Path, frames: int) -> Timed:
    """One frame in all of the towns' conditions."""
    frames = min(frames, towns.frames)
    started = time.perf_counter()
    settings = DriveSettings(frames, config.teacher.image_size)
    write_towns(folder, towns.seeds[:1], towns.conditions, settings, str(choose_device()))
    return Timed((time.perf_counter() - started) / frames, size_of(folder) / frames)


def _rendered(name: str, config: DemoConfig, towns: TownsConfig, frame: Timed) -> PlannedStage:
    frames = towns.count * towns.frames
    return _per_image(name, f"{frames} x {len(towns.conditions)} images", frames, frame, config.workers)
