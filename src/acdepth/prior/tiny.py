"""A Depth Anything small enough to train on a CPU and to ship."""

import torch
from torch import nn
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from acdepth.core.seeding import derive_seed, make_generator
from acdepth.prior.settings import PATCH, TinyPriorConfig

FIRST_SPREAD = 0.03
"""Factor on the last layer's first weights: the first predictions spread over about 1 +- 0.25."""


def build_tiny_prior(size: TinyPriorConfig, seed: int) -> DepthAnythingForDepthEstimation:
    """An untrained, trainable network; the same seed gives the same weights."""
    quarters = [size.layers * quarter // 4 for quarter in (1, 2, 3, 4)]
    backbone = Dinov2Config.from_dict(
        {
            "hidden_size": size.width,
            "num_hidden_layers": size.layers,
            "num_attention_heads": size.heads,
            "image_size": size.side,
            "patch_size": PATCH,
            "out_indices": quarters,
            "reshape_hidden_states": False,
        }
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=PATCH,
        reassemble_hidden_size=size.width,
        neck_hidden_sizes=size.neck,
        fusion_hidden_size=size.fusion,
        head_hidden_size=size.head,
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
