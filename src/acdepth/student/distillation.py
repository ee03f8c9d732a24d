"""L_d: the student says the teacher's depth (ACDepth, section 3.3; md4all)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

DistillationError = Literal["relative", "log"]


def distillation_loss(
    student: Sequence[Tensor], teacher: Sequence[Tensor], error: DistillationError = "relative"
) -> Tensor:
    """Error of the student's depth against the teacher's, mean over pixels and scales.

    Args:
        student: inverse depths (B, 1, h, w) [1/m], one per scale.
        teacher: of the same shapes.
        error: ``relative``, as in the paper, is |d_S - d_T| / d_S = |D_T - D_S| / D_T. Where the student
            cannot tell, it pulls towards the near end: saying half the depth costs 0.5, twice the depth 1.
            ``log``, a departure, is |log D_S - log D_T|, to which both are the same mistake.

    Returns:
        Scalar.
    """
    return torch.stack([_error(s, t, error).mean() for s, t in zip(student, teacher, strict=True)]).mean()


def _error(student: Tensor, teacher: Tensor, error: DistillationError) -> Tensor:
    if error == "log":
        return (student.log() - teacher.log()).abs()
    return (student - teacher).abs() / student
