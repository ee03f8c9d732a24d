"""Learns depth from clear video alone.

>>> import torch
>>> from acdepth.teacher import smoothness_loss
>>> in_a_row, in_a_column = smoothness_loss(torch.full((1, 1, 8, 8), 0.1), torch.rand(1, 3, 8, 8))
>>> in_a_row.shape, in_a_row.max().item()
(torch.Size([1, 1, 8, 7]), 0.0)
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.teacher.losses import smoothness_loss as smoothness_loss
    from acdepth.teacher.settings import TeacherConfig as TeacherConfig
    from acdepth.teacher.task import TeacherTask as TeacherTask
    from acdepth.teacher.training import train_teacher as train_teacher

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.teacher.losses": "smoothness_loss",
        "acdepth.teacher.settings": "TeacherConfig",
        "acdepth.teacher.task": "TeacherTask",
        "acdepth.teacher.training": "train_teacher",
    },
)
