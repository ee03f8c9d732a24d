"""Kernel distance of two sets of features (KID; Binkowski et al. 2018), and how sure it is."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acdepth.evaluation.bootstrap import DRAWS, FEWEST_SEQUENCES, Interval, of_draws, with_interval

DEGREE = 3
"""Of the polynomial kernel. Binkowski et al. 2018: 3."""


def kernel_distance(
    ours: Tensor,
    our_drives: NDArray[np.int64],
    theirs: Tensor,
    their_drives: NDArray[np.int64],
    generator: torch.Generator,
) -> Interval:
    """Squared maximum mean discrepancy with the kernel (x.y / D + 1)^3, without bias, and its interval.

    Two images of one drive are nearly the same picture and would count as a likeness of the set with itself.
    So pairs within a set are taken from different drives only, as the estimator without bias leaves out each
    image's pair with itself. All pairs count: at a few hundred images there is no need for blocks.

    Args:
        ours: (N, D) features of one set.
        our_drives: (N,) drive of each.
        theirs: (M, D) of the other; drives of different sets are never the same.
        their_drives: (M,).
        generator: on the CPU; draws whole drives of both sets for the interval.

    Returns:
        About 0 for two sets from one distribution, and below 0 by chance; NaN where a set has one drive.
    """
    if min(len(np.unique(drives)) for drives in (our_drives, their_drives)) < FEWEST_SEQUENCES:
        return Interval(float("nan"), None, None)
    within_ours = _Pairs(ours, our_drives, ours, our_drives, same_set=True)
    within_theirs = _Pairs(theirs, their_drives, theirs, their_drives, same_set=True)
    across = _Pairs(ours, our_drives, theirs, their_drives, same_set=False)

    def distance(our_times: NDArray[np.float64], their_times: NDArray[np.float64]) -> NDArray[np.float64]:
        return (
            within_ours.mean(our_times, our_times)
            + within_theirs.mean(their_times, their_times)
            - 2 * across.mean(our_times, their_times)
        )

    our_count, their_count = across.sums.shape
    once = distance(np.ones((1, our_count)), np.ones((1, their_count)))
    ours_drawn, theirs_drawn = (
        of_draws(lambda times: times, count, DRAWS, generator) for count in (our_count, their_count)
    )
    return with_interval(float(once[0]), distance(ours_drawn, theirs_drawn))


class _Pairs:
    """Sums of the kernel and numbers of pairs, between each drive and each other."""

    def __init__(
        self,
        ours: Tensor,
        our_drives: NDArray[np.int64],
        theirs: Tensor,
        their_drives: NDArray[np.int64],
        same_set: bool,
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
        with np.errstate(invalid="ignore"):
            # A draw may hold one drive only, and then no pair of different ones.
            return ((our_times @ self.sums) * their_times).sum(1) / (
                (our_times @ self.counts) * their_times
            ).sum(1)


def _members(drives: NDArray[np.int64]) -> NDArray[np.float64]:
    """(S, N): 1 where an image is of a drive."""
    return (np.unique(drives)[:, None] == drives).astype(np.float64)
