"""What a reproduction will cost: counted on the data, timed on a few steps of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.data.folder import count_targets
from acdepth.data.prepared import needed_positions
from acdepth.engine import LoopSettings
from acdepth.engine.state import KEPT_STATES
from acdepth.evaluation.examples import RANKS
from acdepth.recipes.method_config import MethodConfig
from acdepth.recipes.timing import Timed, Timing

ROW_BYTES, EXAMPLE_BYTES = 800, 12
"""Of a frame and model in ``frames.jsonl``, and of an example's pixel: picture, truth, two depths, report."""


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
    refuse_no_steps(steps)
    with TemporaryDirectory() as folder:
        timing = Timing(config, training, Path(folder), steps)
        teacher, translation, student = timing.teacher(), timing.translation(), timing.student()
        translator = timing.translator() if config.trains_translator else None
    height, width = config.teacher.image_size
    picture = 3 * height * width / 1e9
    clear, made, seen = counts.clear, len(config.translated), len(config.student.degraded)
    stages = [
        _trained("teacher", config.teacher.loop, teacher, counts.triplets * picture),
        *([_translator(config, translator, clear)] if translator else []),
        PlannedStage(
            "translate",
            f"{clear} x {made} images",
            clear * made * translation.gigabytes,
            clear * made * translation.seconds / 3600,
        ),
        _trained("student", config.student.loop, student, clear * (1 + seen) * picture),
    ]
    if config.control:
        stages.append(_trained("control", config.student.loop, student, clear * picture))
    models = 3 if config.control else 2
    return [*stages, _evaluated(counts, models, pixels, student.seconds / config.student.loop.batch_size)]


def refuse_no_steps(steps: int) -> None:
    """Raise `UserError` unless there is something to time."""
    if steps < 1:
        raise UserError(f"--timed-steps {steps}", "must be at least 1")


def print_plan(stages: Sequence[PlannedStage], title: str, console: Console | None = None) -> None:
    """Stages, disk and hours, with their sums."""
    table = Table("stage", "work", "disk [GB]", "hours", title=title)
    for stage in stages:
        table.add_row(stage.name, stage.work, f"{stage.gigabytes:.2f}", f"{stage.hours:.2f}")
    total = sum(stage.gigabytes for stage in stages), sum(stage.hours for stage in stages)
    table.add_row("all", "", f"{total[0]:.2f}", f"{total[1]:.2f}", style="bold")
    (console or Console()).print(table)


def _trained(name: str, loop: LoopSettings, step: Timed, prepared: float) -> PlannedStage:
    """A training; beside the prepared images stay the last states and the weights, a third of a state."""
    states = min(KEPT_STATES, ceil(loop.steps / loop.checkpoint_every))
    return PlannedStage(
        name,
        f"{loop.steps} steps of {loop.batch_size}, {step.seconds:.2f} s each",
        prepared + (states + 1 / 3) * step.gigabytes,
        loop.steps * step.seconds / 3600,
    )


def _translator(config: MethodConfig, step: Timed, clear: int) -> PlannedStage:
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
