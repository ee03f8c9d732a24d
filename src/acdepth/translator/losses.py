"""What the translator is trained by; pure functions, weighted in one place.

ACDepth, section 3.1, after img2img-turbo: adversarial + cycle consistency + identity. The term that keeps
depth is ours.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.prior.losses import scale_shift_invariant_loss

Adversary = Literal["sigmoid", "squares"]
"""``sigmoid``: cross entropy, as in img2img-turbo; ``squares``: least squares (Mao et al. 2017)."""


def real_loss(verdicts: list[Tensor], kind: Adversary) -> Tensor:
    """How far verdicts are from calling everything real; mean over images, places and levels."""
    return _toward(verdicts, 1.0, kind)


def fake_loss(verdicts: list[Tensor], kind: Adversary) -> Tensor:
    """How far verdicts are from calling everything made."""
    return _toward(verdicts, 0.0, kind)


def colour_loss(image: Tensor, wanted: Tensor) -> Tensor:
    """(B, 3, H, W) absolute difference of two images."""
    return (image - wanted).abs()


def perceptual_loss(features: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """Distance of a frozen network's features, each brought to length one per place, as in LPIPS.

    Args:
        features: (B, N, D) of one image, per level.
        wanted: of the other.

    Returns:
        (B,): squared distance, mean over places and levels; 0..4.
    """
    per_level = [
        (F.normalize(ours, dim=-1) - F.normalize(theirs, dim=-1)).square().sum(-1).mean(1)
        for ours, theirs in zip(features, wanted, strict=True)
    ]
    return torch.stack(per_level).mean(0)


def depth_consistency_loss(translated: Tensor, source: Tensor) -> Tensor:
    """Difference of the prior's relative inverse depth before and after translation.

    Args:
        translated: (B, 1, H, W) of the translation.
        source: (B, 1, H, W) of what it was made from.

    Returns:
        (B, 1, H, W): absolute difference after both were standardised, so that scale and shift do not count.
    """
    return scale_shift_invariant_loss(translated, source, torch.ones_like(source, dtype=torch.bool))


def _toward(verdicts: list[Tensor], wanted: float, kind: Adversary) -> Tensor:
    def one(verdict: Tensor) -> Tensor:
        goal = torch.full_like(verdict, wanted)
        if kind == "squares":
            return F.mse_loss(verdict, goal)
        return F.binary_cross_entropy_with_logits(verdict, goal)

    return torch.stack([one(verdict) for verdict in verdicts]).mean()
