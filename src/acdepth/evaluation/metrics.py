"""The seven customary errors of depth (Eigen et al. 2014)."""

import numpy as np
from jaxtyping import Float

METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "d1", "d2", "d3")
"""Lower is better for the first four, higher for the last three (parts within 25 %, 56 %, 95 %)."""


def depth_metrics(predicted: Float[np.ndarray, " n"], truth: Float[np.ndarray, " n"]) -> dict[str, float]:
    """Errors of one image's compared pixels, both in positive metres.

    Returns:
        ``abs_rel`` and ``sq_rel`` [m] relative to truth, ``rmse`` [m], ``rmse_log``, and the parts ``d1``,
        ``d2``, ``d3`` of pixels whose ratio to truth, taken as more than 1, is below 1.25, 1.25^2, 1.25^3.
    """
    predicted, truth = predicted.astype(np.float64), truth.astype(np.float64)
    difference = predicted - truth
    ratio = np.maximum(predicted / truth, truth / predicted)
    return {
        "abs_rel": float(np.mean(np.abs(difference) / truth)),
        "sq_rel": float(np.mean(difference**2 / truth)),
        "rmse": float(np.sqrt(np.mean(difference**2))),
        "rmse_log": float(np.sqrt(np.mean((np.log(predicted) - np.log(truth)) ** 2))),
        **{f"d{power}": float(np.mean(ratio < 1.25**power)) for power in (1, 2, 3)},
    }
