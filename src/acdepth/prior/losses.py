"""What Depth Anything is trained with: losses on inverse depth that ignore its scale and shift.

Source: MiDaS (Ranftl et al., TPAMI 2020, eqs. 5-7, 11); Depth Anything V2 uses the same two, 1 : 2.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

SMALLEST_DEVIATION = 1e-4
"""Below this an image counts as flat: dividing by less would blow rounding up into a gradient."""


def standardise(
    inverse_depth: Float[Tensor, "b 1 h w"], known: Bool[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """Bring each image's known pixels to median 0 and mean absolute deviation 1 (MiDaS, eqs. 5-6).

    0 where not known.
    """
    counted = torch.where(known, inverse_depth, torch.nan).flatten(1)
    median = counted.nanmedian(1).values.nan_to_num(0.0).view(-1, 1, 1, 1)
    centred = torch.where(known, inverse_depth - median, 0.0)
    count = known.sum((1, 2, 3), keepdim=True).clamp(min=1)
    deviation = centred.abs().sum((1, 2, 3), keepdim=True) / count
    return centred / deviation.clamp(min=SMALLEST_DEVIATION)


def scale_shift_invariant_loss(
    prediction: Float[Tensor, "b 1 h w"], target: Float[Tensor, "b 1 h w"], known: Bool[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """Absolute difference of inverse depths after both were standardised (MiDaS, eq. 7, without trimming).

    0 where not known; the target may be anything finite there.
    """
    return (standardise(prediction, known) - standardise(target, known)).abs()


def gradient_matching_loss(
    prediction: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    known: Bool[Tensor, "b 1 h w"],
    scales: int = 4,
) -> Float[Tensor, " b"]:
    """Gradient of the difference of the standardised maps at several scales (MiDaS, eq. 11).

    It keeps edges where they are and surfaces smooth. Scale k looks at every 2^k-th pixel.

    Returns:
        Of each image, the mean over the neighbouring pairs of known pixels, summed over directions and
        scales.
    """
    difference = standardise(prediction, known) - standardise(target, known)
    total = difference.new_zeros(difference.shape[0])
    for scale in range(scales):
        step = 2**scale
        coarse, coarse_known = difference[..., ::step, ::step], known[..., ::step, ::step]
        for axis in (-1, -2):
            length = coarse.shape[axis] - 1
            ahead, behind = coarse.narrow(axis, 1, length), coarse.narrow(axis, 0, length)
            both = coarse_known.narrow(axis, 1, length) & coarse_known.narrow(axis, 0, length)
            jumps = torch.where(both, (ahead - behind).abs(), 0.0).sum((1, 2, 3))
            total = total + jumps / both.sum((1, 2, 3)).clamp(min=1)
    return total
