"""What is done to a network's input, and to nothing else, before it sees it."""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.seeding import generator_on
from acdepth.data.settings import AugmentSettings

LUMA = (0.299, 0.587, 0.114)
"""Parts of red, green and blue in perceived brightness (ITU-R BT.601)."""


def augment(image: Tensor, generator: torch.Generator, settings: AugmentSettings | None = None) -> Tensor:
    """Colour jitter, coarser pixels, noise: in this order unless noise is first, each drawn anew for every
    image.

    Args:
        image: (B, 3, H, W) float in 0..1, as is what is returned.
        generator: on the CPU, whatever the device of the images.
        settings: ACDepth's by default.
    """
    settings = settings or AugmentSettings()
    if settings.noise_first:
        image = add_noise(image, generator, settings)
    image = jitter_colours(image, generator, settings)
    if settings.coarse_probability > 0:
        image = make_coarse(image, generator, settings.coarse_probability)
    return image if settings.noise_first else add_noise(image, generator, settings)


def jitter_colours(
    image: Tensor, generator: torch.Generator, settings: AugmentSettings, alike: int = 1
) -> Tensor:
    """Change brightness, contrast, saturation and hue of each image (B, 3, H, W), in this order.

    Each ``alike`` images in a row are changed alike, such as the frames of a clip.
    """
    draws = torch.rand(4, len(image) // alike, 1, 1, 1, generator=generator).to(image) * 2 - 1
    draws = draws.repeat_interleave(alike, 1)
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
    noisy, there = image.clone(), generator_on(image.device, generator)
    for index in chosen.nonzero().flatten().tolist():
        unit = torch.randn(image.shape[1:], generator=there, device=image.device)
        noise = unit * strength[index].item() if settings.noise == "per image" else low + (high - low) * unit
        noisy[index] = (image[index] + noise).clamp_(0, 1)
    return noisy


def _gray(image: Tensor) -> Tensor:
    red, green, blue = LUMA
    return red * image[:, 0:1] + green * image[:, 1:2] + blue * image[:, 2:3]
