"""From five feature levels to inverse depth at four scales (architecture: monodepth2)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.geometry.inverse_depth import inverse_depth_from_sigmoid, logit_of_depth

SCALES = 4
"""Full size, 1/2, 1/4, 1/8."""
CALM_HEAD = 0.1
"""Factor on a head's first weights where a starting depth is asked for, so that all pixels start near it."""


class DepthDecoder(nn.Module):
    """Upsampling with skips; each scale says its inverse depth through a sigmoid.

    Args:
        encoder_channels: of the five feature levels.
        min_depth: nearest depth [m].
        max_depth: farthest depth [m].
        initial_depth: depth [m] that the untrained decoder says; None leaves that to chance, as in the paper.
    """

    def __init__(
        self,
        encoder_channels: tuple[int, ...],
        min_depth: float,
        max_depth: float,
        initial_depth: float | None = None,
    ) -> None:
        super().__init__()
        self.min_depth, self.max_depth = min_depth, max_depth
        quarter = encoder_channels[0] // 4
        channels = tuple(quarter * 2**level for level in range(5))
        self.before, self.after = nn.ModuleList(), nn.ModuleList()
        for level in range(5):
            coming = encoder_channels[4] if level == 4 else channels[level + 1]
            skipped = encoder_channels[level - 1] if level > 0 else 0
            self.before.append(_convolution(coming, channels[level]))
            self.after.append(_convolution(channels[level] + skipped, channels[level]))
        self.heads = nn.ModuleList(_convolution(channels[scale], 1) for scale in range(SCALES))
        if initial_depth is not None:
            self._start_at(initial_depth)

    def forward(self, features: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Inverse depth [1/m]: (B, 1, H, W), then 1/2, 1/4, 1/8 of the sides."""
        x, found = features[-1], []
        for level in reversed(range(5)):
            x = F.interpolate(F.elu(self.before[level](x)), scale_factor=2.0, mode="nearest")
            if level > 0:
                x = torch.cat([x, features[level - 1]], 1)
            x = F.elu(self.after[level](x))
            if level < SCALES:
                # A logit of -5, which is 12 m, has steps of 3 % of the depth in bfloat16.
                with torch.autocast(x.device.type, enabled=False):
                    sigmoid = torch.sigmoid(self.heads[level](x.float()))
                found.append(inverse_depth_from_sigmoid(sigmoid, self.min_depth, self.max_depth))
        return tuple(reversed(found))

    def _start_at(self, depth: float) -> None:
        logit = logit_of_depth(depth, self.min_depth, self.max_depth)
        for head in self.heads:
            assert isinstance(head, nn.Conv2d) and head.bias is not None
            nn.init.constant_(head.bias, logit)
            with torch.no_grad():
                head.weight.mul_(CALM_HEAD)


def _convolution(channels_in: int, channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels, 3, padding=1, padding_mode="reflect")
