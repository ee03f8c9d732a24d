"""Stages that are done once. What each was made from decides whether it still holds."""

from acdepth.pipeline.folder import claim
from acdepth.pipeline.outputs import file_output, folder_output, translations_output, weights_output
from acdepth.pipeline.stages import Pipeline, Stage

__all__ = [
    "Pipeline",
    "Stage",
    "claim",
    "file_output",
    "folder_output",
    "translations_output",
    "weights_output",
]
