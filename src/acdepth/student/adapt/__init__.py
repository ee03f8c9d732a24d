"""Fits a student to real adverse footage without labels."""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.student.adapt.settings import AdaptConfig as AdaptConfig
    from acdepth.student.adapt.task import AdaptTask as AdaptTask
    from acdepth.student.adapt.training import train_adapted as train_adapted

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.student.adapt.settings": "AdaptConfig",
        "acdepth.student.adapt.task": "AdaptTask",
        "acdepth.student.adapt.training": "train_adapted",
    },
)
