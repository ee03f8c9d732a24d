"""L_d and L_c (ACDepth, section 3.3), and what weighs losses by the error that is left."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from acdepth.student.settings import DistillationError

STUDENT_WEIGHT = 1.0
"""Of the student's own clear features. Published code: 1.0."""
TEACHER_WEIGHT = 0.5
"""Of the teacher's features. Published code: 0.5."""


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


def expected_error_loss(log_expected: Tensor, error: Tensor) -> Tensor:
    """Negative log likelihood of an error under a Laplace distribution of this scale, less a constant.

    Its mean is least where the expected error is the mean of the errors, so that the head's answer has a unit
    (Kendall and Gal 2017 with L1).

    Args:
        log_expected: log of the expected error, any shape.
        error: of the same shape, not negative.

    Returns:
        Of the same shape, unreduced.
    """
    return error * torch.exp(-log_expected) + log_expected


class UncertaintyWeights(nn.Module):
    """Weighs losses by what is left of them: exp(-s) L + s, with one learnt s per loss.

    For a loss that is an absolute error, this is the likelihood of a Laplace distribution whose logarithmic
    scale is s (Kendall et al., eq. 7, write it for squared errors, where a half stands before the first
    term). At the best s, each loss weighs 1 / L, so that what a network cannot learn loses its say; and a
    constant factor on L changes nothing in the end.

    Args:
        names: of the losses; all weigh 1 at first.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.log_scales = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in names})

    def forward(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weighted losses under their names, and each s as a loss term ``NAME_log_scale``."""
        weighted = {name: (-self.log_scales[name]).exp() * loss for name, loss in losses.items()}
        return weighted | {f"{name}_log_scale": self.log_scales[name] for name in losses}
