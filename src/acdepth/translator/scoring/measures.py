"""How much of an image's structure another keeps, a number per image; how far apart sets of images are."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from acdepth.evaluation.bootstrap import DRAWS, FEWEST_SEQUENCES, Interval, of_draws, with_interval
from acdepth.prior.losses import scale_shift_invariant_loss

LUMINANCE = (0.299, 0.587, 0.114)
"""Rec. 601."""
SMALLEST_VARIANCE = 1e-12
Drives = NDArray[np.int64]
"""Number of the drive that each image of a set is of."""
DEGREE = 3
"""Of the polynomial kernel. Binkowski et al. 2018: 3."""


def depth_difference(inverse_depth: Tensor, wanted: Tensor) -> Tensor:
    """(B,) mean absolute difference of relative inverse depth, both (B, 1, H, W), after standardising."""
    everywhere = torch.ones_like(wanted, dtype=torch.bool)
    return scale_shift_invariant_loss(inverse_depth, wanted, everywhere).mean((1, 2, 3))


def correlation(ours: Tensor, theirs: Tensor) -> Tensor:
    """(B,) Pearson's correlation over the pixels of (B, 1, H, W): what the best scale and shift leave alike.

    A map without any contrast agrees with nothing: 0.
    """
    ours, theirs = ours.double().flatten(1), theirs.double().flatten(1)
    ours, theirs = ours - ours.mean(1, keepdim=True), theirs - theirs.mean(1, keepdim=True)
    spread = ours.square().mean(1) * theirs.square().mean(1)
    return (ours * theirs).mean(1) / spread.clamp(min=SMALLEST_VARIANCE).sqrt()


def edges(image: Tensor) -> Tensor:
    """(B, 1, H, W) strength of the edges of luminance (Sobel) in an image (B, 3, H, W) in 0..1."""
    weights = torch.tensor(LUMINANCE, device=image.device, dtype=image.dtype).view(1, 3, 1, 1)
    luminance = F.pad((image * weights).sum(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], device=image.device) / 8
    kernel = torch.stack([across, across.T])[:, None].to(image.dtype)
    return F.conv2d(luminance, kernel).square().sum(1, keepdim=True).sqrt()


def edge_agreement(image: Tensor, source: Tensor) -> Tensor:
    """(B,) correlation of edge strength: brightness and contrast of the whole image do not count."""
    return correlation(edges(image), edges(source))


def colour_distance(image: Tensor, truth: Tensor) -> Tensor:
    """(B,) mean absolute difference of two images in 0..1."""
    return (image - truth).abs().mean((1, 2, 3))


def kernel_distance(
    ours: Tensor,
    our_drives: Drives,
    theirs: Tensor,
    their_drives: Drives,
    generator: torch.Generator,
) -> Interval:
    """Kernel distance of two sets of features (KID; Binkowski et al. 2018) and its interval over drives.

    Squared maximum mean discrepancy with the kernel (x.y / D + 1)^3, without bias: about 0 for two sets from
    one distribution, and below 0 by chance; NaN where a set has one drive.

    Two images of one drive are nearly the same picture and would count as a likeness of the set with itself.
    So pairs within a set are taken from different drives only, as the estimator without bias leaves out each
    image's pair with itself. All pairs count: at a few hundred images there is no need for blocks.

    Args:
        ours: (N, D) features of one set.
        our_drives: (N,) drive of each.
        theirs: (M, D) of the other; drives of different sets are never the same.
        their_drives: (M,).
        generator: on the CPU; draws whole drives of both sets for the interval.
    """
    if min(len(np.unique(drives)) for drives in (our_drives, their_drives)) < FEWEST_SEQUENCES:
        return Interval(float("nan"), None, None)
    within_ours = _Pairs(ours, our_drives, ours, our_drives, same_set=True)
    within_theirs = _Pairs(theirs, their_drives, theirs, their_drives, same_set=True)
    across = _Pairs(ours, our_drives, theirs, their_drives, same_set=False)

    def distance(our_times: NDArray[np.float64], their_times: NDArray[np.float64]) -> NDArray[np.float64]:
        within = within_ours.mean(our_times, our_times) + within_theirs.mean(their_times, their_times)
        return within - 2 * across.mean(our_times, their_times)

    counts = across.sums.shape
    once = distance(*(np.ones((1, count)) for count in counts))
    drawn = [of_draws(lambda times: times, count, DRAWS, generator) for count in counts]
    return with_interval(float(once[0]), distance(*drawn))


class _Pairs:
    """Sums of the kernel and numbers of pairs, between each drive and each other."""

    def __init__(
        self, ours: Tensor, our_drives: Drives, theirs: Tensor, their_drives: Drives, same_set: bool
    ) -> None:
        kernel = (ours.double() @ theirs.double().T / ours.shape[1] + 1) ** DEGREE
        our_members, their_members = _members(our_drives), _members(their_drives)
        self.sums = our_members @ kernel.cpu().numpy() @ their_members.T
        self.counts = np.outer(our_members.sum(1), their_members.sum(1))
        if same_set:
            np.fill_diagonal(self.sums, 0)
            np.fill_diagonal(self.counts, 0)

    def mean(self, our_times: NDArray[np.float64], their_times: NDArray[np.float64]) -> NDArray[np.float64]:
        """(draws,) mean of the kernel where drives were drawn so many times, (draws, S) each."""
        sums, counts = (((our_times @ of_all) * their_times).sum(1) for of_all in (self.sums, self.counts))
        with np.errstate(invalid="ignore"):
            return sums / counts  # a draw may hold one drive only, and then no pair of different ones


def _members(drives: Drives) -> NDArray[np.float64]:
    """(S, N): 1 where an image is of a drive."""
    return (np.unique(drives)[:, None] == drives).astype(np.float64)
