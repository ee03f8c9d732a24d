"""Weights of losses that are learnt with the network (Kendall, Gal and Cipolla, CVPR 2018)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


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
