"""Learns depth from teacher and prior on the translated mix. Losses are pure and unreduced.

>>> import torch
>>> from acdepth.student import distillation_loss
>>> teacher = torch.full((1, 1, 4, 6), 0.1)  # 10 m
>>> round(distillation_loss(2 * teacher, teacher).mean().item(), 3)  # the student says 5 m
0.5
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.student.losses import consistency_loss as consistency_loss
    from acdepth.student.losses import distillation_loss as distillation_loss
    from acdepth.student.losses import expected_error_loss as expected_error_loss
    from acdepth.student.ordinal import discrepancy as discrepancy
    from acdepth.student.ordinal import order_labels as order_labels
    from acdepth.student.ordinal import ordinal_loss as ordinal_loss
    from acdepth.student.ordinal import sample_pairs as sample_pairs
    from acdepth.student.ordinal import uncertain_pixels as uncertain_pixels
    from acdepth.student.settings import StudentConfig as StudentConfig
    from acdepth.student.task import StudentTask as StudentTask
    from acdepth.student.training import train_student as train_student

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.student.losses": "consistency_loss distillation_loss expected_error_loss",
        "acdepth.student.ordinal": "discrepancy order_labels ordinal_loss sample_pairs uncertain_pixels",
        "acdepth.student.settings": "StudentConfig",
        "acdepth.student.task": "StudentTask",
        "acdepth.student.training": "train_student",
    },
)
