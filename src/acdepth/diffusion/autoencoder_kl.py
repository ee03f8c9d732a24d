"""Stable Diffusion's own autoencoder, level by level."""

from typing import Any

from diffusers import AutoencoderKL
from torch import Tensor, nn

from acdepth.diffusion.frugal import Runner


def skip_channels(vae: AutoencoderKL) -> list[tuple[int, int]]:
    """(seen by the encoder, wanted by the decoder) at each level, coarse to fine."""
    pairs = zip(reversed(vae.encoder.down_blocks), vae.decoder.up_blocks, strict=True)
    return [(_channels(down), _channels(up)) for down, up in pairs]


def encode(vae: AutoencoderKL, image: Tensor, run: Runner) -> tuple[Tensor, list[Tensor]]:
    """As `acdepth.diffusion.autoencoder.encode`, unscaled."""
    encoder = vae.encoder
    features, seen = encoder.conv_in(image), []
    for level in encoder.down_blocks:
        seen.append(features)
        features = run(level, features)
    features = run(encoder.mid_block, features)
    moments = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(features)))
    moments = vae.quant_conv(moments) if vae.quant_conv is not None else moments
    return moments.chunk(2, dim=1)[0], seen


def decode(
    vae: AutoencoderKL, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], run: Runner
) -> Tensor:
    """As `acdepth.diffusion.autoencoder.decode`, of unscaled latents."""
    decoder = vae.decoder
    latents = vae.post_quant_conv(latents) if vae.post_quant_conv is not None else latents
    features = run(decoder.mid_block, decoder.conv_in(latents))
    for level, skip, past in zip(decoder.up_blocks, skips, reversed(seen), strict=True):
        features = run(level, features + skip(past))
    return decoder.conv_out(decoder.conv_act(decoder.conv_norm_out(features)))


def _channels(level: nn.Module) -> int:
    """Channels that a level of encoder or decoder takes."""
    first: Any = level.get_submodule("resnets")[0]  # pyright: ignore[reportIndexIssue]
    return first.in_channels
