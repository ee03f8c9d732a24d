"""A diffusion model that a test can afford."""

import copy
import functools

import torch

from acdepth.core.seeding import make_generator
from acdepth.diffusion.model import DiffusionModel
from acdepth.diffusion.tiny import TinyDiffusionConfig

TINY = TinyDiffusionConfig(
    autoencoder="kl",
    vae_channels=(8, 8, 16, 16),
    latent_channels=4,
    unet_channels=(8, 16, 16),
    text_width=16,
)
TINY_TAESD = TINY.model_copy(update={"autoencoder": "taesd", "vae_channels": (8, 8, 8, 8)})
HEIGHT, WIDTH = 32, 48


def tiny_model(seed: int = 0) -> DiffusionModel:
    """Untrained, with SD-Turbo's classes, and the caller's own; the same seed gives the same weights."""
    return copy.deepcopy(_build(seed))


def tiny_taesd_model(seed: int = 0) -> DiffusionModel:
    """The same with TAESD's autoencoder."""
    return TINY_TAESD.build(seed)


_build = functools.cache(TINY.build)


def random_image(count: int = 2, height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> torch.Tensor:
    """(B, 3, H, W) in -1..1."""
    return torch.rand(count, 3, height, width, generator=make_generator(seed, "image")) * 2 - 1
