"""The slow teacher of adaptation: a moving average of the student (Tarvainen and Valpola 2017)."""

import copy
from typing import Self

import torch
from torch import Tensor, nn

from acdepth.networks.depth_net import DepthNet, DepthOutput


class SlowAverage(nn.Module):
    """A copy of a network that follows it slowly: always in evaluation mode, never a gradient.

    Its weights are buffers: a run's state holds buffers but no frozen parameters, and no optimiser sees them.

    Args:
        network: what the average starts as.
    """

    def __init__(self, network: DepthNet) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        for module in self.network.modules():
            for name, parameter in list(module.named_parameters(recurse=False)):
                delattr(module, name)
                module.register_buffer(name, parameter.detach().clone())
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever the module that contains this one does."""
        return super().train(False)

    @torch.no_grad()
    def follow(self, network: DepthNet, momentum: float) -> None:
        """Become momentum * average + (1 - momentum) * network; counters are copied."""
        now = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(now[name], 1 - momentum)
            else:
                value.copy_(now[name])

    @torch.no_grad()
    def forward(self, image: Tensor, night: Tensor | None = None) -> DepthOutput:
        """As `DepthNet.forward`."""
        return self.network(image, night)

    @torch.no_grad()
    def both_ways(self, image: Tensor, night: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What it says of an image, and of the mirrored one, mirrored back.

        Args:
            image: (B, 3, H, W) in 0..1.
            night: as `DepthNet.forward` takes it.

        Returns:
            Two inverse depths (B, 1, H, W) [1/m].
        """
        straight = self(image, night).inverse_depths[0]
        mirrored = self(image.flip(-1), night).inverse_depths[0].flip(-1)
        return straight, mirrored
