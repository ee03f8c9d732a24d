"""Depth as colours that people can compare."""

import cv2
import numpy as np


def colour_inverse_depth(inverse_depth: np.ndarray, nearest: float | None = None) -> np.ndarray:
    """Colour inverse depth (H, W) [1/m] with the magma map, uint8 (H, W, 3) RGB.

    Black is infinitely far; the brightest colour is ``nearest`` [1/m], by default the image's 95 %
    quantile, as monodepth2's pictures do. Give the same ``nearest`` to pictures that stand side by side.
    Where inverse depth is not finite or is 0 (no measurement) the pixel is black.
    """
    known = np.isfinite(inverse_depth) & (inverse_depth > 0)
    if nearest is None:
        nearest = float(np.quantile(inverse_depth[known], 0.95)) if known.any() else 1.0
    scaled = np.where(known, np.clip(np.nan_to_num(inverse_depth) / nearest, 0, 1), 0)
    coloured = cv2.applyColorMap((scaled * 255).astype(np.uint8), cv2.COLORMAP_MAGMA)
    return cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB)
