"""Depth of single points from two images whose distance is known: what motion says in metres."""

from typing import NamedTuple

import cv2
import numpy as np
import torch

from acdepth.core.camera import Camera
from acdepth.core.resize import at_most_wide
from acdepth.geometry.triangulate import rays_of, triangulate

WIDTH = 960
"""Of images in which points are followed [px]; larger ones are shrunk, to save time."""
MOST_POINTS, APART = 2000, 6
"""That are followed, and how far apart they lie at least [px]."""
LARGEST_RETURN = 0.5
"""[px] from where a point started to where following it there and back ends."""
LARGEST_MISS = 1.0
"""[px] from a point to its line in the other image that is still of a point at rest."""
LEAST_SHIFT = 10.0
"""[px] from the place that the camera moves to, around which nothing moves and depth is noise."""


class SparseDepth(NamedTuple):
    """What two images say of N points of the first."""

    x: np.ndarray
    y: np.ndarray
    """(N,) each [px] of the first image."""
    inverse_depth: np.ndarray
    """(N,) [1/m]."""
    certainty: np.ndarray
    """(N,) 1 over the standard deviation of ``inverse_depth``, in any unit."""


def depth_by_motion(
    image: np.ndarray, other: np.ndarray, camera: Camera, moved: float, own: np.ndarray | None = None
) -> SparseDepth:
    """Follow points into another image, find the motion that explains most of them, and intersect their rays.

    Args:
        image: uint8 (H, W, 3).
        other: likewise, taken by the same camera ``moved`` metres away.
        camera: of both.
        moved: [m].
        own: bool (H, W): True where images show the vehicle itself.

    Returns:
        The points that fit this motion; none where it cannot be told.
    """
    none = np.zeros(0)
    nothing = SparseDepth(none, none, none, none)
    here, there = (cv2.cvtColor(at_most_wide(one, WIDTH), cv2.COLOR_RGB2GRAY) for one in (image, other))
    height, width = here.shape
    K = camera.resized(height, width).matrix(torch.float64).numpy()
    first, second = _followed(here, there, own)
    if len(first) < 8:
        return nothing
    found = cv2.findEssentialMat(first, second, K, cv2.RANSAC, 0.999, LARGEST_MISS)
    E, inliers = found[0], found[1]
    if E is None or E.shape != (3, 3):
        return nothing
    _, R, t, inliers = cv2.recoverPose(E, first, second, K, mask=inliers.copy())
    kept = inliers.ravel() > 0
    first, second = first[kept], second[kept]
    if len(first) < 8:
        return nothing
    start, end = first.astype(float), second.astype(float)
    rays = rays_of(start[:, 0], start[:, 1], K)
    inverse = triangulate(rays, end, R, t[:, 0], K).inverse_depth / moved
    # Depth is the surer the farther a point is from where the camera moves to, as it shifts by more.
    toward = K @ (-R.T @ t)[:, 0]
    if abs(toward[2]) > 1e-6:
        radius = np.linalg.norm(first.T - (toward[:2] / toward[2])[:, None], axis=0)
    else:
        radius = np.full(len(first), float(width))
    radius = np.minimum(radius, width)
    good = np.isfinite(inverse) & (inverse > 0) & (radius > LEAST_SHIFT)
    x = (first[:, 0] + 0.5) * image.shape[1] / width - 0.5
    y = (first[:, 1] + 0.5) * image.shape[0] / height - 0.5
    return SparseDepth(x[good], y[good], inverse[good], radius[good] * moved)


def _followed(gray: np.ndarray, other: np.ndarray, own: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) float32 each [px]: corners of one image, and where they are in the other."""
    empty = np.zeros((0, 2), np.float32)
    mask = None
    if own is not None:
        size = gray.shape[1], gray.shape[0]
        mask = (cv2.resize(own.astype(np.uint8), size, interpolation=cv2.INTER_AREA) == 0).astype(np.uint8)
    corners = cv2.goodFeaturesToTrack(gray, MOST_POINTS, 0.003, APART, mask=mask)
    if corners is None:
        return empty, empty
    there, went, _ = cv2.calcOpticalFlowPyrLK(
        gray, other, corners, corners.copy(), winSize=(15, 15), maxLevel=4
    )
    back, came, _ = cv2.calcOpticalFlowPyrLK(other, gray, there, there.copy(), winSize=(15, 15), maxLevel=4)
    start, end, again = (one.reshape(-1, 2) for one in (corners, there, back))
    kept = (went.ravel() > 0) & (came.ravel() > 0)
    kept &= np.linalg.norm(again - start, axis=1) < LARGEST_RETURN
    return start[kept], end[kept]
