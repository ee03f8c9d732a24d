"""Translations in the light of real adverse frames: the tones of one image on the shapes of another."""

from dataclasses import replace

import torch
from torch import Tensor

from acdepth.data.adverse import AdaptBatch

LEVELS = 65
"""Quantiles by which tones are told; between them the change is linear."""


def restyled(image: Tensor, like: Tensor) -> Tensor:
    """Give images the tones of others: in each channel, the darkest becomes the darkest, and so on.

    Every value is replaced by what has the same rank in ``like`` (histogram matching), so that nothing moves
    and no order of brightness turns round.

    Args:
        image: (B, 3, H, W) float in 0..1.
        like: of the same shape.

    Returns:
        (B, 3, H, W) float in 0..1.
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
