"""The demo: the whole method on the built-in world, from rendering to the report page."""

import os
from pathlib import Path
from typing import Self

from pydantic import model_validator

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.files import check_folder
from acdepth.core.identity import Identity
from acdepth.core.progress import progress
from acdepth.inference.devices import choose_device
from acdepth.pipeline.folder import claim
from acdepth.pipeline.outputs import folder_output
from acdepth.pipeline.stages import Stage
from acdepth.recipes.checks import check_networks
from acdepth.recipes.method import Method
from acdepth.recipes.method_config import MethodConfig
from acdepth.world.export import VERSION, DriveSettings, sequence_folder, write_towns


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

    def folders(self, root: Path) -> list[Path]:
        """Of all drives below ``root``."""
        return [sequence_folder(root, town, one) for town in self.seeds for one in self.conditions]


class DemoConfig(MethodConfig):
    """Settings of the demo; training, translation and evaluation see different towns."""

    training: TownsConfig
    """Clear drives that teacher and student learn on."""
    adverse: TownsConfig | None = None
    """Drives in bad weather that the translator learns to imitate; null where none is trained."""
    evaluation: TownsConfig
    """Drives that nothing learns on, in every condition."""
    workers: int = 2
    """Processes that render towns."""

    def shown_weather(self) -> list[TownsConfig]:
        """The adverse towns, where a translator is trained on them."""
        return [self.adverse] if self.adverse and self.trains_translator else []

    @model_validator(mode="after")
    def _shows_the_translator_bad_weather(self) -> Self:
        if self.method == "diffusion" and self.translator is not None and self.adverse is None:
            raise ValueError("translator is to be trained, but there are no adverse towns to learn from")
        return self


class Demo:
    """The demo in the folder ``out``, of towns rendered into ``world``, which lies within it by default.

    Raises:
        UserError: if something is missing or unreadable that the run will need; nothing is written before.
    """

    def __init__(self, config: DemoConfig, out: Path, world: Path | None = None) -> None:
        check_folder(out, "--out")
        self.config, self.out, self.world = config, out, world or out / "world"
        check_folder(self.world, "--root")
        check_networks(config)
        self.training, self.evaluation = self.world / "training", self.world / "evaluation"
        self.adverse = self.world / "adverse"
        self.method = Method(config, self.training, self.evaluation, out, self.adverse)

    def stages(self) -> list[Stage]:
        """All stages, in order, each with what it depends on beyond the earlier ones."""
        config = self.config
        return [
            self._rendering("world-training", config.training, self.training),
            *(self._rendering("world-adverse", towns, self.adverse) for towns in config.shown_weather()),
            self._rendering("world-evaluation", config.evaluation, self.evaluation),
            *self.method.stages(training=None, evaluation=None),
        ]

    def run(self) -> None:
        """Do what is not done yet, and write ``run.json``."""
        claim(self.out, "world", self.world)
        self.method.run(self.stages(), "acdepth demo: the built-in world", self._notes())

    def _rendering(self, name: str, towns: TownsConfig, folder: Path) -> Stage:
        facts = {"version": VERSION, "image size": list(self.config.teacher.image_size)}
        outputs = tuple(folder_output(place) for place in towns.folders(folder))
        made_from = Identity.of(towns).and_facts(facts)
        return Stage(name, made_from, lambda: self._render(towns, folder), outputs, (folder,))

    def _render(self, towns: TownsConfig, folder: Path) -> None:
        _refuse_other_towns(towns, folder)
        settings = DriveSettings(towns.frames, self.config.teacher.image_size)
        device, workers = str(choose_device()), min(self.config.workers, os.cpu_count() or 1)
        with progress("render", towns.count * towns.frames, unit="frame") as advance:
            write_towns(folder, towns.seeds, towns.conditions, settings, device, workers, advance)

    def _notes(self) -> list[str]:
        training, evaluation = _span(self.config.training), _span(self.config.evaluation)
        return [
            f"Training: towns {training}, clear only. "
            f"Evaluation: towns {evaluation}, which nothing learns from.",
            "Encoder and prior start from shipped weights, trained on towns of their own with true depth.",
            f"Adverse training images are {self._about_translations()}.",
            "The control is a student trained for the same steps on clear images alone.",
            "One seed: the intervals tell how other drives would vary, not other trainings.",
        ]

    def _about_translations(self) -> str:
        config = self.config
        if config.method == "simulate":
            unseen = "nothing learns from the world's own night, rain, fog or snow"
            return f"image-space simulations on the teacher's depth; {unseen}"
        if config.adverse is None or config.translator is None:
            return "diffusion translations by adapters that were there"
        start = f" from {config.adapters} adapters" if config.adapters else ""
        trained = f"The translator trained{start} for {config.translator.loop.steps} steps on the clear towns"
        beside = f"beside adverse images of towns {_span(config.adverse)}, unpaired and without any depth"
        return f"diffusion translations. {trained} {beside}"


def _span(towns: TownsConfig) -> str:
    return f"{towns.seeds[0]}-{towns.seeds[-1]}"


def _refuse_other_towns(towns: TownsConfig, folder: Path) -> None:
    """All footage below the folder is used, so nothing else may lie there."""
    there = {path.parent for path in folder.glob("*/*/sequence.yaml")}
    if others := sorted(there - set(towns.folders(folder))):
        remedy = "give another folder for the towns, or move this one away"
        raise UserError(others[0], "is none of the drives that the settings ask for", remedy)
