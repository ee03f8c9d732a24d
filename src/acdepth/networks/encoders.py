"""Which encoder a configuration names."""

from acdepth.networks.efficientnet import CHANNELS, EfficientNetEncoder
from acdepth.networks.resnet import ResNetEncoder, resnet_channels
from acdepth.networks.settings import DepthNetConfig

Encoder = ResNetEncoder | EfficientNetEncoder


def build_encoder(config: DepthNetConfig) -> Encoder:
    """An untrained encoder of single images."""
    return ResNetEncoder(config.width) if config.encoder == "resnet18" else EfficientNetEncoder()


def encoder_channels(config: DepthNetConfig) -> tuple[int, ...]:
    """Channels of its five levels."""
    return resnet_channels(config.width) if config.encoder == "resnet18" else CHANNELS
