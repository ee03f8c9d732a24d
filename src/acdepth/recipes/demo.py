"""The demo: the whole method on the built-in world, from rendering to the report page."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.files import hash_file, write_json
from acdepth.core.progress import progress
from acdepth.core.provenance import provenance
from acdepth.core.shipped import ENCODER, PRIOR
from acdepth.data.folder import count_targets, open_data
from acdepth.engine import what_shapes
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.examples import export_examples
from acdepth.evaluation.protocols import find_protocol
from acdepth.evaluation.results import summarise, write_results
from acdepth.evaluation.rows import write_rows
from acdepth.recipes.stages import Stage, run_stages
from acdepth.runtime.scored import scored_model
from acdepth.student.task import StudentConfig
from acdepth.student.training import train_student
from acdepth.teacher.task import TeacherConfig
from acdepth.teacher.training import train_teacher
from acdepth.translator import SimulatedWeather, TranslateSettings, translate
from acdepth.translator.depth_source import TeacherDepth
from acdepth.world.export import DriveSettings, write_towns

PROTOCOL = "world-80m"


class TownsConfig(Config):
    """Drives of the built-in world."""

    first: int
    """Seed of the first town."""
    count: int
    """Number of towns, one drive each."""
    frames: int
    """Length of each drive, at 12 frames a second."""
    conditions: tuple[Condition, ...]
    """Conditions each drive is rendered in."""

    @property
    def seeds(self) -> list[int]:
        """The towns."""
        return list(range(self.first, self.first + self.count))


class DemoConfig(Config):
    """Settings of the demo; training, translation and evaluation see different towns."""

    training: TownsConfig
    """Clear drives that teacher and student learn on."""
    evaluation: TownsConfig
    """Drives that nothing learns on, in every condition."""
    translated: tuple[Condition, ...] = (Condition.NIGHT, Condition.RAIN)
    """What the clear training frames are turned into."""
    severity: tuple[float, float] = (0.3, 1.0)
    """Least and largest strength of the simulated weather."""
    teacher: TeacherConfig
    """The teacher's settings."""
    student: StudentConfig
    """The student's settings; the control has the same, but sees clear images alone."""
    workers: int = 2
    """Processes that render towns."""
    seed: int = 0
    """Of translation and intervals; the stages have their own."""


class Demo:
    """The demo in one folder."""

    def __init__(self, config: DemoConfig, out: Path) -> None:
        self.config, self.out = config, out
        self.training, self.evaluation = out / "world" / "training", out / "world" / "evaluation"
        self.translations = out / "translations"
        self.weights = {name: out / name / "model.safetensors" for name in ("teacher", "control", "student")}

    def stages(self) -> list[Stage]:
        """All stages, in order, each with what it depends on beyond the earlier ones."""
        config, size = self.config, list(self.config.teacher.image_size)
        weather = [config.translated, config.severity, config.seed]
        teacher = [what_shapes(config.teacher), hash_file(ENCODER)]
        student = [what_shapes(config.student), hash_file(PRIOR / "model.safetensors")]
        return [
            self._rendering("world-training", config.training, self.training, size),
            self._rendering("world-evaluation", config.evaluation, self.evaluation, size),
            self._training("teacher", teacher, self._train_teacher),
            Stage(
                "translate",
                weather,
                self._translate,
                self.translations,
                self.translations / "manifest.jsonl",
            ),
            self._training("student", student, self._student),
            self._training("control", None, self._control),
            Stage("evaluate", PROTOCOL, self._evaluate, self.out / "examples", self.out / "results.json"),
        ]

    def _rendering(self, name: str, towns: TownsConfig, folder: Path, size: list[int]) -> Stage:
        return Stage(name, [towns.to_dict(), size], lambda: self._render(folder), folder, folder)

    def _training(self, name: str, made_from: Any, train: Callable[[], None]) -> Stage:
        return Stage(name, made_from, train, self.out / name, self.weights[name])

    def run(self) -> None:
        """Do what is not done yet, and write ``run.json``."""
        self.config.write(self.out / "config.yaml")
        seconds = run_stages(self.stages(), self.out)
        write_json(
            self.out / "run.json",
            {
                "title": "acdepth demo: the built-in world",
                "made_by": provenance(),
                "config": self.config.to_dict(),
                "seconds": seconds,
                "notes": self._notes(),
            },
        )

    def _render(self, folder: Path) -> None:
        towns = self.config.training if folder == self.training else self.config.evaluation
        settings = DriveSettings(towns.frames, self.config.teacher.image_size)
        with progress("render", towns.count * towns.frames, unit="frame") as advance:
            write_towns(
                folder,
                towns.seeds,
                towns.conditions,
                settings,
                workers=min(self.config.workers, os.cpu_count() or 1),
                on_frames=advance,
            )

    def _train_teacher(self) -> None:
        train_teacher(self.config.teacher, self.training, self.out / "teacher")

    def _translate(self) -> None:
        sequences = open_data(self.training)
        settings = TranslateSettings(conditions=self.config.translated, seed=self.config.seed)
        with progress("translate", count_targets(sequences), unit="image") as advance:
            translate(
                sequences,
                self.translations,
                SimulatedWeather(self.config.severity),
                TeacherDepth(self.weights["teacher"]),
                settings,
                progress=advance,
            )

    def _student(self) -> None:
        self._train_student(self.config.student, "student")

    def _control(self) -> None:
        clear_only = self.config.student.model_copy(update={"mix": {Condition.CLEAR: 1.0}})
        self._train_student(clear_only, "control")

    def _train_student(self, config: StudentConfig, name: str) -> None:
        train_student(
            config, self.training, self.translations, self.weights["teacher"], PRIOR, self.out / name
        )

    def _evaluate(self) -> None:
        models = [scored_model(name, path)[0] for name, path in self.weights.items()]
        footage, protocol = open_data(self.evaluation), find_protocol(PROTOCOL)
        with progress("evaluate", count_targets(footage), unit="frame") as advance:
            rows = evaluate(models, footage, protocol, advance)
        write_rows(self.out / "frames.jsonl", rows)
        shown = [model for model in models if model.name != "control"]
        export_examples(rows, shown, "student", footage, protocol, self.out / "examples")
        write_results(self.out / "results.json", summarise(rows, protocol, self.config.seed))

    def _notes(self) -> list[str]:
        config = self.config
        return [
            f"Training: towns {_span(config.training)}, clear only. Evaluation: towns "
            f"{_span(config.evaluation)}, which nothing learns from.",
            "Encoder and prior start from shipped weights, trained on towns of their own with true depth.",
            "Adverse training images are image-space simulations on the teacher's depth; nothing learns from "
            "the world's own night, rain, fog or snow.",
            "The control is a student trained for the same steps on clear images alone.",
            "One seed: the intervals tell how other drives would vary, not other trainings.",
        ]


def _span(towns: TownsConfig) -> str:
    return f"{towns.seeds[0]}-{towns.seeds[-1]}"
