"""How much a fit does, and how long that takes here: timed on a little of each stage."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import read_object, write_json
from acdepth.core.identity import Identity
from acdepth.core.progress import in_words
from acdepth.data.folder import count_targets
from acdepth.data.own.choice import limited
from acdepth.networks.settings import SMALLEST_SIDE, STRIDE
from acdepth.recipes.fit.settings import FitConfig, Work
from acdepth.recipes.plan import Counts, PlannedStage, plan_learning
from acdepth.recipes.timing import Speeds, Timed, time_learning

PLAN_FILE = "plan.json"
LOOKS = 400
"""Images of each drive that are decoded to look at it and to find what moves with the camera."""
OF_A_PLACE = 8
"""Predictions of one image that a place costs the label-free check: its frames, mirrored, in other light and
weather, and how the image moves."""
LEAST_FREE = 0.2
"""[GB] of the disk that are left alone."""
PLANNED_PART = 0.9
"""Of the time that there is: what is timed on a few steps is not exact."""


@dataclass(frozen=True)
class Costs:
    """Speeds at one size of the networks' input, and what else takes time."""

    speeds: Speeds
    image_size: tuple[int, int]
    look: float
    """Seconds to look at the footage: half of them to find what moves with the camera."""
    masked: bool = False
    """Whether that half is done."""

    def at(self, image_size: tuple[int, int]) -> "Costs":
        """The same at another size, as if all followed the number of pixels."""
        (height, width), (new_height, new_width) = self.image_size, image_size
        ratio = new_height * new_width / (height * width)

        def scaled(one: Timed) -> Timed:
            return Timed(one.seconds * ratio, one.gigabytes)

        teacher = self.speeds.teacher and scaled(self.speeds.teacher)
        translation, student = scaled(self.speeds.translation), scaled(self.speeds.student)
        speeds = replace(self.speeds, teacher=teacher, translation=translation, student=student)
        return replace(self, speeds=speeds, image_size=image_size)


@dataclass(frozen=True)
class Plan:
    """What is done, and what it is expected to take."""

    work: Work
    stages: list[PlannedStage]
    everything: Work
    """What the settings ask for, where nothing is given up."""

    @property
    def seconds(self) -> dict[str, float]:
        """By stage."""
        return {stage.name: 3600 * stage.hours for stage in self.stages}

    def describe(self, minutes: float | None) -> str:
        """What is done and how long it takes, in a line."""
        asked = "" if minutes is None else f" for {minutes:g} min"
        lost = self.given_up()
        told = f"instead of {', '.join(lost)}" if lost else "all that the settings ask for"
        return f"chosen{asked}: {self.work.describe()} ({told}); about {in_words(_total(self))}"

    def given_up(self) -> list[str]:
        """What the settings ask for and the time is too short for, such as ``600 steps of the teacher``."""
        return self.everything.more_than(self.work)

    def refuse_full_disk(self, out: Path) -> None:
        """Raise `UserError` if the disk has too little room for the rest."""
        there = next(one for one in (out, *out.absolute().parents) if one.exists())
        taken = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) if out.exists() else 0
        needed = sum(stage.gigabytes for stage in self.stages) - taken / 1e9
        free = shutil.disk_usage(there).free / 1e9 - LEAST_FREE
        if needed > free:
            what = f"about {needed:.1f} GB are needed, {max(free, 0):.1f} GB are free"
            raise UserError(out, what, "free some space, choose another --out, or give fewer --frames")


def measure(config: FitConfig, footage: Sequence[Clip], given: Path | None) -> Costs:
    """Time a little of each stage on this machine, of the teacher's only where none is ``given``."""
    speeds = time_learning(config, footage, config.timed_steps, given)
    drives = len({id(getattr(clip, "source", clip)) for clip in footage})
    # Decoding an image is no more than a part of translating it.
    return Costs(speeds, config.teacher.image_size, drives * LOOKS * speeds.translation.seconds / 4)


def choose(config: FitConfig, costs: Costs, footage: Sequence[Clip], seconds: float | None) -> Plan:
    """As much of what the settings ask for as fits into some seconds, at the largest size at which any does.

    Args:
        config: settings.
        costs: what is timed.
        footage: clear, of the step that is learnt at.
        seconds: that there are, of which `PLANNED_PART` is planned; None for all that the settings ask for.

    Raises:
        UserError: if even the least does not fit.
    """
    everything = _plan(config, costs, footage, 1.0)
    if seconds is None or _total(everything) <= PLANNED_PART * seconds:
        return everything
    there = PLANNED_PART * max(seconds, 0.0)
    from_depth = costs.speeds.teacher is not None and config.teacher.start is not None
    for size in _sizes(config, () if from_depth else config.smaller):
        sized = costs.at(size)
        least = _plan(config, sized, footage, 0.0)
        if _total(least) <= there:
            return replace(_largest(config, sized, footage, there, least), everything=everything.work)
    lacking = ceil((_total(least) / PLANNED_PART - seconds) / 60)
    what = f"too little time on this machine, where the least takes {in_words(_total(least))}"
    raise UserError("--minutes", what, f"give {lacking} min more, or use a GPU")


def stored(path: Path, made_from: Identity) -> Plan | None:
    """The plan of an earlier call with the same settings on the same footage, so that it goes on the same."""
    found = read_object(path) if path.exists() else {}
    if found.get("made_from") != dict(made_from.values):
        return None
    work = Work.from_dict(found["work"], str(path))
    everything = Work.from_dict(found.get("everything", found["work"]), str(path))
    return Plan(work, [PlannedStage(**stage) for stage in found["stages"]], everything)


def store(path: Path, made_from: Identity, plan: Plan) -> None:
    """Write what `stored` reads."""
    stages = [vars(stage) for stage in plan.stages]
    works = {"work": plan.work.to_dict(), "everything": plan.everything.to_dict()}
    write_json(path, {"made_from": dict(made_from.values), **works, "stages": stages})


def _largest(config: FitConfig, costs: Costs, footage: Sequence[Clip], seconds: float, least: Plan) -> Plan:
    """What costs at most so many seconds, to a thousandth of all."""
    low, high, best = 0, 1000, least
    while high - low > 1:
        middle = (low + high) // 2
        plan = _plan(config, costs, footage, middle / 1000)
        if _total(plan) <= seconds:
            low, best = middle, plan
        else:
            high = middle
    return best


def _sizes(config: FitConfig, smaller: Sequence[float]) -> list[tuple[int, int]]:
    height, width = config.teacher.image_size
    return [(_side(part * height), _side(part * width)) for part in (1.0, *smaller)]


def _side(length: float) -> int:
    return max(SMALLEST_SIDE, STRIDE * floor(length / STRIDE))


def _plan(config: FitConfig, costs: Costs, footage: Sequence[Clip], part: float) -> Plan:
    has_teacher = costs.speeds.teacher is not None
    steps = [config.teacher.pose_first, config.teacher.loop.steps, config.student.loop.steps]
    pose, teacher, student = (max(min(config.least_steps, full), round(part * full)) for full in steps)
    there = count_targets(limited(footage, config.frames))
    work = Work(
        part=part,
        image_size=costs.image_size,
        frames=max(min(config.least_frames, there), round(part * there)),
        pose_first=pose if has_teacher else 0,
        teacher_steps=teacher if has_teacher else 0,
        student_steps=student,
    )
    counts = Counts(triplets=3 * work.frames, clear=work.frames, measured=0, conditions=0)
    learning = plan_learning(config.doing(work), costs.speeds, counts)
    before = [stage for stage in learning if stage.name == "teacher"]
    after = [stage for stage in learning if stage.name != "teacher"]
    look = [_looked("mask", 0.0 if costs.masked else costs.look / 2), _looked("look", costs.look / 2)]
    chosen = [_judged("labels", 2, config, costs)] if has_teacher else []
    verdict = _judged("verdict", 3 if has_teacher else 2, config, costs)
    return Plan(work, [*look, *before, *chosen, *after, verdict], work)


def _looked(name: str, seconds: float) -> PlannedStage:
    return PlannedStage(name, "some images of each drive", 0.0, seconds / 3600)


def _judged(name: str, models: int, config: FitConfig, costs: Costs) -> PlannedStage:
    """A prediction is about a third of a training step, which goes forward and back; one of a model of
    transformers, if the labels are by one, takes what it took when it was timed."""
    image, label = costs.speeds.student.seconds / config.student.loop.batch_size / 3, costs.speeds.label
    images = models * image if label is None else (models - 1) * image + label.seconds
    seconds = config.places * OF_A_PLACE * images
    work = f"{config.places} places, {models} network{'s' * (models > 1)}"
    return PlannedStage(name, work, 0.0, seconds / 3600)


def _total(plan: Plan) -> float:
    return sum(plan.seconds.values())
