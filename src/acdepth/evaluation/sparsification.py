"""How well a confidence sorts the pixels of an image by their error (Ilg et al. 2018, Poggi et al. 2020).

The least confident pixels are taken away, one after the other. If confidence is good, the mean error of those
that remain falls as fast as if they had been taken away by their true error, which is the oracle. AUSE is the
area between the two curves; 0 is perfect.
"""

import numpy as np
from numpy.typing import NDArray

from acdepth.evaluation.schema import Sparsification

COVERAGE = tuple(round(0.05 * step, 2) for step in range(1, 21))
"""Parts of the pixels, the most confident ones, at which curves are kept."""


def sparsify(
    error: NDArray[np.floating], confidence: NDArray[np.floating], depth: NDArray[np.floating]
) -> Sparsification | None:
    """Areas and curves of one image.

    With S(c) the mean error of the most confident part c of the pixels, O(c) that of the part with the
    smallest errors and S(1) = O(1) the mean over all, AUSE is the mean over c of (S(c) - O(c)) / S(1), where
    c runs over 1/N, 2/N .. 1, one step per pixel. Among pixels of equal confidence, S is what a random order
    gives on average; so a constant has S(c) = S(1), a flat curve, and needs no draws.

    Args:
        error: (N,) relative error |depth - truth| / truth of each compared pixel.
        confidence: (N,) higher is better; any scale, only the order counts.
        depth: (N,) [m], as predicted.

    Returns:
        ``ause``; ``ause_constant``, that of any constant; ``ause_nearness``, that of trusting near pixels
        more than far ones, which costs nothing and is no news; and at each of `COVERAGE` the mean error of
        the most confident pixels, ``abs_rel_at_coverage``, and of the best ones, ``oracle_at_coverage``. None
        where all errors are 0, so that there is nothing to sort.
    """
    error = error.astype(np.float64)
    mean = float(error.mean())
    if mean == 0:
        return None
    curves = {
        "ause": _curve(error, confidence),
        "ause_constant": np.full(error.size, mean),
        "ause_nearness": _curve(error, -depth),
    }
    oracle = _curve(error, -error)
    kept = [max(1, round(part * error.size)) - 1 for part in COVERAGE]
    return Sparsification(
        **{name: float((curve - oracle).mean()) / mean for name, curve in curves.items()},
        abs_rel_at_coverage=curves["ause"][kept].tolist(),
        oracle_at_coverage=oracle[kept].tolist(),
    )


def _curve(error: NDArray[np.float64], confidence: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean error of the 1, 2 .. N most confident pixels, expected over random orders of equal ones."""
    levels, level = np.unique(-confidence, return_inverse=True)
    pixels = np.bincount(level, minlength=len(levels))
    means = np.bincount(level, weights=error, minlength=len(levels)) / pixels
    return np.cumsum(np.repeat(means, pixels)) / np.arange(1, error.size + 1)
