"""How well images, seen from where others were taken, fit these (ACDepth, section 3.2, after monodepth2)."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from acdepth.geometry.reflection import fold_border

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
    return similarity(image, windows_of(other))


class Windows(NamedTuple):
    """An image's 3x3 windows, which are the same for all that it is compared with; no gradient flows here."""

    padded: Tensor
    """(..., C, H + 2, W + 2): the image, one reflected pixel around it."""
    mean: Tensor
    variance: Tensor


@torch.no_grad()
def windows_of(image: Float[Tensor, "*batch c h w"]) -> Windows:
    """Mean and variance of the windows of an image."""
    padded = _padded(image)
    mean = _mean(padded)
    return Windows(padded, mean, _mean(padded.square()).sub_(mean.square()))


def similarity(image: Float[Tensor, "*#batch c h w"], other: Windows) -> Float[Tensor, "*batch c h w"]:
    """As `ssim`."""
    found = _Similarity.apply(image, *other)
    assert isinstance(found, Tensor)
    return found


class _Similarity(torch.autograd.Function):
    """SSIM and its gradient on the first image, written out: autograd would walk over each of 30 small steps.

    SSIM is A1 A2 / (B1 B2) with A1 = 2 m n + C1, A2 = 2 cov + C2, B1 = m^2 + n^2 + C1, B2 = var + var' + C2,
    where m and n are the windows' means.
    """

    @staticmethod
    def forward(
        ctx: Any, image: Tensor, padded_other: Tensor, mean_other: Tensor, variance: Tensor
    ) -> Tensor:
        # Products of padded images are padded products, so each image is padded once.
        padded = _padded(image)
        mean = _mean(padded)
        square, product = mean.square(), mean * mean_other
        b2 = _mean(padded.square()).sub_(square).add_(variance).add_(SSIM_C2)
        a2 = _mean(padded * padded_other).sub_(product).mul_(2).add_(SSIM_C2)
        a1 = product.mul_(2).add_(SSIM_C1)
        b1 = square.add(mean_other.square()).add_(SSIM_C1)
        ctx.save_for_backward(padded, padded_other, mean, mean_other, a1, a2, b1, b2)
        return (a1 * a2).div_(b1 * b2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        padded, padded_other, mean, mean_other, a1, a2, b1, b2 = ctx.saved_tensors
        part = gradients[0] / (b1 * b2)
        of_covariance = part * a1 * 2
        whole = part.mul_(a2).mul_(2)  # of A1 / 2
        of_mean = whole * mean_other
        whole.mul_(a1).div_(2)  # the gradient times SSIM
        of_variance = (whole / b2).neg_()
        of_mean.sub_(mean_other * of_covariance)
        of_mean.sub_((whole.div_(b1).add_(of_variance)).mul_(mean).mul_(2))
        found = _spread(of_mean)
        found.addcmul_(padded, _spread(of_variance), value=2)
        found.addcmul_(padded_other, _spread(of_covariance))
        return fold_border(found), None, None, None


def photometric_error(
    seen: Float[Tensor, "*#batch 3 h w"],
    target: Float[Tensor, "*#batch 3 h w"],
    windows: Windows | None = None,
) -> Float[Tensor, "*batch 1 h w"]:
    """0.85 (1 - SSIM) / 2 + 0.15 L1 of images in 0..1, averaged over colours.

    ``windows`` are the target's, where they are known already.
    """
    alike = similarity(seen, windows or windows_of(target))
    dissimilarity = ((1 - alike) / 2).clamp(0, 1).mean(-3, keepdim=True)
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
    windows = windows_of(target)
    errors = [photometric_error(scale, target, windows) for scale in synthesised]
    if vehicle is not None:
        errors = [error.masked_fill(~_whole(~own), WORST) for error, own in zip(errors, vehicle, strict=True)]
    error = torch.stack([one.amin(0) for one in errors])
    if automask:
        unwarped = photometric_error(neighbours.transpose(0, 1), target, windows).amin(0)
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
        return _mean(image)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _spread(gradients[0])


def _mean(image: Tensor) -> Tensor:
    """Mean of each whole 3x3 window."""
    # In avg_pool2d's order: a variance near zero shows every rounding, and has to equal the reference's.
    height, width = image.shape[-2] - 2, image.shape[-1] - 2
    total = torch.zeros_like(image[..., :height, :width])
    for row in range(3):
        for column in range(3):
            total += image[..., row : row + height, column : column + width]
    return total.div_(9)


def _spread(gradient: Tensor) -> Tensor:
    """What of the means' gradients goes back to each pixel."""
    gradient = F.pad(gradient, (2, 2, 2, 2))
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
