"""The small autoencoder that TAESD made for Stable Diffusion's latents, level by level.

It has no normalisation and a tenth of the layers, so it learns in minutes what the large one does not: see
``docs/decisions/0005-translator.md``.
"""

from itertools import pairwise

import torch
from diffusers import AutoencoderTiny
from diffusers.models.unets.unet_2d_blocks import AutoencoderTinyBlock
from torch import Tensor, nn

from acdepth.diffusion.frugal import Runner

LARGEST = 3.0
"""Latents are bent into -3..3 before decoding. TAESD: 3."""


def skip_channels(vae: AutoencoderTiny) -> list[tuple[int, int]]:
    """(seen by the encoder, wanted by the decoder) at each level, coarse to fine."""
    coarse_to_fine = reversed(vae.config["encoder_block_out_channels"])
    return list(zip(coarse_to_fine, vae.config["decoder_block_out_channels"], strict=True))


def encode(vae: AutoencoderTiny, image: Tensor, run: Runner) -> tuple[Tensor, list[Tensor]]:
    """As `acdepth.diffusion.autoencoder.encode`, unscaled."""
    layers = list(vae.encoder.layers)
    starts = [place for place, layer in enumerate(layers) if not isinstance(layer, AutoencoderTinyBlock)]
    features, seen = (image + 1) / 2, []
    # A level is a convolution, of stride 2 but for the first, and blocks; the last convolution makes latents.
    for start, end in pairwise(starts):
        features = layers[start](features)
        seen.append(features)
        features = run(nn.Sequential(*layers[start + 1 : end]), features)
    return layers[-1](features), seen


def decode(
    vae: AutoencoderTiny, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], run: Runner
) -> Tensor:
    """As `acdepth.diffusion.autoencoder.decode`, of unscaled latents."""
    first, activation, *layers = vae.decoder.layers
    features = activation(first(torch.tanh(latents / LARGEST) * LARGEST))
    inside = (AutoencoderTinyBlock, nn.Upsample)
    ends = [0, *(place + 1 for place, layer in enumerate(layers) if not isinstance(layer, inside))]
    for (start, end), skip, past in zip(pairwise(ends), skips, reversed(seen), strict=True):
        features = run(nn.Sequential(*layers[start:end]), features + skip(past))
    return features * 2 - 1
