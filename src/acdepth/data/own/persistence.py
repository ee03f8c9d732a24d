"""What keeps its place in the images of a drive: slopes of gray values that always point the same way."""

import cv2
import numpy as np

FINE, COARSE = 1.0, 3.0
"""Blur before slopes are taken [px]: the fine one says where an edge is, the coarse one if it parts areas."""
CHANGE = 0.05
"""Least mean difference of an image to the one kept before, over its contrast: else the camera stands."""


class Slopes:
    """Slopes of gray values at every pixel, over the images of a drive."""

    def __init__(self) -> None:
        self.across: np.ndarray | float = 0.0
        self.down: np.ndarray | float = 0.0
        self.lengths: np.ndarray | float = 0.0
        self.count = 0

    def add(self, blurred: np.ndarray) -> None:
        """Count an image, float32 (H, W, 3)."""
        across = cv2.Sobel(blurred, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(blurred, cv2.CV_32F, 0, 1, scale=1 / 8)
        self.across, self.down = self.across + across, self.down + down
        self.lengths = self.lengths + _length(across, down)
        self.count += 1

    @property
    def persistence(self) -> np.ndarray:
        """(H, W) in 0..1: 1 where the slope is always the same."""
        return self._resulting() / (self.lengths + 1e-6)

    @property
    def strength(self) -> np.ndarray:
        """(H, W): length of the mean slope [gray values per pixel]."""
        return self._resulting() / self.count

    @property
    def usual(self) -> float:
        """What an edge of the world has: nine in ten pixels have less."""
        return float(np.quantile(self.lengths / self.count, 0.9))

    def _resulting(self) -> np.ndarray:
        return _length(np.asarray(self.across), np.asarray(self.down))


def _length(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """(H, W) of (H, W, 3) each."""
    return np.sqrt(np.einsum("hwc,hwc->hw", across, across) + np.einsum("hwc,hwc->hw", down, down))


class Statistics:
    """Of the images that differ from the one before."""

    def __init__(self) -> None:
        self.slopes = {FINE: Slopes(), COARSE: Slopes()}
        self.count = 0
        self._last: np.ndarray | None = None
        self._sum: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0

    def add(self, image: np.ndarray) -> None:
        """Count an image, uint8 (H, W, 3), unless the camera has hardly moved."""
        small = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._last is not None and np.abs(small - self._last).mean() < CHANGE * small.std():
            return
        self._last = small
        self.count += 1
        for blur, slopes in self.slopes.items():
            slopes.add(cv2.GaussianBlur(image.astype(np.float32), (0, 0), blur))
        gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), FINE)
        self._sum, self._squares = self._sum + gray, self._squares + gray**2

    def change(self) -> np.ndarray:
        """(H, W): standard deviation over time [gray values]."""
        mean = self._sum / self.count
        return np.sqrt(np.maximum(self._squares / self.count - mean**2, 0))
