"""Distances of points that two images see, from how the camera moved between them."""

from typing import NamedTuple

import numpy as np


class Triangulated(NamedTuple):
    """What N points of an image are found to be by where another image sees them."""

    inverse_depth: np.ndarray
    """(N,) along the first camera's axis, in 1 over lengths of the translation; below 0 behind it."""
    parallax: np.ndarray
    """(N,) by which they moved because the camera did, not turned [px]."""
    across: np.ndarray
    """(N,) distance from their epipolar lines [px]."""


def rays_of(x: np.ndarray, y: np.ndarray, K: np.ndarray) -> np.ndarray:
    """(N, 3) of depth 1 through pixels of a camera ``K`` (3, 3)."""
    return np.stack([(x - K[0, 2]) / K[0, 0], (y - K[1, 2]) / K[1, 1], np.ones(len(x))], 1)


def triangulate(
    rays: np.ndarray, seen: np.ndarray, rotation: np.ndarray, translation: np.ndarray, K: np.ndarray
) -> Triangulated:
    """Where along their rays points lie that another image sees, by the nearest place on the epipolar line.

    Args:
        rays: (N, 3), see `rays_of`.
        seen: (N, 2) in the other image [px].
        rotation: (3, 3) from the first camera to the other.
        translation: (3,) likewise, of length 1.
        K: (3, 3) of the other camera [px].
    """
    turned = rays @ rotation.T
    far = turned[:, :2] / turned[:, 2:] * [K[0, 0], K[1, 1]] + [K[0, 2], K[1, 2]]
    moved = seen - far
    # where it goes per inverse depth
    toward = (K[:2, :2] @ (translation[:2, None] - turned[:, :2].T / turned[:, 2] * translation[2])).T
    length = np.linalg.norm(toward, axis=1).clip(1e-9)
    unit = toward / length[:, None]
    along = (moved * unit).sum(1)
    across = np.abs(moved[:, 0] * unit[:, 1] - moved[:, 1] * unit[:, 0])
    # pixel = far + q K (t - r tz) / (1 + q tz) with q = 1 / (z turned_z)
    q = along / (length - along * translation[2])
    return Triangulated(q * turned[:, 2], np.abs(along), across)
