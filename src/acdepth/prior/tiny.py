"""A Depth Anything small enough to train on a CPU and to ship."""

import torch
from pydantic import Field
from torch import nn
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from acdepth.core.config import Config
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.prior.preprocessing import Preprocessing

PATCH = 14
FIRST_SPREAD = 0.03
"""Factor on the last layer's first weights: the first predictions spread over about 1 +- 0.25."""


class TinyPriorConfig(Config):
    """Size of a small Depth Anything; the defaults have 1.3 million parameters, 5.3 MB in float32."""

    side: int = Field(default=98, gt=0, multiple_of=PATCH)
    """Shorter side of the images it is trained on [px]."""
    width: int = Field(default=128, gt=0)
    """Channels of the vision transformer, a multiple of ``heads``. Depth Anything V2 small: 384."""
    layers: int = Field(default=4, ge=4)
    """Blocks of the vision transformer. Depth Anything V2 small: 12."""
    heads: int = Field(default=4, gt=0)
    """Attention heads. Depth Anything V2 small: 6."""
    neck: tuple[int, int, int, int] = (24, 48, 96, 128)
    """Channels at strides 3.5, 7, 14, 28. Depth Anything V2 small: 48, 96, 192, 384."""
    fusion: int = Field(default=32, gt=0)
    """Channels where the strides are fused. Depth Anything V2 small: 64."""
    head: int = Field(default=16, gt=0)
    """Channels before the last convolution. Depth Anything V2: 32."""

    @property
    def preprocessing(self) -> Preprocessing:
        """Images as the network sees them."""
        return Preprocessing(side=self.side, patch=PATCH)

    def build(self, seed: int) -> DepthAnythingForDepthEstimation:
        """An untrained, trainable network; the same seed gives the same weights."""
        quarters = [self.layers * quarter // 4 for quarter in (1, 2, 3, 4)]
        backbone = Dinov2Config.from_dict(
            {
                "hidden_size": self.width,
                "num_hidden_layers": self.layers,
                "num_attention_heads": self.heads,
                "image_size": self.side,
                "patch_size": PATCH,
                "out_indices": quarters,
                "reshape_hidden_states": False,
            }
        )
        config = DepthAnythingConfig(
            backbone_config=backbone,
            patch_size=PATCH,
            reassemble_hidden_size=self.width,
            neck_hidden_sizes=self.neck,
            fusion_hidden_size=self.fusion,
            head_hidden_size=self.head,
        )
        with torch.random.fork_rng(devices=[]):
            # transformers draws from the global generator; the fork keeps that to ourselves.
            torch.manual_seed(derive_seed(seed, "tiny prior", "backbone"))
            network = DepthAnythingForDepthEstimation(config)
        _wake_decoder(network, make_generator(seed, "tiny prior", "decoder"))
        return network


def _wake_decoder(network: DepthAnythingForDepthEstimation, generator: torch.Generator) -> None:
    """Draw the convolutions anew, at a size that keeps the signal's (He et al. 2015).

    transformers draws them with deviation 0.02, for weights that are loaded over them: the output is then
    constant to six digits, and a loss that ignores scale has nothing to hold on to. Residual branches start
    at zero, so that the signal does not grow on its way; the last layer starts in the middle of the open half
    of its ReLU, because a pixel that starts closed would never learn.
    """
    for part in (network.neck, network.head):
        for name, module in part.named_modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if name.endswith("convolution2"):
                    nn.init.zeros_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    last = network.head.conv3
    assert last.bias is not None
    with torch.no_grad():
        last.weight.mul_(FIRST_SPREAD)
    nn.init.ones_(last.bias)
