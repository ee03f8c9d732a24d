"""Pictures drawn along a line or out of their middle."""

import math

import cv2
import numpy as np

from acdepth.weather.draws import Draws

WIDEST_ANGLE = 45.0
"""Degrees between a streak's direction and the middle one."""


def smear(image: np.ndarray, reach: int, deviation: float, towards: float, draws: Draws) -> np.ndarray:
    """Draw (H, W) or (H, W, C) out along a line, as a camera in motion does that is fastest at the end.

    Args:
        image: float32.
        reach: the line is twice as long [px].
        deviation: of the half Gaussian that weighs places along the line [px].
        towards: middle direction [degrees], from which the line differs by up to `WIDEST_ANGLE`.
        draws: of this image.
    """
    angle = math.radians(draws.uniform(towards - WIDEST_ANGLE, towards + WIDEST_ANGLE))
    places = np.arange(2 * reach + 1)
    weights = np.exp(-(places**2) / (2 * deviation**2))
    rows, columns = (np.rint(places * part).astype(int) for part in (math.sin(angle), math.cos(angle)))
    kernel = np.zeros((4 * reach + 1, 4 * reach + 1), np.float32)
    np.add.at(kernel, (2 * reach + rows, 2 * reach + columns), weights / weights.sum())
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def enlarge(image: np.ndarray, factor: float) -> np.ndarray:
    """The middle of (H, W) or (H, W, C) enlarged to its full size.

    As published, the middle is of whole pixels, its outermost ones stay whole, and what gets too large is cut
    at the right and below.
    """
    rows = []
    for axis, side in enumerate((image.shape[1], image.shape[0])):
        middle = math.ceil(side / factor)
        step = (middle - 1) / (round(middle * factor) - 1)
        rows.append([*np.eye(2)[axis] * step, (side - middle) // 2])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = image.shape[1], image.shape[0]
    return cv2.warpAffine(image, np.array(rows), size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
