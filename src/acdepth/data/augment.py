"""What is done to the student's input, and to nothing else, before it sees it."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.config import Config

LUMA = (0.299, 0.587, 0.114)
"""Parts of red, green and blue in perceived brightness (ITU-R BT.601)."""


class AugmentSettings(Config):
    """Strength of the changes; the defaults are ACDepth's."""

    jitter: float = Field(default=0.2, ge=0, lt=1)
    """Brightness, contrast and saturation are each multiplied by 1 - jitter to 1 + jitter. ACDepth: 0.2."""
    hue: float = Field(default=0.05, ge=0, le=0.5)
    """Hue is turned by up to this part of the colour circle. ACDepth: 0.05."""
    noise_probability: float = Field(default=0.5, ge=0, le=1)
    """Part of the images that get Gaussian noise. ACDepth: 0.5."""
    noise_range: tuple[float, float] = (0.005, 0.05)
    """Least and largest standard deviation of the noise, in units of the 0..1 range. ACDepth: 0.005-0.05."""
    coarse_probability: float = Field(default=0.0, ge=0, le=1)
    """Part of the images that are halved and enlarged again, for a student that will also be given smaller
    images than its teacher had. ACDepth: 0."""
    noise: Literal["per image", "published"] = "per image"
    """``per image`` draws one standard deviation per image, as the paper says; ``published`` adds
    0.005 + 0.045 * randn to every value, as the published code does."""


def augment(image: Tensor, generator: torch.Generator, settings: AugmentSettings | None = None) -> Tensor:
    """Colour jitter, coarser pixels, noise: in this order, each drawn anew for every image.

    Args:
        image: (B, 3, H, W) float in 0..1.
        generator: on the CPU, whatever the device of the images.
        settings: ACDepth's by default.

    Returns:
        (B, 3, H, W) float in 0..1.
    """
    settings = settings or AugmentSettings()
    image = jitter_colours(image, generator, settings)
    if settings.coarse_probability > 0:
        image = make_coarse(image, generator, settings.coarse_probability)
    return add_noise(image, generator, settings)


def jitter_colours(image: Tensor, generator: torch.Generator, settings: AugmentSettings) -> Tensor:
    """Change brightness, contrast, saturation and hue of each image (B, 3, H, W), in this order."""
    draws = torch.rand(4, len(image), 1, 1, 1, generator=generator).to(image) * 2 - 1
    brightness, contrast, saturation = 1 + settings.jitter * draws[:3]
    image = (image * brightness).clamp_(0, 1)
    mean = _gray(image).mean((2, 3), keepdim=True)
    image = torch.lerp(mean, image, contrast).clamp_(0, 1)
    image = torch.lerp(_gray(image), image, saturation).clamp_(0, 1)
    return turn_hue(image, settings.hue * draws[3]) if settings.hue else image


def turn_hue(image: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue of (B, 3, H, W) images in 0..1 by ``turn`` (B, 1, 1, 1), in parts of the colour circle.

    Hue, saturation and value as hexagonal coordinates: value and saturation stay as they are.
    """
    red, green, blue = image.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    spread = value - torch.minimum(torch.minimum(red, green), blue)
    scale = 1 / spread.clamp_min(1e-6)
    # Sixths of the circle: red at 0, green at 2, blue at 4; the two darker channels say how far from there.
    hue = torch.where(
        value == red,
        (green - blue) * scale,
        torch.where(value == green, (blue - red) * scale + 2, (red - green) * scale + 4),
    )
    turned = torch.empty_like(image)
    for channel, offset in enumerate((5.0, 3.0, 1.0)):
        sixths = hue + (6 * turn[:, 0] + offset)
        sixths.sub_(torch.floor(sixths / 6).mul_(6))  # several times faster than %
        part = sixths.sub_(2).abs_().neg_().add_(2).clamp_(0, 1)
        torch.sub(value, part.mul_(spread), out=turned[:, channel])
    return turned


def make_coarse(image: Tensor, generator: torch.Generator, probability: float) -> Tensor:
    """Halve a random part of the images (B, 3, H, W) and enlarge them again."""
    chosen = torch.rand(len(image), 1, 1, 1, generator=generator) < probability
    halved = F.avg_pool2d(image, 2)
    coarse = F.interpolate(halved, image.shape[-2:], mode="bilinear", align_corners=False)
    return torch.where(chosen.to(image.device), coarse, image)


def add_noise(image: Tensor, generator: torch.Generator, settings: AugmentSettings) -> Tensor:
    """Add Gaussian noise to a random part of the images (B, 3, H, W)."""
    chosen = torch.rand(len(image), generator=generator) < settings.noise_probability
    low, high = settings.noise_range
    strength = low + (high - low) * torch.rand(len(image), generator=generator)
    noisy = image.clone()
    for index in chosen.nonzero().flatten().tolist():
        unit = torch.randn(image.shape[1:], generator=generator).to(image)
        noise = unit * strength[index].item() if settings.noise == "per image" else low + (high - low) * unit
        noisy[index] = (image[index] + noise).clamp_(0, 1)
    return noisy


def _gray(image: Tensor) -> Tensor:
    red, green, blue = LUMA
    return red * image[:, 0:1] + green * image[:, 1:2] + blue * image[:, 2:3]
