"""The depth network: image in, inverse depth and features out."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from acdepth.core.errors import UserError
from acdepth.networks.depth_decoder import DepthDecoder
from acdepth.networks.resnet import ResNetEncoder
from acdepth.networks.settings import SMALLEST_SIDE, STRIDE, DepthNetConfig


class DepthOutput(NamedTuple):
    """What the network says about a batch."""

    inverse_depths: tuple[Tensor, ...]
    """Four tensors (B, 1, h, w) [1/m], full size to 1/8."""
    features: tuple[Tensor, ...]
    """Five tensors (B, C, h, w), 1/2 to 1/32."""


class DepthNet(nn.Module):
    """ResNet18 encoder and monodepth2's decoder; needs to be told neither day nor night by default."""

    mean: Tensor
    std: Tensor
    night_mean: Tensor
    night_std: Tensor

    def __init__(self, config: DepthNetConfig, initial_depth: float | None = None) -> None:
        super().__init__()
        self.config = config
        self.encoder = ResNetEncoder(config.width)
        self.decoder = DepthDecoder(self.encoder.channels, config.min_depth, config.max_depth, initial_depth)
        statistics = {
            "mean": config.mean,
            "std": config.std,
            "night_mean": config.night_mean or config.mean,
            "night_std": config.night_std or config.std,
        }
        for name, values in statistics.items():
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def features(self, image: Tensor, night: Tensor | None = None) -> tuple[Tensor, ...]:
        """Encoder features of (B, 3, H, W) images in 0..1: five tensors, 1/2 to 1/32 of the sides.

        ``night`` as for `normalised`.
        """
        height, width = image.shape[-2:]
        if height % STRIDE or width % STRIDE or min(height, width) < SMALLEST_SIDE:
            raise UserError(
                f"image of {height}x{width} pixels",
                f"both sides must be multiples of {STRIDE}, at least {SMALLEST_SIDE}",
            )
        return self.encoder(self.normalised(image, night))

    def normalised(self, image: Tensor, night: Tensor | None = None) -> Tensor:
        """What the encoder sees of images.

        Args:
            image: (B, 3, H, W) in 0..1.
            night: (B,) bool, for networks with a normalisation of their own for the night; None says that
                nobody knows, and all are taken for day.
        """
        if night is None or self.config.night_mean is None:
            return (image - self.mean) / self.std
        known = night.view(-1, 1, 1, 1)
        mean = torch.where(known, self.night_mean, self.mean)
        return (image - mean) / torch.where(known, self.night_std, self.std)

    def forward(self, image: Tensor, night: Tensor | None = None) -> DepthOutput:
        """Inverse depth and features of (B, 3, H, W) images in 0..1.

        ``night`` as for `normalised`.

        Raises:
            UserError: if a side is no multiple of 32, or less than 64.
        """
        features = self.features(image, night)
        return DepthOutput(self.decoder(features), features)
