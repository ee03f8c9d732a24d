"""The demo: the whole method on the built-in world, from rendering to the report page."""

import os
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.files import write_json
from acdepth.core.progress import progress
from acdepth.core.provenance import provenance
from acdepth.recipes.method import Method, MethodConfig
from acdepth.recipes.stages import Stage, run_stages
from acdepth.world.export import VERSION, DriveSettings, write_towns


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


class DemoConfig(MethodConfig):
    """Settings of the demo; training, translation and evaluation see different towns."""

    training: TownsConfig
    """Clear drives that teacher and student learn on."""
    evaluation: TownsConfig
    """Drives that nothing learns on, in every condition."""
    workers: int = 2
    """Processes that render towns."""


class Demo:
    """The demo in one folder.

    Args:
        config: settings.
        out: folder of the run.
        world: folder of the rendered towns; within ``out`` by default.
    """

    def __init__(self, config: DemoConfig, out: Path, world: Path | None = None) -> None:
        self.config, self.out = config, out
        world = world or out / "world"
        self.training, self.evaluation = world / "training", world / "evaluation"
        self.method = Method(config, self.training, self.evaluation, out)

    def stages(self) -> list[Stage]:
        """All stages, in order, each with what it depends on beyond the earlier ones."""
        config = self.config
        return [
            self._rendering("world-training", config.training, self.training),
            self._rendering("world-evaluation", config.evaluation, self.evaluation),
            *self.method.stages(training=None, evaluation=None),
        ]

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

    def render(self) -> None:
        """The towns alone."""
        run_stages(self.stages()[:2], self.out)

    def _rendering(self, name: str, towns: TownsConfig, folder: Path) -> Stage:
        made_from = [VERSION, towns.to_dict(), list(self.config.teacher.image_size)]
        return Stage(name, made_from, lambda: self._render(towns, folder), folder, folder)

    def _render(self, towns: TownsConfig, folder: Path) -> None:
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
