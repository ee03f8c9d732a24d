"""What frozen networks see in an image: features for a perceptual distance, and relative depth.

Both come from Depth Anything, which the pipeline holds anyway; inside it is a DINOv2.
"""

from typing import Any

import torch
from torch import Tensor, nn

from acdepth.core.errors import UserError
from acdepth.prior.depth_anything import DepthAnythingPrior, relative_inverse_depth


class Perception:
    """A frozen prior that lets gradients through to the image."""

    def __init__(self, prior: DepthAnythingPrior) -> None:
        self.prior = prior

    def to_device(self, device: torch.device) -> None:
        """Move the network."""
        self.prior.to(device)

    def features(self, image: Tensor) -> list[Tensor]:
        """(B, N, D) per level of the backbone, of an image (B, 3, H, W) in -1..1."""
        backbone: Any = self.prior.network.backbone
        return [level.float() for level in backbone(self.prior.preprocessing(image / 2 + 0.5)).feature_maps]

    def inverse_depth(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) relative inverse depth of an image (B, 3, H, W) in -1..1."""
        return relative_inverse_depth(self.prior.network, self.prior.preprocessing, image / 2 + 0.5)


def load_lpips() -> nn.Module:
    """The learned perceptual distance of Zhang et al. 2018, where the user has it."""
    try:
        import lpips  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        what = "lpips needs the package lpips (and torchvision)"
        raise UserError("perceptual", what, "use perceptual: backbone") from error
    return lpips.LPIPS(net="vgg", verbose=False).eval().requires_grad_(False)
