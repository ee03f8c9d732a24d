"""How well images, seen from where others were taken, fit these (ACDepth, section 3.2, after monodepth2)."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

SSIM_PART = 0.85
"""Of SSIM beside L1. ACDepth: alpha = 0.85."""
WORST = 1.0
"""What `photometric_error` can at most be."""
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2


def ssim(
    image: Float[Tensor, "*#batch c h w"], other: Float[Tensor, "*#batch c h w"]
) -> Float[Tensor, "*batch c h w"]:
    """Structural similarity of images in 0..1, in 3x3 windows with reflected borders (Wang et al. 2004).

    1 where equal.
    """
    # Products of padded images are padded products, so each image is padded once.
    image, other = _padded(image), _padded(other)
    mean, mean_other = mean_of_3x3(image), mean_of_3x3(other)
    variance = mean_of_3x3(image.square()) - mean.square()
    variance_other = mean_of_3x3(other.square()) - mean_other.square()
    covariance = mean_of_3x3(image * other) - mean * mean_other
    top = (2 * mean * mean_other + SSIM_C1) * (2 * covariance + SSIM_C2)
    bottom = (mean.square() + mean_other.square() + SSIM_C1) * (variance + variance_other + SSIM_C2)
    return top / bottom


def photometric_error(
    seen: Float[Tensor, "*#batch 3 h w"], target: Float[Tensor, "*#batch 3 h w"]
) -> Float[Tensor, "*batch 1 h w"]:
    """0.85 (1 - SSIM) / 2 + 0.15 L1 of images in 0..1, averaged over colours."""
    dissimilarity = ((1 - ssim(seen, target)) / 2).clamp(0, 1).mean(-3, keepdim=True)
    difference = (seen - target).abs().mean(-3, keepdim=True)
    return SSIM_PART * dissimilarity + (1 - SSIM_PART) * difference


def photometric_loss(
    synthesised: Float[Tensor, "scales n b 3 h w"],
    target: Float[Tensor, "b 3 h w"],
    neighbours: Float[Tensor, "b n 3 h w"],
    automask: bool = True,
    vehicle: Bool[Tensor, "scales n b 1 h w"] | None = None,
) -> Float[Tensor, "scales b 1 h w"]:
    """L_p per pixel: the least error over neighbours, warped or (automask) as they are.

    Where a neighbour as it is fits better than warped (by `warp.synthesise_views`), the camera stands or the
    object moves along, and the pixel teaches nothing: the unwarped term has no gradient. Where the 3x3 window
    of a warped neighbour, which is what SSIM sees, shows the camera's own ``vehicle`` (`warp.shows_vehicle`),
    it fits as badly as can be.
    """
    # Scale by scale: faster on a CPU, whose caches hold one scale's tensors but not all of them.
    errors = [photometric_error(scale, target) for scale in synthesised]
    if vehicle is not None:
        errors = [error.masked_fill(~_whole(~own), WORST) for error, own in zip(errors, vehicle, strict=True)]
    error = torch.stack([one.amin(0) for one in errors])
    if automask:
        unwarped = photometric_error(neighbours.transpose(0, 1), target).amin(0)
        error = torch.minimum(error, unwarped)
    return error


def whole_windows(counted: Bool[Tensor, "b 1 h w"] | None) -> Bool[Tensor, "b 1 h w"] | None:
    """The pixels whose 3x3 window, which is what SSIM sees, counts everywhere; None where all do."""
    return None if counted is None else _whole(counted)


def _whole(counted: Bool[Tensor, "*n 1 h w"]) -> Bool[Tensor, "*n 1 h w"]:
    flat = (~counted).float().flatten(0, -4)
    return (F.max_pool2d(flat, 3, 1, 1) == 0).unflatten(0, counted.shape[:-3])


class _WindowMean(torch.autograd.Function):
    """Mean of 3x3 windows, and its gradient, as sums of shifted images.

    On a CPU this is several times faster than ``avg_pool2d``, which takes most of a training step there.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor) -> Tensor:
        # In avg_pool2d's order: a variance near zero shows every rounding, and has to equal the reference's.
        height, width = image.shape[-2] - 2, image.shape[-1] - 2
        total = torch.zeros_like(image[..., :height, :width])
        for row in range(3):
            for column in range(3):
                total += image[..., row : row + height, column : column + width]
        return total.div_(9)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = F.pad(gradients[0], (2, 2, 2, 2))
        columns = gradient[..., :-2] + gradient[..., 1:-1]
        columns += gradient[..., 2:]
        rows = columns[..., :-2, :] + columns[..., 1:-1, :]
        return rows.add_(columns[..., 2:, :]).div_(9)


def mean_of_3x3(image: Float[Tensor, "*batch h w"]) -> Float[Tensor, "*batch h-2 w-2"]:
    """Mean of each whole 3x3 window."""
    mean = _WindowMean.apply(image)
    assert isinstance(mean, Tensor)
    return mean


def _padded(image: Tensor) -> Tensor:
    """One reflected pixel around (..., C, H, W)."""
    padded = F.pad(image.flatten(0, -4) if image.ndim > 3 else image, (1, 1, 1, 1), mode="reflect")
    return padded.unflatten(0, image.shape[:-3]) if image.ndim > 3 else padded
