"""How the camera moved between two images."""

import torch
from torch import Tensor, nn

from acdepth.geometry.motion import pose_matrix
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.networks.resnet import ResNetEncoder

POSE_FILE = "pose.safetensors"
"""What its weights are called in a teacher's run folder."""


class PoseNet(nn.Module):
    """ResNet18 on a pair of images, and a small head (architecture: monodepth2).

    Args:
        config: the depth network's, for width and normalisation.
        initial_forward: metres that the untrained network lets the camera move forward from each frame to the
            next. 0 starts at no motion, as the paper does, where photometric gradients say little.
        scale: metres and radians per unit of the head's numbers. With (0.01, 0.01), as in monodepth2, a step
            of Adam moves a drive's speed by less than a millimetre per frame: short runs need more, or all
            drives keep one speed and depth no common scale.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, config: DepthNetConfig, initial_forward: float = 0.0, scale: tuple[float, float] = (0.01, 0.01)
    ) -> None:
        super().__init__()
        width = config.width
        self.initial_forward, (self.metres, self.radians) = initial_forward, scale
        self.encoder = ResNetEncoder(width, channels_in=6)
        self.register_buffer("mean", torch.tensor(config.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(config.std).view(3, 1, 1), persistent=False)
        hidden = 4 * width
        self.squeeze = nn.Conv2d(8 * width, hidden, 1)
        self.convolutions = nn.Sequential(
            nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, 12, 1),
        )

    def forward(self, target: Tensor, neighbour: Tensor) -> Tensor:
        """Pose vectors (B, 6) float32 from images (B, 3, H, W) in 0..1: tx ty tz [m], rx ry rz [rad]."""
        pair = torch.cat([(image - self.mean) / self.std for image in (target, neighbour)], 1)
        squeezed = torch.relu(self.squeeze(self.encoder(pair)[-1]))
        motion = self.convolutions(squeezed).float().mean((2, 3))
        # Rotation comes first out of the head, and there is room for a second motion, which nobody uses:
        # both so that published weights fit.
        return torch.cat([self.metres * motion[:, 3:6], self.radians * motion[:, :3]], 1)

    @torch.no_grad()
    def rescale(self, metres: float, radians: float = 1.0) -> None:
        """Say so many times the lengths and angles from now on."""
        last = self.convolutions[-1]
        assert isinstance(last, nn.Conv2d) and last.bias is not None
        factors = torch.ones_like(last.bias)
        factors[:3], factors[3:6] = radians, metres
        last.weight.mul_(factors[:, None, None, None])
        last.bias.mul_(factors)
        self.initial_forward *= metres

    def motions(self, target: Tensor, neighbours: Tensor, apart: bool = False) -> Tensor:
        """Motions from targets (B, 3, H, W) to their previous and next frames (B, 2, 3, H, W).

        In training, batch statistics are over the pairs of both kinds, or over each kind ``apart``.

        Returns:
            T_target_to_source (B, 2, 4, 4) [m].
        """
        if apart:
            vectors = torch.stack([self(target, frame) for frame in neighbours.unbind(1)], 1)
        else:
            repeated = target[:, None].expand_as(neighbours).flatten(0, 1)
            vectors = self(repeated, neighbours.flatten(0, 1)).unflatten(0, neighbours.shape[:2])
        # What the target sees at z, the previous camera, still behind it, sees farther away.
        start = torch.zeros_like(vectors[0])
        start[:, 2] = torch.tensor([self.initial_forward, -self.initial_forward], device=start.device)
        with torch.autocast(target.device.type, enabled=False):  # bfloat16 knows no rotation of a few degrees
            return pose_matrix(vectors.float() + start)
