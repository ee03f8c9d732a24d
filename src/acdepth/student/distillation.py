"""L_d: the student says the teacher's depth (ACDepth, section 3.3; md4all)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def distillation_loss(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """Relative depth error against the teacher, |d_S - d_T| / d_S = |D_T - D_S| / D_T, mean over scales.

    Args:
        student: inverse depths (B, 1, h, w) [1/m], one per scale.
        teacher: of the same shapes.

    Returns:
        Scalar.
    """
    errors = [((s - t).abs() / s).mean() for s, t in zip(student, teacher, strict=True)]
    return torch.stack(errors).mean()
