"""Dense optical flow between two gray images, and which pixels of it to believe."""

import threading

import cv2
import numpy as np

_OWN = threading.local()
"""Of each thread."""


def dense_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Where each pixel goes, float32 (h, w, 2) of x and y [px], of gray images uint8 (h, w)."""
    return _dense().calc(first, second, None)  # pyright: ignore[reportCallIssue, reportArgumentType]


def slopes(image: np.ndarray) -> np.ndarray:
    """How steep a gray image is at each pixel, float32 (h, w) [gray values per pixel]."""
    return np.hypot(cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)) / 8


def followed(there: np.ndarray, back: np.ndarray, most: float) -> np.ndarray:
    """bool (h, w): pixels that flow there and back ends within ``most`` [px] of where they started."""
    height, width = there.shape[:2]
    row, column = np.mgrid[:height, :width]
    x, y = column + there[..., 0], row + there[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    landed = back[y.round().astype(int).clip(0, height - 1), x.round().astype(int).clip(0, width - 1)]
    return inside & (np.hypot(x + landed[..., 0] - column, y + landed[..., 1] - row) <= most)


def _dense() -> cv2.DISOpticalFlow:
    # It keeps its pyramids between calls, so that no two threads may share one.
    if not hasattr(_OWN, "dense"):
        _OWN.dense = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return _OWN.dense
