"""Autoencoders of latent diffusion with ways past the latents: skips from the encoder to the decoder.

Eightfold reduction loses what a depth network needs most: poles, kerbs, far cars. img2img-turbo hands what
the encoder saw at each stride to the decoder at the same stride through 1x1 convolutions that start at zero,
so that the pretrained autoencoder is where training begins.
"""

from typing import Any

from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Tensor, nn

from acdepth.diffusion import autoencoder_kl, autoencoder_tiny
from acdepth.diffusion.frugal import runner

Autoencoder = AutoencoderKL | AutoencoderTiny
"""Stable Diffusion's own, or TAESD, which decodes the same latents with 2 % of the work."""


def make_skips(vae: Autoencoder) -> nn.ModuleList:
    """A 1x1 convolution without bias for each level of the decoder, coarse to fine, all zero."""
    skips = nn.ModuleList(
        nn.Conv2d(seen, wanted, 1, bias=False) for seen, wanted in _kind(vae).skip_channels(vae)
    )
    for skip in skips:
        nn.init.zeros_(skip.weight)  # pyright: ignore[reportArgumentType]
    return skips


def reduction(vae: Autoencoder) -> int:
    """How many pixels of a side become one latent; SD-Turbo: 8."""
    return 2 ** (len(_kind(vae).skip_channels(vae)) - 1)


def encode(vae: Autoencoder, image: Tensor, frugal: bool = False) -> tuple[Tensor, list[Tensor]]:
    """Image to latents, and what the encoder saw on the way.

    Args:
        vae: the autoencoder.
        image: (B, 3, H, W) in -1..1, sides multiples of the reduction.
        frugal: compute each level again in the backward pass instead of keeping its inside.

    Returns:
        Latents (B, C, h, w), scaled as the UNet wants them and not drawn at random, and the inputs of the
        encoder's levels, fine to coarse.
    """
    latents, seen = _kind(vae).encode(vae, image, runner(frugal))
    return latents * vae.config["scaling_factor"], seen


def decode(
    vae: Autoencoder, latents: Tensor, skips: nn.ModuleList, seen: list[Tensor], frugal: bool = False
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
    latents = latents / vae.config["scaling_factor"]
    return _kind(vae).decode(vae, latents, skips, seen, runner(frugal))


def _kind(vae: Autoencoder) -> Any:
    return autoencoder_tiny if isinstance(vae, AutoencoderTiny) else autoencoder_kl
