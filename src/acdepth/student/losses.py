"""L_d and L_c (ACDepth, section 3.3), and losses that weigh themselves by the error that is left.

All are unreduced; the tasks take the means. L_r is in `student.ordinal`.
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from acdepth.student.settings import DistillationError


def distillation_loss(
    student: Float[Tensor, "b 1 h w"],
    teacher: Float[Tensor, "b 1 h w"],
    error: DistillationError = "relative",
) -> Float[Tensor, "b 1 h w"]:
    """L_d of one scale: error of the student's depth against the teacher's (after md4all).

    Args:
        student: inverse depth [1/m].
        teacher: likewise.
        error: ``relative``, as in the paper, is |d_S - d_T| / d_S = |D_T - D_S| / D_T. Where the student
            cannot tell, it pulls towards the near end: saying half the depth costs 0.5, twice the depth 1.
            ``log``, a departure, is |log D_S - log D_T|, to which both are the same mistake.
    """
    if error == "log":
        return log_difference(student, teacher)
    return (student - teacher).abs() / student


def log_difference(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """|log a - log b| of two inverse depths [1/m]; 0.1 is a tenth of the depth."""
    return (a.log() - b.log()).abs()


def consistency_loss(
    features: Sequence[Float[Tensor, "b _ _ _"]],
    wanted: Sequence[Float[Tensor, "b _ _ _"]],
    counted: Sequence[Bool[Tensor, "b 1 _ _"]] | None = None,
) -> Float[Tensor, " b"]:
    """L_c of each sample: L1 between features of the mixed input and of its clear twin, mean over the levels.

    No gradient flows into those of the twin. Of each level only the ``counted`` places are compared, if told.
    """
    apart = [(a.float() - b.detach().float()).abs() for a, b in zip(features, wanted, strict=True)]
    if counted is None:
        return torch.stack([one.mean((1, 2, 3)) for one in apart]).mean(0)
    sums = [
        (one.mean(1, keepdim=True) * places).sum((1, 2, 3))
        for one, places in zip(apart, counted, strict=True)
    ]
    counts = [places.sum((1, 2, 3)).clamp(min=1) for places in counted]
    return torch.stack([one / count for one, count in zip(sums, counts, strict=True)]).mean(0)


def expected_error_loss(
    log_expected: Float[Tensor, "*shape"], error: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Negative log likelihood of an error under a Laplace distribution of this scale, less a constant.

    Its mean is least where the expected error is the mean of the errors, so that the head's answer has a unit
    (Kendall and Gal 2017 with L1).
    """
    return error * torch.exp(-log_expected) + log_expected


class UncertaintyWeights(nn.Module):
    """Weighs losses by what is left of them: exp(-s) L + s, with one learnt s per loss.

    For a loss that is an absolute error, this is the likelihood of a Laplace distribution whose logarithmic
    scale is s (Kendall, Gal and Cipolla, CVPR 2018; their eq. 7 is for squared errors, where a half stands
    before the first term). At the best s each loss weighs 1 / L, so that what a network cannot learn loses
    its say; and a constant factor on L changes nothing in the end.

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
