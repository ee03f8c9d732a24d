"""Where opinions about an unlabelled frame agree: what adaptation learns from, and what it is judged by."""

from collections.abc import Sequence

import torch
from torch import Tensor

from acdepth.student.ordinal import Pairs, agreed_labels


def log_difference(a: Tensor, b: Tensor) -> Tensor:
    """|log a - log b| of two inverse depths (B, 1, H, W) [1/m]; 0.1 is a tenth of the depth."""
    return (a.log() - b.log()).abs()


def mean_where(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean over the chosen values, 0 if there are none."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)


def draw_pairs(images: int, pixels: int, count: int, generator: torch.Generator) -> Pairs:
    """Random pixel pairs, as many in each image."""
    a, b = torch.randint(pixels, (2, images, count), generator=generator)
    return Pairs(a, b)


def order_agreement(predictions: Sequence[Tensor], labels: Tensor, pairs: Pairs) -> Tensor:
    """Part of the labelled pairs that every prediction puts into the labelled order.

    Args:
        predictions: inverse depths (B, 1, H, W), each an opinion; a constant one agrees with nothing.
        labels: (B, P) as `order_labels` gives them; pairs with 0 do not count.
        pairs: of each image.

    Returns:
        (B,) in 0..1; 0 for an image without labelled pairs.
    """
    agreed = labels
    for prediction in predictions:
        flat = prediction.flatten(1)
        agreed = agreed_labels(agreed, flat, pairs) * (flat.gather(1, pairs.a) != flat.gather(1, pairs.b))
    return (agreed != 0).sum(1) / (labels != 0).sum(1).clamp(min=1)
