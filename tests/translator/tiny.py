"""A translator that a test can afford."""

import copy
import functools
from typing import Any

import torch

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.prior.settings import TinyPriorConfig
from acdepth.translator.generator import Generator, build_generator
from acdepth.translator.settings import LoraSettings
from tests.diffusion.tiny import tiny_model

LORA = LoraSettings(unet_rank=3, vae_rank=2)
CONDITIONS = (Condition.CLEAR, Condition.NIGHT, Condition.FOG)
CLEAR, NIGHT, FOG = (condition.index for condition in CONDITIONS)
TINY_PRIOR = TinyPriorConfig(side=28, width=16, heads=2, neck=(4, 8, 8, 8), fusion=8, head=4)


def stir(network: torch.nn.Module, size: float = 0.05, seed: int = 0) -> None:
    """Move all that learns off its start, where adapters and skips do nothing."""
    generator = make_generator(seed, "stir")
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(size * torch.randn(parameter.shape, generator=generator))


def tiny_generator(stirred: bool = True, seed: int = 0) -> Generator:
    """On an untrained model, and the caller's own; its adapters do something if ``stirred``."""
    generator = copy.deepcopy(_built(seed))
    if stirred:
        stir(generator)
    return generator


@functools.cache
def _built(seed: int) -> Generator:
    return build_generator(tiny_model(), LORA, CONDITIONS, seed).eval()


def tiny_prior() -> DepthAnythingPrior:
    """Untrained."""
    return DepthAnythingPrior.tiny(0, TINY_PRIOR)


def indices(*conditions: int) -> torch.Tensor:
    """Conditions as batches hold them."""
    return torch.tensor(conditions)


def gradients(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Those that are there, by parameter."""
    found: dict[str, Any] = {name: parameter.grad for name, parameter in network.named_parameters()}
    return {name: gradient.clone() for name, gradient in found.items() if gradient is not None}
