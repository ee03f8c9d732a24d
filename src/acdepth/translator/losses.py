"""What the translator is trained by (ACDepth, section 3.1, after img2img-turbo), unreduced.

Adversarial + cycle consistency + identity; the term that keeps depth is ours.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from acdepth.prior.losses import scale_shift_invariant_loss
from acdepth.translator.settings import Adversary


def adversarial_loss(scores: Float[Tensor, "*shape"], real: bool, kind: Adversary) -> Float[Tensor, "*shape"]:
    """How far a discriminator's scores are from calling everything real, or everything fake."""
    wanted = torch.full_like(scores, float(real))
    loss = F.mse_loss if kind == "squares" else F.binary_cross_entropy_with_logits
    return loss(scores, wanted, reduction="none")


def colour_loss(
    image: Float[Tensor, "b 3 h w"], wanted: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, "b 3 h w"]:
    """Absolute difference of two images."""
    return (image - wanted).abs()


def perceptual_loss(
    features: Sequence[Float[Tensor, "b _ _"]], wanted: Sequence[Float[Tensor, "b _ _"]]
) -> Float[Tensor, " b"]:
    """Squared distance of a frozen network's features, each brought to length one per place, as in LPIPS.

    Of features (B, places, channels) per level the mean over places and levels; 0..4.
    """
    per_level = [
        (F.normalize(ours, dim=-1) - F.normalize(theirs, dim=-1)).square().sum(-1).mean(1)
        for ours, theirs in zip(features, wanted, strict=True)
    ]
    return torch.stack(per_level).mean(0)


def depth_consistency_loss(
    translated: Float[Tensor, "b 1 h w"], source: Float[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """Difference of the prior's relative inverse depth of a translation and its source, both standardised."""
    return scale_shift_invariant_loss(translated, source, torch.ones_like(source, dtype=torch.bool))
