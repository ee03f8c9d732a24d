"""Two views of one adverse frame: weakly changed for the slow teacher, strongly for the student."""

from typing import NamedTuple

import torch
from torch import Tensor

from acdepth.data.augment import augment
from acdepth.student.adapt.settings import ViewSettings


class Views(NamedTuple):
    """The same frames twice, pixel on pixel."""

    weak: Tensor
    """(B, 3, H, W) float in 0..1."""
    strong: Tensor
    """(B, 3, H, W) float in 0..1."""


def two_views(image: Tensor, generator: torch.Generator, settings: ViewSettings) -> Views:
    """Weak and strong view of (B, 3, H, W) images in 0..1; the generator is on the CPU."""
    weak = augment(image, generator, settings.weak)
    strong = augment(image, generator, settings.strong)
    return Views(weak, cover_patches(strong, generator, settings.patches, settings.covered))


def cover_patches(image: Tensor, generator: torch.Generator, count: int, part: float) -> Tensor:
    """Cover random squares of each image (B, 3, H, W) with its mean colour.

    Args:
        image: left as it is.
        generator: on the CPU.
        count: squares per image.
        part: of the image that they cover together, where they do not overlap.
    """
    if count == 0 or part == 0:
        return image
    height, width = image.shape[-2:]
    side = min(round((part * height * width / count) ** 0.5), height, width)
    tops = torch.randint(height - side + 1, (len(image), count), generator=generator).tolist()
    lefts = torch.randint(width - side + 1, (len(image), count), generator=generator).tolist()
    means, covered = image.mean((2, 3), keepdim=True), image.clone()
    for one, mean, places in zip(covered, means, map(zip, tops, lefts), strict=True):
        for top, left in places:
            one[:, top : top + side, left : left + side] = mean
    return covered
