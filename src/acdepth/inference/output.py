"""From what a model says at its own size to depth at the image's: the caller chooses how.

``acdepth predict`` and protocol ``own`` enlarge inverse depth; the published evaluations enlarge depth.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.inference.model import RawDepth

SMALLEST_INVERSE_DEPTH = 1e-6
"""[1/m]; keeps depth finite. No depth that is scored lies beyond it."""


def fused(answer: RawDepth) -> Tensor:
    """Inverse depth (B, 1, h, w) [1/m], fused with that of the mirror image where it was asked for."""
    if answer.mirrored is None:
        return answer.inverse_depth
    return fuse_flipped(answer.inverse_depth, answer.mirrored)


def fuse_flipped(inverse_depth: Tensor, flipped: Tensor) -> Tensor:
    """Monodepth's post-processing (Godard et al. 2017): the mean of the inverse depths (B, 1, H, W) [1/m] of
    the image and of the mirrored image, mirrored back, except near the left and right border, where each is
    bad at another side."""
    width = inverse_depth.shape[-1]
    across = torch.linspace(0, 1, width, device=inverse_depth.device, dtype=inverse_depth.dtype)
    left = 1 - (20 * (across - 0.05)).clamp(0, 1)
    right = left.flip(0)
    mean = 0.5 * (inverse_depth + flipped)
    return right * inverse_depth + left * flipped + (1 - left - right) * mean


def enlarge(values: Tensor, size: tuple[int, ...], at: Tensor | None = None) -> Tensor:
    """Bring inverse depth or confidence (B, 1, h, w) to (height, width), bilinearly.

    Inverse depth, unlike depth, may be interpolated across an edge: what lies between is a little too near,
    not halfway to the horizon.

    Args:
        values: of B images.
        size: (height, width) [px].
        at: of one image only these pixels, (N,) row * width + column; (N,) comes back.
    """
    return _bilinear(values.float(), size[:2], at, corners=False)


def depth_of(inverse_depth: Tensor, size: tuple[int, ...], at: Tensor | None = None) -> Tensor:
    """Depth [m] at (height, width) of inverse depth (B, 1, h, w) [1/m], which is what is interpolated; see
    `enlarge`."""
    return 1 / enlarge(inverse_depth, size, at).clamp(min=SMALLEST_INVERSE_DEPTH)


def enlarge_published(values: Tensor, size: tuple[int, ...], at: Tensor | None = None) -> Tensor:
    """Bring depth or confidence (B, 1, h, w) to (height, width) as the published evaluations do it:
    bilinearly, with corners aligned; see `enlarge`."""
    return _bilinear(values.float(), size[:2], at, corners=True)


def depth_of_published(inverse_depth: Tensor, size: tuple[int, ...], at: Tensor | None = None) -> Tensor:
    """Depth [m] at (height, width) of inverse depth (B, 1, h, w) [1/m]; depth is what is interpolated; see
    `enlarge`."""
    return enlarge_published(1 / inverse_depth.clamp(min=SMALLEST_INVERSE_DEPTH), size, at)


def _bilinear(values: Tensor, size: tuple[int, ...], at: Tensor | None, corners: bool) -> Tensor:
    if at is None:
        return F.interpolate(values, size, mode="bilinear", align_corners=corners)
    (image,), (height, width) = values[:, 0], size
    at = at.to(image.device)
    row, column = at // width, at % width
    above, below, down = (one[row] for one in _taps(image.shape[0], height, corners, image.device))
    left, right, across = (one[column] for one in _taps(image.shape[1], width, corners, image.device))
    upper, lower = (image[line, left] * (1 - across) + image[line, right] * across for line in (above, below))
    return upper * (1 - down) + lower * down


@lru_cache(maxsize=64)
def _taps(count: int, enlarged: int, corners: bool, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Between which two of ``count`` values each of the ``enlarged`` lies, and how far from the first; all
    (enlarged,). In float32 throughout, as `F.interpolate` finds them."""
    places = torch.arange(enlarged, dtype=torch.float32)
    if corners:
        places *= torch.tensor(count - 1.0) / max(enlarged - 1, 1)
    else:
        places = ((places + 0.5) * (torch.tensor(float(count)) / enlarged) - 0.5).clamp(min=0)
    first = places.long().clamp(max=count - 1)
    after = (first + 1).clamp(max=count - 1)
    return first.to(device), after.to(device), (places - first).clamp(0, 1).to(device)
