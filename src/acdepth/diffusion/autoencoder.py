"""Stable Diffusion's autoencoder with ways past the latents: skips from the encoder to the decoder.

Eightfold reduction loses what a depth network needs most: poles, kerbs, far cars. img2img-turbo hands what
the encoder saw at each stride to the decoder at the same stride through 1x1 convolutions that start at zero,
so that the pretrained autoencoder is where training begins.
"""

from collections.abc import Callable
from typing import Any

from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def make_skips(vae: AutoencoderKL) -> nn.ModuleList:
    """A 1x1 convolution without bias for each level of the decoder, coarse to fine, all zero."""
    pairs = zip(reversed(vae.encoder.down_blocks), vae.decoder.up_blocks, strict=True)
    skips = nn.ModuleList(nn.Conv2d(_channels(down), _channels(up), 1, bias=False) for down, up in pairs)
    for skip in skips:
        nn.init.zeros_(skip.weight)  # pyright: ignore[reportArgumentType]
    return skips


def encode(vae: AutoencoderKL, image: Tensor, frugal: bool = False) -> tuple[Tensor, list[Tensor]]:
    """Image to latents, and what the encoder saw on the way.

    Args:
        vae: the autoencoder.
        image: (B, 3, H, W) in -1..1, sides multiples of the reduction.
        frugal: compute each level again in the backward pass instead of keeping its inside.

    Returns:
        Latents (B, C, h, w), scaled as the UNet wants them and not drawn at random, and the inputs of the
        encoder's levels, fine to coarse.
    """
    encoder, run = vae.encoder, _runner(frugal)
    features, seen = encoder.conv_in(image), []
    for level in encoder.down_blocks:
        seen.append(features)
        features = run(level, features)
    features = run(encoder.mid_block, features)
    moments = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(features)))
    moments = vae.quant_conv(moments) if vae.quant_conv is not None else moments
    mean = moments.chunk(2, dim=1)[0]
    return mean * vae.config["scaling_factor"], seen


def decode(
    vae: AutoencoderKL, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], frugal: bool = False
) -> Tensor:
    """Latents to an image.

    Args:
        vae: the autoencoder.
        latents: (B, C, h, w), scaled as `encode` scales them.
        skips: of `make_skips`.
        seen: as `encode` returns it.
        frugal: as there.

    Returns:
        (B, 3, H, W), about -1..1.
    """
    decoder, run = vae.decoder, _runner(frugal)
    latents = latents / vae.config["scaling_factor"]
    latents = vae.post_quant_conv(latents) if vae.post_quant_conv is not None else latents
    features = run(decoder.mid_block, decoder.conv_in(latents))
    for level, skip, past in zip(decoder.up_blocks, skips, reversed(seen), strict=True):
        features = run(level, features + skip(past))
    return decoder.conv_out(decoder.conv_act(decoder.conv_norm_out(features)))


def _channels(level: nn.Module) -> int:
    """Channels that a level of encoder or decoder takes."""
    first: Any = level.get_submodule("resnets")[0]  # pyright: ignore[reportIndexIssue]
    return first.in_channels


def _runner(frugal: bool) -> Callable[[Any, Tensor], Tensor]:
    def run(module: Any, features: Tensor) -> Tensor:
        if frugal:
            return checkpoint(module, features, use_reentrant=False)  # pyright: ignore[reportReturnType]
        return module(features)

    return run
