"""Light turned away from what it was, for a network that shall restore it from a caption."""

import torch
from torch import Tensor

STRONGEST_GAMMA = 2.5
"""Exponent that darkens most; one over it brightens most."""


def change_light(image: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Gamma, contrast, tint and saturation, drawn anew for every image.

    Args:
        image: (B, 3, H, W) float in 0..1.
        generator: on the CPU.
        strength: 0 changes nothing; 1 can make a day dark and a night bright.

    Returns:
        (B, 3, H, W) float in 0..1.
    """
    draws = torch.rand(3, len(image), 1, 1, 1, generator=generator).to(image) * 2 - 1
    tint = torch.rand(len(image), 3, 1, 1, generator=generator).to(image) * 2 - 1
    image = image.clamp(min=1e-3) ** STRONGEST_GAMMA ** (strength * draws[0])
    image = torch.lerp(image.mean((1, 2, 3), keepdim=True), image, 1 + 0.5 * strength * draws[1])
    gray = image.mean(1, keepdim=True)
    image = torch.lerp(gray, image, 1 + 0.8 * strength * draws[2])
    return (image * (1 + 0.25 * strength * tint)).clamp(0, 1)
