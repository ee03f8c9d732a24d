"""Settings of a fit, and what becomes of them where time is short."""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, Self

from pydantic import PositiveInt

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.hub import hub_model
from acdepth.data.settings import FootageChoice
from acdepth.engine.settings import LoopSettings
from acdepth.networks.checkpoint import checkpoint_file, load_checkpoint
from acdepth.networks.settings import Side
from acdepth.recipes.learning_config import LearningConfig
from acdepth.teacher.start import start_file
from acdepth.teacher.training import training_size


class FitConfig(LearningConfig):
    """Settings of a fit; those of a stage may be the name of shipped ones."""

    control: bool = False
    """Whether a student with the same settings that sees clear images alone is trained too."""
    frames: PositiveInt = 3000
    """Images that are learnt from at most, evenly spread over the footage."""
    least_frames: PositiveInt = 40
    """Images that there must be."""
    least_steps: PositiveInt = 100
    """Steps of each training below which it is not worth its time."""
    smaller: tuple[float, ...] = (0.75, 0.5)
    """Sizes of the networks' input, as parts of its height and width, that are taken instead where the least
    work does not fit into the minutes otherwise. Not where a teacher starts from depth: a network says worse
    depth at smaller inputs than it learnt at, and few steps do not mend that."""
    timed_steps: PositiveInt = 3
    """Steps of each training that are timed before."""
    places: PositiveInt = 32
    """At which the label-free check looks, three images each."""
    shown: PositiveInt = 6
    """Images on the sheet."""

    def with_choice(self, **changes: Any) -> Self:
        """The same with other footage, by names of `FootageChoice`, for everything that learns."""
        return self.model_copy(
            update={
                "teacher": self.teacher.model_copy(update=changes),
                "student": self.student.model_copy(update=changes),
            }
        )

    def into(self, conditions: tuple[Condition, ...]) -> Self:
        """The same with other weather; the student sees each as often as clear images."""
        mix = dict.fromkeys((Condition.CLEAR, *conditions), 1.0)
        student = self.student.model_copy(update={"mix": mix})
        return self.model_copy(update={"translated": conditions, "student": student})

    def doing(self, work: "Work") -> Self:
        """The same, of this size."""
        sized = self.with_choice(most_frames=work.frames)
        teacher = sized.teacher.model_copy(update={"image_size": work.image_size})
        if work.teacher_steps:
            loop = _of_length(teacher.loop, work.teacher_steps)
            teacher = teacher.model_copy(update={"loop": loop, "pose_first": work.pose_first})
        loop = _of_length(sized.student.loop, work.student_steps)
        shape = sized.student.shape.model_copy(update={"image_size": work.image_size})
        student = sized.student.model_copy(update={"loop": loop, "shape": shape})
        return sized.model_copy(update={"teacher": teacher, "student": student})

    def taught_by(self, given: Path) -> Self:
        """The same under a teacher that is there already.

        One of ours says how large the network's input is. Under a model of transformers, whose weights the
        student cannot start from, it starts from the encoder that the settings' teacher has, if any.

        Raises:
            UserError: if it cannot be opened.
        """
        teacher, student = self.teacher, self.student
        if hub_model(given):
            shape = student.shape.model_copy(update={"network": teacher.network})
            start = "encoder" if teacher.encoder else "scratch"
            changes = {"start_from": start, "encoder": teacher.encoder, "shape": shape}
            return self.model_copy(update={"student": student.model_copy(update=changes)})
        _, card = load_checkpoint(checkpoint_file(given))
        sized = teacher.model_copy(update={"image_size": card.input_size, "keep_aspect": False})
        return self.model_copy(update={"teacher": sized, "smaller": ()})

    def seeing(self, clear: Sequence[Clip]) -> Self:
        """The same at the size of the networks' input that suits some footage."""
        size = training_size(self.teacher, list(clear))
        teacher = self.teacher.model_copy(update={"image_size": size, "keep_aspect": False})
        return self.model_copy(update={"teacher": teacher})

    def start_size(self) -> tuple[int, int] | None:
        """The input that the teacher's start learnt at [px], where this one is clearly smaller."""
        start = start_file(self.teacher)
        size = load_checkpoint(start)[1].input_size if start else self.teacher.image_size
        # Another aspect alone, as where keep_aspect finds one, costs a quarter of the pixels at most.
        return size if prod(self.teacher.image_size) < 0.7 * prod(size) else None

    def looked_at(self, masks: Path | None = None) -> FootageChoice:
        """What is known of the footage, of which every image is looked at."""
        teacher = self.teacher
        return FootageChoice(masks=masks, fov=teacher.fov, camera_height=teacher.camera_height)


def _of_length(loop: LoopSettings, steps: int) -> LoopSettings:
    return loop.model_copy(update={"steps": steps})


class Work(Config):
    """How much is done."""

    part: float
    """Of what the settings ask for, as far as there is footage for it."""
    image_size: tuple[Side, Side]
    """(height, width) of the networks' input [px]."""
    frames: int
    """Images that are learnt from."""
    pose_first: int
    """Steps in which the pose network alone learns."""
    teacher_steps: int
    """0 where none is trained."""
    student_steps: int

    def describe(self) -> str:
        """Such as ``600 images at 192x320, 240 steps of the teacher, 480 of the student``."""
        height, width = self.image_size
        teacher = (
            f"{self.pose_first + self.teacher_steps} steps of the teacher, " if self.teacher_steps else ""
        )
        return f"{self.frames:,} images at {height}x{width}, {teacher}{self.student_steps} of the student"

    def more_than(self, other: "Work") -> list[str]:
        """What of this is more than in another, in words."""
        found = []
        if self.image_size != other.image_size:
            height, width = self.image_size
            found.append(f"the size {height}x{width}")
        if self.frames > other.frames:
            found.append(f"{self.frames:,} images")
        for name, mine, theirs in (
            ("teacher", self.pose_first + self.teacher_steps, other.pose_first + other.teacher_steps),
            ("student", self.student_steps, other.student_steps),
        ):
            if mine > theirs:
                found.append(f"{mine} steps of the {name}")
        return found
