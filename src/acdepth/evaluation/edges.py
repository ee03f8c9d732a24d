"""How sharply depth breaks where one thing ends before another: the F-score of depth edges."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from acdepth.core.measured import Measured

EDGE_METRICS = ("edge_f", "edge_precision", "edge_recall")
"""Of images with dense measured depth; higher is better."""
THRESHOLDS = (1.05, 1.10, 1.15, 1.20, 1.25)
"""Ratios of neighbouring depths. Depth Pro (Bochkovskii et al., ICLR 2025): 5 to 25 %."""
TOLERANCE = 1
"""How far an edge may lie from its counterpart [px], in rows and in columns."""
DENSE = 0.75
"""Part of the neighbours of measured pixels, right and below, that must be measured: LiDAR has no edges."""


class _Pairs(NamedTuple):
    """Neighbours one above the other, (H - 1, W); pairs that do not count have ratios of 1."""

    said: np.ndarray
    """Predicted depth of the lower over that of the upper."""
    true: np.ndarray
    """The same of the truth."""
    unexplained: np.ndarray
    """The ratio, at least 1, by which a plane through either side misses the pair's other pixel."""


def is_dense(measured: Measured) -> bool:
    """Whether pixels lie close enough for edges between them to be seen."""
    wanted = 2 * DENSE * len(measured.pixels)
    # None has more than one below it, so of few points the order in memory tells at once.
    if np.count_nonzero(np.diff(measured.pixels) == 1) < wanted - len(measured.pixels):
        return False
    there = np.zeros(measured.size, bool)
    there.reshape(-1)[measured.pixels] = True
    pairs = np.count_nonzero(there[:, 1:] & there[:, :-1]) + np.count_nonzero(there[1:] & there[:-1])
    return bool(pairs >= wanted > 0)


def edge_metrics(
    predicted: np.ndarray, truth: np.ndarray, counted: np.ndarray, tolerance: int = TOLERANCE
) -> dict[str, float]:
    """F-score, precision and recall of depth edges, means over the thresholds.

    Two neighbours, side by side or one above the other, are an edge where their depths' ratio exceeds the
    threshold. An edge is right where the other depth map has one of the same axis that steps the same way (to
    far, or to near) within the tolerance. Surfaces seen at a low angle, as the road at the horizon, step by
    that much without an edge: such pairs of the truth are left out of both maps.

    Args:
        predicted: (H, W) [m], positive; a factor on it changes nothing.
        truth: (H, W) [m].
        counted: (H, W) bool: pixels of the truth that count; an edge needs both of its pixels.
        tolerance: [px].

    Returns:
        `EDGE_METRICS`; empty where the truth has no edge at any threshold. A threshold at which the truth has
        none is left out of the means, and precision also where the prediction has none.
    """
    sides = [_pairs(predicted, truth, counted), _pairs(predicted.T, truth.T, counted.T)]
    scores = np.array([_score(sides, threshold, tolerance) for threshold in THRESHOLDS])
    known = {name: values[~np.isnan(values)] for name, values in zip(EDGE_METRICS, scores.T, strict=True)}
    return {name: float(values.mean()) for name, values in known.items() if values.size}


def _score(sides: Sequence[_Pairs], threshold: float, tolerance: int) -> tuple[float, float, float]:
    """F-score, precision, recall at one threshold; NaN where there is none."""
    right = said = hit = wanted = 0
    for pairs in sides:
        steps = (pairs.true > threshold) | (pairs.true < 1 / threshold)
        counted = ~(steps & (pairs.unexplained < threshold))
        for predicted, true in (
            (pairs.said > threshold, pairs.true > threshold),
            (pairs.said < 1 / threshold, pairs.true < 1 / threshold),
        ):
            predicted, true = predicted & counted, true & counted
            said, wanted = said + predicted.sum(), wanted + true.sum()
            right += (predicted & _near(true, tolerance)).sum()
            hit += (true & _near(predicted, tolerance)).sum()
    if wanted == 0:
        return np.nan, np.nan, np.nan
    if said == 0:
        return 0.0, np.nan, 0.0
    precision, recall = right / said, hit / wanted
    return (2 * precision * recall / (precision + recall) if right else 0.0), precision, recall


def _pairs(predicted: np.ndarray, truth: np.ndarray, counted: np.ndarray) -> _Pairs:
    both = counted[1:] & counted[:-1]
    said, true = (
        np.divide(depth[1:], depth[:-1], out=np.ones(both.shape, np.float32), where=both)
        for depth in (predicted, truth)
    )
    inverse = np.divide(1, truth, out=np.zeros(truth.shape), where=counted)
    unexplained = np.full(both.shape, np.inf)
    for before, here, beyond, missed in (
        (inverse[:-2], inverse[1:-1], inverse[2:], unexplained[1:]),
        (inverse[2:], inverse[1:-1], inverse[:-2], unexplained[:-1]),
    ):
        # The inverse depth of a plane is linear in the image, so two pixels of it tell the third.
        foretold = 2 * here - before
        known = (before > 0) & (here > 0) & (beyond > 0) & (foretold > 0)
        ratio = np.divide(foretold, beyond, out=np.full(known.shape, np.inf), where=known)
        np.minimum(missed, np.maximum(ratio, 1 / ratio), out=missed)
    return _Pairs(said, true, unexplained)


def _near(edges: np.ndarray, tolerance: int) -> np.ndarray:
    side = 2 * tolerance + 1
    return cv2.dilate(edges.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
