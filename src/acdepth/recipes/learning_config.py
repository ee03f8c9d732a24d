"""Settings of learning: a teacher, its weather and a student."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.presets import read_named
from acdepth.core.shipped import TRANSLATOR, or_shipped
from acdepth.student.settings import StudentConfig
from acdepth.teacher.settings import TeacherConfig
from acdepth.translator import TranslateSettings
from acdepth.translator.settings import TranslatorConfig


class LearningConfig(Config):
    """Settings of all that learns; those of a stage may be the name of shipped ones."""

    translated: tuple[Condition, ...] = (Condition.NIGHT, Condition.RAIN)
    """What the clear training frames are turned into."""
    method: Literal["simulate", "diffusion"] = "simulate"
    """How: ``simulate`` draws weather onto the images, ``diffusion`` is the paper's learned translator."""
    severity: tuple[float, float] = (0.3, 1.0)
    """Least and largest strength of simulated weather."""
    translator: TranslatorConfig | None = None
    """Settings of the learned translator's training; null where `adapters` are taken as they are."""
    adapters: Path | None = None
    """Adapters that the translator trains on from, or is: a folder, or ``shipped``; null starts anew."""
    teacher: TeacherConfig
    """The teacher's settings; its ``split`` and ``cameras`` choose the training footage."""
    student: StudentConfig
    """The student's settings."""
    prior: Path = Path("shipped")
    """The Depth Anything of L_r: ``shipped``, a folder, or a name of the hub."""
    control: bool = True
    """Whether a student with the same settings that sees clear images alone is trained too."""
    seed: int = Field(default=0, ge=0)
    """Of translation and intervals."""

    @classmethod
    def from_dict(cls, values: Any, where: str) -> Self:
        """Check plain values; the stages' settings are read from their files where only a name is given."""
        kinds = {"teacher": TeacherConfig, "student": StudentConfig, "translator": TranslatorConfig}
        return super().from_dict(read_named(values, kinds, where), where)

    @model_validator(mode="after")
    def _translates_somehow(self) -> Self:
        if self.method == "diffusion" and self.translator is None and self.adapters is None:
            raise ValueError("method diffusion needs translator, to train one, or adapters, to use some")
        if self.translator is not None and not set(self.translated) <= set(self.translator.conditions):
            raise ValueError("translator.conditions lacks some of translated")
        return self

    @property
    def adapters_folder(self) -> Path | None:
        """Where `adapters` lie."""
        return self.adapters and or_shipped(self.adapters, TRANSLATOR)

    def translated_by(self, method: Literal["simulate", "diffusion"] | None) -> Self:
        """The same with another way to translate; None leaves it."""
        if method == "diffusion" and self.translator is None and self.adapters is None:
            what = "the settings have no translator"
            raise UserError("--method diffusion", what, "give others with --config")
        return self if method is None else self.model_copy(update={"method": method})

    @property
    def trains_translator(self) -> bool:
        """Whether a learned translator is trained, and not just used or none at all."""
        return self.method == "diffusion" and self.translator is not None

    def translation(self) -> TranslateSettings:
        """Translations of what the networks see, at their size."""
        return TranslateSettings(self.translated, self.seed, self.teacher.image_size, self.teacher.crop)
