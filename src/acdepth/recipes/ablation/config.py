"""Settings of an ablation: named changes to one student, and the seeds that each is trained with."""

import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.presets import read_named
from acdepth.data.settings import FootageChoice
from acdepth.student.settings import StudentConfig

TEACHER = "teacher"
"""Name of the row that is no variant."""
PRESET = "preset"
"""Key of a variant that names a whole group of changes; the others change single settings on top of it."""
NAME = re.compile(r"\w[\w.+-]*")
"""What can be the name of a folder everywhere."""


class AblationConfig(Config):
    """Settings of an ablation."""

    base: str = "full"
    """The variant that the others are compared with."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """``loop.seed`` of each variant's trainings. Three show differences of about 2.5 times the standard
    deviation of differences between seeds, eight of about 0.8 times."""
    student: StudentConfig | None = None
    """What the variants change: settings, or the name of shipped ones; null takes those of the run."""
    protocol: str | None = None
    """How the evaluation footage is measured; null does as the run did."""
    evaluation_footage: FootageChoice | None = None
    """Which part of the footage is measured on; null takes that of the run, or everything."""
    interval_seed: int = Field(default=0, ge=0)
    """Of the intervals."""
    variants: dict[str, dict[str, Any]]
    """By name the changes to ``student``, written as in its own settings, and ``preset: published`` for what
    the published code does otherwise."""

    @classmethod
    def from_dict(cls, values: Any, where: str) -> Self:
        """Check plain values; the student's settings are read from their file where only a name is given."""
        return super().from_dict(read_named(values, {"student": StudentConfig}, where), where)

    @model_validator(mode="after")
    def _is_a_grid(self) -> Self:
        wrong = [name for name in self.variants if not NAME.fullmatch(name) or name == TEACHER]
        if wrong:
            raise ValueError(f"variants: {wrong[0]!r} is no name; use letters, digits and . + - _")
        if len({name.casefold() for name in self.variants}) < len(self.variants):
            raise ValueError("variants: two names differ in capitals only, and so would their folders")
        if self.base not in self.variants:
            raise ValueError(f"base: there is no variant {self.base!r}")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise ValueError("seeds: give one or more different numbers that are not negative")
        return self

    def only(self, names: tuple[str, ...]) -> Self:
        """With some of the variants, and the base."""
        unknown = [name for name in names if name not in self.variants]
        if unknown:
            there = f"there are {', '.join(self.variants)}"
            raise UserError(f"--variants {unknown[0]}", "no such variant", there)
        kept = {name: v for name, v in self.variants.items() if name in names or name == self.base}
        return self.model_copy(update={"variants": kept})

    def students(self, base: StudentConfig) -> dict[str, StudentConfig]:
        """Each variant's settings of the student, the seed apart.

        Raises:
            UserError: if a change is none that the student knows, changes the data, or makes no difference.
        """
        found: dict[str, StudentConfig] = {}
        for name, changes in self.variants.items():
            student = _changed(base, changes, f"variant {name}")
            twin = next((other for other, theirs in found.items() if theirs == student), None)
            if twin:
                what = f"variants {twin} and {name} come to the same settings of this student"
                raise UserError(None, what, "leave one out of the settings, or with --variants")
            found[name] = student
        return found


def _changed(base: StudentConfig, changes: Mapping[str, Any], where: str) -> StudentConfig:
    single = {name: value for name, value in changes.items() if name != PRESET}
    preset = changes.get(PRESET)
    if preset not in (None, "published"):
        raise UserError(where, f"{PRESET} = {preset!r}", "there is published")
    student = (base.published() if preset else base).with_changes(single, where)
    if (student.split, student.cameras) != (base.split, base.cameras):
        raise UserError(where, "changes split or cameras, but all variants learn on the same footage")
    if student.loop.seed != base.loop.seed:
        raise UserError(where, "changes loop.seed, which is what seeds is for")
    return student
