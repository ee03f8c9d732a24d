"""Fitting a prediction to its own truth before comparing: what a number without metric scale leaves out."""

import numpy as np


def align(predicted: np.ndarray, truth: np.ndarray, counted: np.ndarray, alignment: str) -> np.ndarray:
    """Scale, or scale and shift, predicted depth to the truth of the same image.

    Args:
        predicted: (H, W) [m].
        truth: (H, W) [m].
        counted: (H, W) bool: pixels that are compared.
        alignment: ``none``; ``median`` multiplies by the ratio of medians, the lower of the two middle
            values where there are two, as the published code; ``scale_and_shift`` fits inverse depth by least
            squares, as is customary for relative depth.

    Returns:
        (H, W) [m].
    """
    if alignment == "none":
        return predicted
    if alignment == "median":
        return predicted * (_median(truth[counted]) / _median(predicted[counted]))
    inverse = 1 / predicted
    design = np.stack([inverse[counted], np.ones(counted.sum())], 1)
    (scale, shift), *_ = np.linalg.lstsq(design, 1 / truth[counted], rcond=None)
    # A shift may push far pixels to or below infinity; they become as far as the clamp allows.
    return 1 / np.maximum(scale * inverse + shift, 1e-6)


def _median(values: np.ndarray) -> np.floating:
    middle = (values.size - 1) // 2
    return np.partition(values, middle)[middle]
