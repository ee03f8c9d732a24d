"""ResNet18 as an encoder of five feature levels (He et al., CVPR 2016)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut. Parameter names are those of ImageNet weight files."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels_in != channels:
            shortcut = nn.Conv2d(channels_in, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C, H / stride, W / stride)."""
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNetEncoder(nn.Module):
    """ResNet18 without its classifier.

    Args:
        width: channels of the first level; 64 is ResNet18, 32 has half the channels everywhere.
        channels_in: 3 for one image, 6 for a pair.
    """

    def __init__(self, width: int = 64, channels_in: int = 3) -> None:
        super().__init__()
        self.channels = resnet_channels(width)
        self.conv1 = nn.Conv2d(channels_in, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _level(width, width, stride=1)
        self.layer2 = _level(width, 2 * width, stride=2)
        self.layer3 = _level(2 * width, 4 * width, stride=2)
        self.layer4 = _level(4 * width, 8 * width, stride=2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Five levels (B, C_i, H / 2^(i+1), W / 2^(i+1)) of normalised images (B, channels_in, H, W)."""
        first = torch.relu(self.bn1(self.conv1(image)))
        features = [first, self.layer1(self.pool(first))]
        for level in (self.layer2, self.layer3, self.layer4):
            features.append(level(features[-1]))
        return tuple(features)

    def named_here(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of a file by our names, without a classifier's, the first layer's shared among the images.

        Equal images then give the features of one (monodepth2).
        """
        kept = {name: value for name, value in tensors.items() if not name.startswith("fc.")}
        images = self.conv1.in_channels // 3
        if "conv1.weight" in kept:
            kept["conv1.weight"] = kept["conv1.weight"].repeat(1, images, 1, 1) / images
        return kept


def resnet_channels(width: int) -> tuple[int, ...]:
    """Channels of the five levels."""
    return (width, width, 2 * width, 4 * width, 8 * width)


def _level(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels, 1))
