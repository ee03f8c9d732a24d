"""``ablation.json``, field by field: variants trained with several seeds, and their differences."""

from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import ConfigDict, Field, model_validator

from acdepth.core.condition import Condition
from acdepth.evaluation.schema import Data, MeasuredBy, Number, Record

TEACHER = "teacher"
Column = TypeVar("Column")


class Part(Record):
    """Of an ablation's files."""

    remedy: ClassVar[str] = "run acdepth ablate again"


class Spread(Part):
    """One metric of one variant; null where it has no value."""

    mean: Number | None
    """Over images and seeds."""
    deviation: Number | None
    """Sample standard deviation between seeds; null for one seed."""
    of_seeds: tuple[Number | None, ...]


class Difference(Part):
    """One metric of one variant against another, on the same images and seeds, with its 95 % interval."""

    difference: Number | None
    low: Number | None
    high: Number | None
    relative: Number | None
    """To the other's mean, as are the next three: -0.03 is 3 % less. Both means are taken anew on the
    sequences of each draw."""
    relative_low: Number | None
    relative_high: Number | None
    of_seeds: tuple[Number | None, ...]


class ByColumn(Part, Generic[Column]):
    """By metric over all pixels, and absRel by class of surface."""

    metrics: dict[str, Column]
    classes: dict[str, Column]


class Variant(Part):
    """One variant, or the teacher: its spreads by condition beside the seeds that are done."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ByColumn[Spread]] = Field(init=False)

    seeds: tuple[int, ...]

    def under(self, condition: Condition) -> ByColumn[Spread] | None:
        """None where it was not measured."""
        return self.__pydantic_extra__.get(condition.value)


class FrameCount(Part):
    """Frames that were measured under a condition."""

    images: int
    sequences: int


class AblationResults(Part):
    """The content of ``ablation.json``."""

    protocol: MeasuredBy
    base: str
    seeds: tuple[int, ...]
    order: tuple[str, ...]
    """Of the variants, the teacher among them."""
    conditions: dict[Condition, FrameCount]
    variants: dict[str, Variant]
    differences: dict[str, dict[str, dict[Condition, ByColumn[Difference]]]]
    """By the base or the teacher, then by the variant that is compared with it."""
    data: Data
    changes: dict[str, dict[str, Any]]
    """Settings that each variant changes."""
    missing: tuple[str, ...]
    """Cells that are not done."""

    @model_validator(mode="after")
    def _all_there(self) -> Self:
        for name in self.order:
            variant = self.variants.get(name)
            if variant is None or any(variant.under(condition) is None for condition in self.conditions):
                raise ValueError(f"variants lacks {name} or one of its conditions")
        return self
