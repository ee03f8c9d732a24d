"""A depth network small enough for tests, with a checkpoint and a camera."""

from pathlib import Path

import numpy as np
import torch

from acdepth.core.camera import Camera
from acdepth.core.seeding import make_generator
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig

INPUT_SIZE = (64, 96)
CAMERA = Camera(fx=60.0, fy=60.0, cx=47.5, cy=31.5, width=96, height=64)
"""Of the training images, at the network's size."""


def tiny_network(seed: int = 0) -> DepthNet:
    network = DepthNet(DepthNetConfig(width=8))
    generator = make_generator(seed, "tiny network")
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:
                fan_in = parameter[0].numel()
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * (1.5 / fan_in) ** 0.5)
            elif name.endswith("bias"):
                parameter.zero_()
    return network.eval()


def tiny_card(**changes: object) -> CheckpointCard:
    values = {
        "network": DepthNetConfig(width=8),
        "input_size": INPUT_SIZE,
        "camera": CAMERA.to_dict(),
        "description": "untrained, for tests",
    }
    return CheckpointCard.model_validate({**values, **changes})


def tiny_checkpoint(path: Path, **changes: object) -> Path:
    save_checkpoint(path, tiny_network(), tiny_card(**changes))
    return path


def picture(height: int = 64, width: int = 96, seed: int = 0) -> np.ndarray:
    """Smooth blobs, uint8 (H, W, 3): survive JPEG and video."""
    coarse = torch.rand(1, 3, 5, 6, generator=make_generator(seed, "picture"))
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    return (smooth[0].permute(1, 2, 0) * 255).byte().numpy()
