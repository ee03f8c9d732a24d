"""Teaches a head how far a student's depth may be off."""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.student.confidence.settings import ConfidenceConfig as ConfidenceConfig
    from acdepth.student.confidence.task import ConfidenceTask as ConfidenceTask
    from acdepth.student.confidence.training import train_confidence as train_confidence

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.student.confidence.settings": "ConfidenceConfig",
        "acdepth.student.confidence.task": "ConfidenceTask",
        "acdepth.student.confidence.training": "train_confidence",
    },
)
