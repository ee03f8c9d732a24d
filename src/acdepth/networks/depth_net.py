"""The depth network: image in, inverse depth at four scales and features out (architecture: monodepth2)."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.core.errors import UserError
from acdepth.geometry.reflection import upsampled_and_joined
from acdepth.networks.encoders import build_encoder
from acdepth.networks.settings import SMALLEST_SIDE, STRIDE, DepthNetConfig

SCALES = 4
"""Full size, 1/2, 1/4, 1/8."""
CALM_HEAD = 0.1
"""Factor on a head's first weights where a starting depth is asked for, so that all pixels start near it."""


class DepthOutput(NamedTuple):
    """What the network says about a batch."""

    inverse_depths: tuple[Tensor, ...]
    """Four tensors (B, 1, h, w) [1/m], full size to 1/8."""
    features: tuple[Tensor, ...]
    """Five tensors (B, C, h, w), 1/2 to 1/32."""


def inverse_depth_from_sigmoid(
    sigmoid: Float[Tensor, "*shape"], min_depth: float, max_depth: float
) -> Float[Tensor, "*shape"]:
    """Scale 0..1 linearly to inverse depth between 1/max_depth and 1/min_depth [1/m] (monodepth2)."""
    return 1 / max_depth + (1 / min_depth - 1 / max_depth) * sigmoid


def logit_of_depth(depth: float, min_depth: float, max_depth: float) -> float:
    """The value before the sigmoid that says ``depth`` [m]: the inverse of `inverse_depth_from_sigmoid`.

    Raises:
        UserError: if the depth is not inside the range.
    """
    if not min_depth < depth < max_depth:
        what = f"a depth of {depth:g} m is outside the network's range of {min_depth:g} to {max_depth:g} m"
        raise UserError(None, what, "choose one inside it")
    sigmoid = (1 / depth - 1 / max_depth) / (1 / min_depth - 1 / max_depth)
    return math.log(sigmoid / (1 - sigmoid))


class DepthDecoder(nn.Module):
    """Upsampling of the five feature levels with skips; each scale says its inverse depth through a sigmoid.

    `DepthNet` says what the arguments are.
    """

    def __init__(
        self, encoder_channels: tuple[int, ...], config: DepthNetConfig, initial_depth: float | None
    ) -> None:
        super().__init__()
        self.min_depth, self.max_depth = config.min_depth, config.max_depth
        quarter = config.width // 4
        channels = tuple(quarter * 2**level for level in range(5))
        self.before, self.after = nn.ModuleList(), nn.ModuleList()
        for level in range(5):
            coming = encoder_channels[4] if level == 4 else channels[level + 1]
            skipped = encoder_channels[level - 1] if level > 0 else 0
            self.before.append(_convolution(coming, channels[level]))
            self.after.append(_convolution(channels[level] + skipped, channels[level]))
        self.heads = nn.ModuleList(_convolution(channels[scale], 1) for scale in range(SCALES))
        if initial_depth is not None:
            for head in self.heads:
                assert isinstance(head, nn.Conv2d) and head.bias is not None
                nn.init.constant_(head.bias, logit_of_depth(initial_depth, self.min_depth, self.max_depth))
                with torch.no_grad():
                    head.weight.mul_(CALM_HEAD)

    def forward(self, features: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Inverse depth [1/m]: (B, 1, H, W), then 1/2, 1/4, 1/8 of the sides."""
        padded, found = _padded(features[-1]), []
        for level in reversed(range(5)):
            x = F.elu(self.before[level](padded))
            x = F.elu(self.after[level](_padded(x, features[level - 1] if level else None, 2)))
            padded = _padded(x)
            if level < SCALES:
                # A logit of -5, which is 12 m, has steps of 3 % of the depth in bfloat16.
                with torch.autocast(x.device.type, enabled=False):
                    sigmoid = torch.sigmoid(self.heads[level](padded.float()))
                found.append(inverse_depth_from_sigmoid(sigmoid, self.min_depth, self.max_depth))
        return tuple(reversed(found))


def _convolution(channels_in: int, channels: int) -> nn.Conv2d:
    """Of what `_padded` gives."""
    return nn.Conv2d(channels_in, channels, 3)


def _padded(x: Tensor, skipped: Tensor | None = None, factor: int = 1) -> Tensor:
    """Repeat pixels, append channels, reflect one pixel around; see `upsampled_and_joined`.

    Without gradients in torch's own words, which every other runtime knows too.
    """
    if x.requires_grad:
        return upsampled_and_joined(x, skipped, factor)
    if factor > 1:
        x = F.interpolate(x, scale_factor=float(factor), mode="nearest")
    return F.pad(x if skipped is None else torch.cat([x, skipped], 1), (1, 1, 1, 1), mode="reflect")


class DepthNet(nn.Module):
    """An encoder, in the paper ResNet18, and monodepth2's decoder; by default it is not told day from night.

    Args:
        config: encoder, width, range and normalisation.
        initial_depth: depth [m] that the untrained network says; None leaves that to chance, as in the paper.
    """

    mean: Tensor
    std: Tensor
    night_mean: Tensor
    night_std: Tensor

    def __init__(self, config: DepthNetConfig, initial_depth: float | None = None) -> None:
        super().__init__()
        self.config = config
        self.encoder = build_encoder(config)
        self.decoder = DepthDecoder(self.encoder.channels, config, initial_depth)
        for name in ("mean", "std", "night_mean", "night_std"):
            self.register_buffer(name, torch.empty(3, 1, 1), persistent=False)
        self.set_statistics()

    def set_statistics(self) -> None:
        """Fill what no checkpoint holds, as the config says it."""
        config = self.config
        for buffer, values in (
            (self.mean, config.mean),
            (self.std, config.std),
            (self.night_mean, config.night_mean or config.mean),
            (self.night_std, config.night_std or config.std),
        ):
            buffer.copy_(torch.tensor(values).view(3, 1, 1))

    def features(self, image: Tensor, night: Tensor | None = None) -> tuple[Tensor, ...]:
        """Encoder features of (B, 3, H, W) images in 0..1: five tensors, 1/2 to 1/32 of the sides."""
        height, width = image.shape[-2:]
        if height % STRIDE or width % STRIDE or min(height, width) < SMALLEST_SIDE:
            needed = f"both sides must be multiples of {STRIDE}, at least {SMALLEST_SIDE}"
            raise UserError(f"image of {height}x{width} pixels", needed)
        return self.encoder(self.normalised(image, night))

    def normalised(self, image: Tensor, night: Tensor | None = None) -> Tensor:
        """What the encoder sees of (B, 3, H, W) images in 0..1.

        ``night`` (B,) bool is for networks with a normalisation of their own for it; None is day everywhere.
        """
        if night is None or self.config.night_mean is None:
            return (image - self.mean) / self.std
        known = night.view(-1, 1, 1, 1)
        mean = torch.where(known, self.night_mean, self.mean)
        return (image - mean) / torch.where(known, self.night_std, self.std)

    def forward(self, image: Tensor, night: Tensor | None = None) -> DepthOutput:
        """Inverse depth and features of (B, 3, H, W) images in 0..1; ``night`` as for `normalised`.

        Raises:
            UserError: if a side is no multiple of 32, or less than 64.
        """
        features = self.features(image, night)
        return DepthOutput(self.decoder(features), features)
