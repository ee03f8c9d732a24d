"""What broken weights give: numbers that are not finite, or an image that shows nothing."""

import torch
from torch import Tensor

LEAST_SPREAD = 0.1 / 255
"""Standard deviation up to which an image in 0..1 shows nothing, a tenth of a grey level. The built-in
world's darkest night has 19 levels; simulated snow, where nothing near is seen through it, 0.75."""


def faults(made: Tensor, source: Tensor, least: float = LEAST_SPREAD) -> list[str]:
    """What is wrong with each image (B, C, H, W) that a network made; empty texts where nothing is.

    It shows nothing up to a standard deviation of ``least``, which says nothing where its ``source``, (B, 3,
    H, W) in 0..1, shows nothing either.
    """
    spreads = torch.stack([_spread(made), _spread(source).to(made.device)])
    return [_fault(ours, theirs, least) for ours, theirs in zip(*spreads.tolist(), strict=True)]


def _spread(image: Tensor) -> Tensor:
    """(B,): the largest standard deviation of a channel; infinite or no number where a value is."""
    return image.detach().float().flatten(2).std(2, correction=0).amax(1)


def _fault(spread: float, source: float, least: float) -> str:
    if spread - spread != 0:
        return "holds numbers that are not finite"
    return "is the same everywhere" if spread <= least and source > LEAST_SPREAD else ""
