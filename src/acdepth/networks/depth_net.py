"""The depth network: image in, inverse depth and features out."""

from typing import Annotated, NamedTuple, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.networks.depth_decoder import DepthDecoder
from acdepth.networks.resnet import ResNetEncoder

STRIDE = 32
"""Both sides of the input must be multiples of this [px]."""
SMALLEST_SIDE = 2 * STRIDE
"""Least side of the input [px]: a single row of the coarsest features cannot be padded by reflection."""

Side = Annotated[int, Field(ge=SMALLEST_SIDE, multiple_of=STRIDE)]
"""A side of the input, as settings give it [px]."""


class DepthOutput(NamedTuple):
    """What the network says about a batch."""

    inverse_depths: tuple[Tensor, ...]
    """Four tensors (B, 1, h, w) [1/m], full size to 1/8."""
    features: tuple[Tensor, ...]
    """Five tensors (B, C, h, w), 1/2 to 1/32."""


Deviation = Annotated[float, Field(gt=0)]


class DepthNetConfig(Config):
    """All that is needed to build the network again."""

    width: int = Field(default=64, ge=4, le=1024, multiple_of=4)
    """Channels of the encoder's first level; 64 is ResNet18."""
    min_depth: float = Field(default=0.1, gt=0)
    """Nearest depth [m]. ACDepth: 0.1."""
    max_depth: float = 80.0
    """Farthest depth [m]. ACDepth: 80."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Subtracted from the image. ImageNet's; ACDepth uses one number per data set and day or night."""
    std: tuple[Deviation, Deviation, Deviation] = (0.229, 0.224, 0.225)
    """The image is divided by this. ImageNet's."""

    @model_validator(mode="after")
    def _range_is_a_range(self) -> Self:
        if not self.min_depth < self.max_depth:
            raise ValueError(f"min_depth {self.min_depth:g} m must be below max_depth {self.max_depth:g} m")
        return self


class DepthNet(nn.Module):
    """ResNet18 encoder and monodepth2's decoder, with one normalisation that needs no condition label."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: DepthNetConfig, initial_depth: float | None = None) -> None:
        super().__init__()
        self.config = config
        self.encoder = ResNetEncoder(config.width)
        self.decoder = DepthDecoder(self.encoder.channels, config.min_depth, config.max_depth, initial_depth)
        self.register_buffer("mean", torch.tensor(config.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(config.std).view(3, 1, 1), persistent=False)

    def features(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encoder features of (B, 3, H, W) images in 0..1: five tensors, 1/2 to 1/32 of the sides."""
        height, width = image.shape[-2:]
        if height % STRIDE or width % STRIDE or min(height, width) < SMALLEST_SIDE:
            raise UserError(
                f"image of {height}x{width} pixels: both sides must be multiples of {STRIDE}, "
                f"at least {SMALLEST_SIDE}"
            )
        return self.encoder(self.normalised(image))

    def normalised(self, image: Tensor) -> Tensor:
        """What the encoder sees of (B, 3, H, W) images in 0..1."""
        return (image - self.mean) / self.std

    def forward(self, image: Tensor) -> DepthOutput:
        """Inverse depth and features of (B, 3, H, W) images in 0..1.

        Raises:
            UserError: if a side is no multiple of 32, or less than 64.
        """
        features = self.features(image)
        return DepthOutput(self.decoder(features), features)
