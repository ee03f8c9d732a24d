"""L_c: features of a degraded image are those of the clear one (ACDepth, section 3.3)."""

from collections.abc import Sequence

import torch
from torch import Tensor

STUDENT_WEIGHT = 1.0
"""Of the student's own clear features. Published code: 1.0."""
TEACHER_WEIGHT = 0.5
"""Of the teacher's features. Published code: 0.5."""


def consistency_loss(
    mixed: Sequence[Tensor], clear: Sequence[Tensor], teacher: Sequence[Tensor], degraded: Tensor
) -> Tensor:
    """L1 between features, averaged over the encoder's levels.

    Degraded samples are drawn to the student's and the teacher's features of the clear twin, clear samples to
    the teacher's. No gradient flows into ``clear`` and ``teacher``.

    Args:
        mixed: student features (B, C, h, w) of the mixed input, one tensor per level.
        clear: student features of the clear twins, likewise.
        teacher: teacher features of the clear twins, likewise.
        degraded: (B,) bool: which mixed inputs are translations.

    Returns:
        Scalar; a kind of sample that is not in the batch adds 0.
    """
    to_clear = _distance(mixed, clear)
    to_teacher = _distance(mixed, teacher)
    students = _mean_where(to_clear, degraded)
    teachers = _mean_where(to_teacher, ~degraded) + _mean_where(to_teacher, degraded)
    return STUDENT_WEIGHT * students + TEACHER_WEIGHT * teachers


def _distance(features: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    levels = [
        (a.float() - b.detach().float()).abs().mean((1, 2, 3)) for a, b in zip(features, targets, strict=True)
    ]
    return torch.stack(levels).mean(0)


def _mean_where(values: Tensor, chosen: Tensor) -> Tensor:
    return (values * chosen).sum() / chosen.sum().clamp(min=1)
