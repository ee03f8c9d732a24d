"""What was measured of an image: a few thousand points of a LiDAR, or every pixel."""

from typing import NamedTuple

import numpy as np


class Measured(NamedTuple):
    """Depth of N pixels of one image: kept as points, as a LiDAR sees few of them."""

    size: tuple[int, int]
    """(height, width) of the image [px]."""
    pixels: np.ndarray
    """(N,) int64: row * width + column of each, ascending."""
    depth: np.ndarray
    """(N,) float32 [m], above 0."""

    @classmethod
    def of(cls, image: np.ndarray) -> "Measured":
        """The pixels of a depth image, float32 (H, W) [m], that are not 0."""
        pixels = np.flatnonzero(image > 0)
        return cls((image.shape[0], image.shape[1]), pixels, image.reshape(-1)[pixels])

    def image(self) -> np.ndarray:
        """Depth image, float32 (H, W) [m], 0 where nothing was measured."""
        image = np.zeros(self.size, np.float32)
        image.reshape(-1)[self.pixels] = self.depth
        return image


def nearest_in_pixels(
    column: np.ndarray, row: np.ndarray, depth: np.ndarray, size: tuple[int, int]
) -> Measured:
    """Points by column, row [px] and depth [m], each (N,), of which the nearest in a pixel stays; those
    outside the image of ``size`` (height, width) are dropped."""
    return _first_in_pixels(column, row, depth, size, np.argsort(depth, kind="stable"))


def last_in_pixels(column: np.ndarray, row: np.ndarray, depth: np.ndarray, size: tuple[int, int]) -> Measured:
    """The same, of which the last in a pixel stays."""
    return _first_in_pixels(column, row, depth, size, np.arange(len(depth))[::-1])


def _first_in_pixels(
    column: np.ndarray, row: np.ndarray, depth: np.ndarray, size: tuple[int, int], order: np.ndarray
) -> Measured:
    height, width = size
    order = order[((column >= 0) & (column < width) & (row >= 0) & (row < height))[order]]
    pixels, first = np.unique(
        row[order].astype(np.int64) * width + column[order].astype(np.int64), return_index=True
    )
    return Measured(size, pixels, depth[order[first]].astype(np.float32))
