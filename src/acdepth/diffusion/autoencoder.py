"""Autoencoders of latent diffusion with ways past the latents: skips from the encoder to the decoder.

Eightfold reduction loses what a depth network needs most: poles, kerbs, far cars. img2img-turbo hands what
the encoder saw at each stride to the decoder at the same stride through 1x1 convolutions that start at next
to nothing, so that the pretrained autoencoder is where training begins.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.models.unets.unet_2d_blocks import AutoencoderTinyBlock
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

Autoencoder = AutoencoderKL | AutoencoderTiny
"""Stable Diffusion's own, or TAESD, which decodes the same latents with 2 % of the work: with a tenth of
the layers and without normalisation it learns in minutes what the large one does not
(``docs/decisions/0005-translator.md``)."""
TAESD_LARGEST = 3.0
"""TAESD bends latents into -3..3 before decoding."""

Run = Callable[[Any, Tensor], Any]
"""Calls a module with features."""


def make_skips(vae: Autoencoder, start: float = 0.0) -> nn.ModuleList:
    """A 1x1 convolution without bias for each level of the decoder, coarse to fine, all weights ``start``."""
    skips = nn.ModuleList(nn.Conv2d(seen, wanted, 1, bias=False) for seen, wanted in _skip_channels(vae))
    for skip in skips:
        nn.init.constant_(skip.weight, start)  # pyright: ignore[reportArgumentType]
    return skips


def reduction(vae: Autoencoder) -> int:
    """How many pixels of a side become one latent; SD-Turbo: 8."""
    return 2 ** (len(_skip_channels(vae)) - 1)


def encode(vae: Autoencoder, image: Tensor, frugal: bool = False) -> tuple[Tensor, list[Tensor]]:
    """Image (B, 3, H, W) in -1..1, sides multiples of the reduction, to latents, and what it saw on the way.

    Latents (B, C, h, w) are scaled as the UNet wants them and not drawn at random; seen are the inputs of the
    encoder's levels, fine to coarse. ``frugal`` computes each level again in the backward pass instead of
    keeping its inside.
    """
    encode_kind = _encode_tiny if isinstance(vae, AutoencoderTiny) else _encode_kl
    latents, seen = encode_kind(vae, image, _runner(frugal))
    return latents * vae.config["scaling_factor"], seen


def decode(
    vae: Autoencoder, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], frugal: bool = False
) -> Tensor:
    """Latents (B, C, h, w), scaled as `encode` scales them, to an image (B, 3, H, W), about -1..1."""
    decode_kind = _decode_tiny if isinstance(vae, AutoencoderTiny) else _decode_kl
    return decode_kind(vae, latents / vae.config["scaling_factor"], skips, seen, _runner(frugal))


def _runner(frugal: bool) -> Run:
    if frugal:
        return partial(checkpoint, use_reentrant=False)
    return lambda module, features: module(features)


def _skip_channels(vae: Autoencoder) -> list[tuple[int, int]]:
    """(seen by the encoder, wanted by the decoder) at each level, coarse to fine."""
    if isinstance(vae, AutoencoderTiny):
        coarse_to_fine = reversed(vae.config["encoder_block_out_channels"])
        return list(zip(coarse_to_fine, vae.config["decoder_block_out_channels"], strict=True))

    def taken(level: nn.Module) -> int:
        first: Any = level.get_submodule("resnets")[0]  # pyright: ignore[reportIndexIssue]
        return first.in_channels

    pairs = zip(reversed(vae.encoder.down_blocks), vae.decoder.up_blocks, strict=True)
    return [(taken(down), taken(up)) for down, up in pairs]


def _encode_kl(vae: Any, image: Tensor, run: Run) -> tuple[Tensor, list[Tensor]]:
    encoder = vae.encoder
    features, seen = encoder.conv_in(image), []
    for level in encoder.down_blocks:
        seen.append(features)
        features = run(level, features)
    features = run(encoder.mid_block, features)
    moments = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(features)))
    moments = vae.quant_conv(moments) if vae.quant_conv is not None else moments
    return moments.chunk(2, dim=1)[0], seen


def _decode_kl(vae: Any, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], run: Run) -> Tensor:
    decoder = vae.decoder
    latents = vae.post_quant_conv(latents) if vae.post_quant_conv is not None else latents
    features = run(decoder.mid_block, decoder.conv_in(latents))
    for level, skip, past in zip(decoder.up_blocks, skips, reversed(seen), strict=True):
        features = run(level, features + skip(past))
    return decoder.conv_out(decoder.conv_act(decoder.conv_norm_out(features)))


def _encode_tiny(vae: Any, image: Tensor, run: Run) -> tuple[Tensor, list[Tensor]]:
    layers = list(vae.encoder.layers)
    starts = [place for place, layer in enumerate(layers) if not isinstance(layer, AutoencoderTinyBlock)]
    features, seen = (image + 1) / 2, []
    # A level is a convolution, of stride 2 but for the first, and blocks; the last convolution makes latents.
    for start, end in pairwise(starts):
        features = layers[start](features)
        seen.append(features)
        features = run(nn.Sequential(*layers[start + 1 : end]), features)
    return layers[-1](features), seen


def _decode_tiny(vae: Any, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], run: Run) -> Tensor:
    first, activation, *layers = vae.decoder.layers
    features = activation(first(torch.tanh(latents / TAESD_LARGEST) * TAESD_LARGEST))
    inside = (AutoencoderTinyBlock, nn.Upsample)
    ends = [0, *(place + 1 for place, layer in enumerate(layers) if not isinstance(layer, inside))]
    for (start, end), skip, past in zip(pairwise(ends), skips, reversed(seen), strict=True):
        features = run(nn.Sequential(*layers[start:end]), features + skip(past))
    return features * 2 - 1
