"""Depth and error as pictures inside the page."""

import base64

import cv2
import numpy as np

from acdepth.core.encoding import encode, jpeg
from acdepth.core.prediction import colour_inverse_depth

WIDEST = 480
"""Pixels; wider pictures are shrunk, so that a page of sixty of them still goes by mail."""
SPARSE = 0.2
"""Below this part of measured pixels the points are drawn larger, or LiDAR would hardly show."""
MOST_ERROR = 0.5
"""Relative error that gets the last colour. The palest is at half of it: where d1 stops counting a pixel."""

ERROR_STOPS = ("#2b5c9e", "#86b4d8", "#f4efe6", "#f0935c", "#b3152a")
"""Blue below 25 % error, red above; evenly spaced from 0 to `MOST_ERROR`."""


def photograph(image: np.ndarray, widest: int | None = WIDEST) -> str:
    """An RGB image, uint8 (H, W, 3), as a JPEG data URI; None leaves it as wide as it is."""
    size = image.shape[1::-1] if widest is None else _shown_size(image)
    shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return _uri("jpeg", jpeg(shrunk, 88))


def nearest_shown(truth: np.ndarray) -> float:
    """The inverse depth [1/m] that gets the brightest colour in all pictures of a frame, of its truth (H, W)
    [m]: 0 where there is none, and measured somewhere."""
    return float(np.quantile(1 / truth[truth > 0], 0.95))


def depth_picture(depth: np.ndarray, nearest: float) -> str:
    """Depth (H, W) [m], 0 where there is none, as a PNG data URI; brightest is ``nearest`` [1/m]."""
    known = depth > 0
    inverse = np.where(known, 1 / np.where(known, depth, 1), 0).astype(np.float32)
    return _png(colour_inverse_depth(_shrunk(inverse), nearest))


def error_picture(depth: np.ndarray, truth: np.ndarray, least: float, most: float) -> str:
    """|depth - truth| / truth as a PNG data URI, transparent where it is not scored.

    Both are (H, W) [m]; depth is clamped to the protocol's range, ``least`` to ``most`` [m], and truth beyond
    it is not scored.
    """
    scored = (truth > least) & (truth < most)
    error = np.abs(np.clip(depth, least, most) - truth) / np.where(scored, truth, 1)
    # Shifted by one, so that 0 can mean "not scored" also after the points are enlarged.
    shown = _shrunk(np.where(scored, 1 + np.clip(error / MOST_ERROR, 0, 1), 0).astype(np.float32))
    colours = error_colours()[(np.clip(shown - 1, 0, 1) * 255).astype(np.uint8)]
    opacity = np.where(shown >= 1, 255, 0).astype(np.uint8)
    return _png(np.dstack([colours, opacity]))


def error_colours() -> np.ndarray:
    """The colours of errors from 0 to `MOST_ERROR`, uint8 (256, 3) RGB."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in ERROR_STOPS])
    places = np.linspace(0, 255, len(stops))
    channels = [np.interp(np.arange(256), places, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8)


def _shrunk(values: np.ndarray) -> np.ndarray:
    """At most `WIDEST` wide, float32 (h, w); 0 is "nothing here" and never mixed into its neighbours."""
    size = _shown_size(values)
    if np.mean(values > 0) < SPARSE:
        side = 2 * round(values.shape[1] / size[0]) + 1
        values = cv2.dilate(values, np.ones((side, side), np.uint8))
    return cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)


def _shown_size(picture: np.ndarray) -> tuple[int, int]:
    height, width = picture.shape[:2]
    factor = min(1.0, WIDEST / width)
    return round(width * factor), max(1, round(height * factor))


def _png(pixels: np.ndarray) -> str:
    return _uri("png", encode(".png", pixels, (cv2.IMWRITE_PNG_COMPRESSION, 9)))


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
