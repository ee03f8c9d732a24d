"""``acdepth fit``: footage in, a network that holds in bad weather out, and whether it does."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from acdepth.cli.world import at_least_one, parse_conditions, parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.presets import find_config

if TYPE_CHECKING:
    from acdepth.recipes.fit.settings import FitConfig

EXIT_DEGENERATE = 3
"""Nothing sound came of it."""


def fit(
    footage: Annotated[Path, tyro.conf.Positional],
    *,
    out: Path,
    minutes: float | None = None,
    conditions: str | None = None,
    camera_height: float | None = None,
    fov: float | None = None,
    teacher: str | None = None,
    prior: Path | None = None,
    method: Literal["simulate", "diffusion"] | None = None,
    frames: int | None = None,
    image_size: str | None = None,
    teacher_steps: int | None = None,
    student_steps: int | None = None,
    seed: int | None = None,
    config: str = "own",
    dry_run: bool = False,
) -> None:
    """Fit depth to footage of your own, by day, so that it holds at night and in rain; no LiDAR is needed.

    Looks at the footage, finds what moves with the camera, trains a teacher on the video, simulates weather,
    trains a student, checks without labels whether depth can be right, and keeps the best network as
    OUT/model.safetensors. OUT/report.html says in words whether it worked, and shows what it sees. Nothing is
    written beside the footage. Killed and started again, it goes on where it was. Ends with code 3 where no
    network is any use on the footage.

    Args:
        footage: a video, a folder of images, a sequence folder, a bag, or a folder of several of these.
        out: folder for everything that is made.
        minutes: how long it may take on this machine; images, steps and size of the input are chosen by a
            timing. Without, what the settings say is done in full.
        conditions: any of night,rain,night-rain,fog,snow that the student learns; night,rain by default.
        camera_height: metres from the road up to the lens, where no camera.yaml says it: gives metres where
            there are no speeds.
        fov: degrees that the camera sees across, where nobody calibrated it. A guess is worse than a
            camera.yaml beside the footage.
        teacher: instead of training one: a checkpoint, a run folder, or hf:NAME, a depth model of
            transformers by folder or name of the hub, under which single photographs are enough.
        prior: a Depth Anything for the student's ordinal guidance, which is left out without one: a folder, a
            hub name or shipped.
        method: instead of the settings' way to make weather.
        frames: images that are learnt from at most.
        image_size: height x width of the networks' input, as in 192x320. Under a --teacher of ours it is that
            of the teacher.
        teacher_steps: instead of the settings' steps; those of the pose network alone change with them.
        student_steps: instead of the settings' steps.
        seed: of everything random.
        config: shipped settings of this name, as own, or a YAML of one's own.
        dry_run: print the stages with disk and hours, timed on this machine, and do nothing else.
    """
    from acdepth.networks.checkpoint import MODEL_FILE
    from acdepth.recipes.fit.fit import Fit
    from acdepth.recipes.fit.settings import FitConfig
    from acdepth.recipes.plan import print_plan
    from acdepth.reports.fit import headlines, judged, next_steps, use_it, write_fit_report
    from acdepth.reports.fit_words import reasons

    settings = FitConfig.read(find_config("fit", config))
    if minutes is not None and not minutes > 0:
        raise UserError(f"--minutes {minutes:g}", "must be more than 0")
    if conditions is not None:
        wanted = tuple(one for one in parse_conditions(conditions) if one is not Condition.CLEAR)
        settings = settings.into(wanted)
    about = {"fov": fov, "camera_height": camera_height}
    known = {name: value for name, value in about.items() if value is not None}
    settings = settings.with_choice(**known).translated_by(method)
    numbers = {"frames": frames, "teacher-steps": teacher_steps, "student-steps": student_steps}
    for name, value in numbers.items():
        if value is not None:
            at_least_one(name, value)
    if teacher is not None:
        _refuse_idle(Path(teacher), teacher_steps, image_size)
    size = parse_image_size(image_size) if image_size else None
    settings = _changed(settings, prior, frames, size, teacher_steps, student_steps, seed)
    run = Fit(settings, footage, out, Path(teacher) if teacher else None)
    if dry_run:
        plan = run.plan(minutes)
        print(plan.describe(minutes))
        print_plan(plan.stages, f"plan for {footage}, timed on {settings.timed_steps} steps here")
        return
    story = run.run(minutes)
    page = write_fit_report(out)
    for line in (*headlines(story), *reasons(judged(story))):
        print(line)
    for step in next_steps(story, {}):
        print(f"to try: {step}")
    print(f"report, with pictures: {page}")
    if story.kept is None:
        sys.exit(EXIT_DEGENERATE)
    print(f"checkpoint: {out / MODEL_FILE}")
    print(f"depth of a video: {use_it(story, out)}")


def _refuse_idle(teacher: Path, teacher_steps: int | None, image_size: str | None) -> None:
    """Raise `UserError` for a flag that does nothing beside ``--teacher``."""
    from acdepth.core.hub import hub_model

    if teacher_steps is not None:
        raise UserError("--teacher-steps", "no teacher is trained beside --teacher", "leave one of them out")
    if image_size is not None and hub_model(teacher) is None:
        what = "the student's input is as large as that of --teacher, which is a network of ours"
        raise UserError(f"--image-size {image_size}", what, "leave it out")


def _changed(
    config: "FitConfig",
    prior: Path | None,
    frames: int | None,
    size: tuple[int, int] | None,
    teacher_steps: int | None,
    student_steps: int | None,
    seed: int | None,
) -> "FitConfig":
    """The settings with what the flags say instead."""
    teacher: dict = {"loop": {}}
    student: dict = {"loop": {}}
    changes: dict = {"teacher": teacher, "student": student}
    if prior is not None:
        changes["prior"] = str(prior)
        student["ordinal_weight"] = config.student.ordinal_weight or type(config.student)().ordinal_weight
    if frames is not None:
        changes["frames"] = frames
    if size is not None:
        teacher["image_size"] = list(size)
    if teacher_steps is not None:
        teacher["loop"]["steps"] = teacher_steps
        teacher["pose_first"] = round(config.teacher.pose_first * teacher_steps / config.teacher.loop.steps)
    if student_steps is not None:
        student["loop"]["steps"] = student_steps
    if seed is not None:
        changes["seed"] = teacher["loop"]["seed"] = student["loop"]["seed"] = seed
    return config.with_changes(changes, "flags")
