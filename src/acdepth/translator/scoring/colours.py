"""Colours that are wrong for an image: light turned away at random, and colours of another image."""

import torch
from torch import Tensor

from acdepth.translator.scoring.pictures import Pictures

STRONGEST_GAMMA = 2.5
STRONGEST_GAIN = 2.0
"""Per channel, up or down."""
STRONGEST_SHIFT = 0.25
STRONGEST_CONTRAST = 2.5
"""Factor up or down, about the image's mean."""
GRAY = 0.3
"""Part of the images that lose all colour."""
SMALLEST_DEVIATION = 1e-4


def jitter(image: Tensor, generator: torch.Generator) -> Tensor:
    """Strong changes of colour and light of images (B, 3, H, W) in 0..1, drawn anew, on the CPU, for each."""

    def draw(channels: int = 1) -> Tensor:
        return torch.rand(len(image), channels, 1, 1, generator=generator).to(image) * 2 - 1

    image = image.clamp(min=1e-3) ** STRONGEST_GAMMA ** draw()
    image = image * STRONGEST_GAIN ** draw(3) + STRONGEST_SHIFT * draw(3)
    image = torch.lerp(image.mean((1, 2, 3), keepdim=True), image, STRONGEST_CONTRAST ** draw())
    gray = image.mean(1, keepdim=True)
    saturation = torch.where(draw() < 2 * GRAY - 1, torch.zeros_like(gray[..., :1, :1]), 1 + draw())
    return torch.lerp(gray, image, saturation).clamp(0, 1)


def match_colours(sources: Pictures, real: Pictures, generator: torch.Generator) -> Pictures:
    """Each source with the mean and deviation of every channel of some real image: a method without merit.

    Whoever does not reach the domain better than this has changed the colours and nothing else.
    """
    rows = torch.randint(len(real), (len(sources),), generator=generator)
    return with_colours_of(sources, real[rows.numpy()])


def with_colours_of(pictures: Pictures, others: Pictures) -> Pictures:
    """Each image with the mean and deviation of every channel of the other in its row."""
    ours, theirs = pictures.pixels.float() / 255, others.pixels.float() / 255
    (our_mean, our_spread), (mean, spread) = _tone(ours), _tone(theirs)
    matched = ((ours - our_mean) / our_spread * spread + mean).clamp(0, 1)
    return Pictures((matched * 255).round().to(torch.uint8), pictures.drives)


def _tone(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel, (N, 3, 1, 1) each."""
    return image.mean((2, 3), keepdim=True), image.std((2, 3), keepdim=True).clamp(min=SMALLEST_DEVIATION)
