"""Images as an adaptation shows them: two views of adverse frames, and their tones on translations."""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from acdepth.data.adverse import AdaptBatch
from acdepth.data.augment import augment
from acdepth.student.adapt.settings import ViewSettings

LEVELS = 65
"""Quantiles by which tones are told; between them the change is linear."""


class Views(NamedTuple):
    """The same frames, pixel on pixel, weakly changed for the slow teacher and strongly for the student."""

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
    """Cover ``count`` random squares of each image (B, 3, H, W), ``part`` of it, with its mean colour."""
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


def restyled(image: Tensor, like: Tensor) -> Tensor:
    """Give images the tones of others: in each channel, the darkest becomes the darkest, and so on.

    Every value of (B, 3, H, W) is replaced by what has the same rank in ``like`` (histogram matching), so
    that nothing moves and no order of brightness turns round.
    """
    at = torch.linspace(0, 1, LEVELS, device=image.device)
    flat = image.flatten(2)
    ours = torch.quantile(flat, at, dim=2).permute(1, 2, 0).contiguous()
    theirs = torch.quantile(like.flatten(2), at, dim=2).permute(1, 2, 0)
    above = torch.searchsorted(ours, flat.contiguous()).clamp(1, LEVELS - 1)
    low, high = ours.gather(2, above - 1), ours.gather(2, above)
    part = ((flat - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    return torch.lerp(theirs.gather(2, above - 1), theirs.gather(2, above), part).view_as(image)


def restyle_translations(batch: AdaptBatch, generator: torch.Generator, probability: float) -> AdaptBatch:
    """The batch with a random part of its translations in the tones of adverse frames of their condition.

    Translations whose condition has no adverse frame in the batch stay as they are, and with probability 0
    nothing is drawn.
    """
    if probability == 0:
        return batch
    mixed = batch.mixed.clone()
    chosen = (torch.rand(len(mixed), generator=generator) < probability).tolist()
    draws = torch.rand(len(mixed), generator=generator).tolist()
    adverse = batch.adverse_condition.tolist()
    for row, condition in enumerate(batch.condition.tolist()):
        partners = [place for place, other in enumerate(adverse) if other == condition]
        if partners and chosen[row]:
            like = batch.adverse[partners[int(draws[row] * len(partners))]]
            mixed[row] = restyled(mixed[row][None], like[None])[0]
    return replace(batch, mixed=mixed)
