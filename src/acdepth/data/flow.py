"""How far an image moves to the next one: dense optical flow, looked at where there is texture."""

from functools import lru_cache

import cv2
import numpy as np

from acdepth.core.resize import at_most_wide

FLOW_WIDTH = 320
"""Width that flow is computed at [px]; smaller images stay as they are."""
TEXTURE = 5.0
"""Least slope of a textured pixel [gray values per pixel]."""
FEWEST_TEXTURED = 50
"""Textured pixels below which an image tells nothing."""
FOLLOWED = 1.5
"""Farthest from where it started that a pixel may end which is followed there and back [px]."""


def flow_image(image: np.ndarray) -> np.ndarray:
    """An RGB image, uint8 (H, W, 3), as flow sees it: gray and small, uint8 (h, w)."""
    return at_most_wide(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), FLOW_WIDTH)


def flow_mask(counted: np.ndarray | None, size: tuple[int, ...]) -> np.ndarray | None:
    """A mask, bool (H, W), at the (h, w) of a `flow_image`: True where all that went into a pixel counts."""
    if counted is None or counted.shape == size:
        return counted
    return cv2.resize((~counted).astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA) == 0


def image_motion(first: np.ndarray, second: np.ndarray, counted: np.ndarray | None = None) -> float:
    """Median motion of the textured pixels from one `flow_image` to another [% of the width].

    NaN where too few pixels have texture. Pixels that are not ``counted``, bool (h, w), are not looked at.
    """
    textured = _textured(first, counted)
    if textured.sum() < FEWEST_TEXTURED:
        return float("nan")
    flow = _flow(first, second)[textured]
    return float(np.median(np.hypot(flow[:, 0], flow[:, 1]))) / first.shape[1] * 100


def lost_part(first: np.ndarray, second: np.ndarray, counted: np.ndarray | None = None) -> float:
    """Part of the textured pixels (0 to 1) that cannot be followed to the second image and back.

    They were covered, left the image, or moved too far.
    """
    textured = _textured(first, counted)
    if textured.sum() < FEWEST_TEXTURED:
        return float("nan")
    there, back = _flow(first, second), _flow(second, first)
    row, column = np.nonzero(textured)
    x, y = column + there[row, column, 0], row + there[row, column, 1]
    height, width = first.shape
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    landed = back[y.round().astype(int).clip(0, height - 1), x.round().astype(int).clip(0, width - 1)]
    apart = np.hypot(x + landed[:, 0] - column, y + landed[:, 1] - row)
    return 1 - float((inside & (apart <= FOLLOWED)).mean())


def _textured(image: np.ndarray, counted: np.ndarray | None) -> np.ndarray:
    slope = np.hypot(cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)) / 8
    return (slope > TEXTURE) if counted is None else (slope > TEXTURE) & counted


def _flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _dense().calc(first, second, None)  # pyright: ignore[reportCallIssue, reportArgumentType]


@lru_cache(maxsize=1)
def _dense() -> cv2.DISOpticalFlow:
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
