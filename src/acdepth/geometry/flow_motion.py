"""How the camera moved between two images, and how far away that says things are: from optical flow alone.

No network takes part, so that the same footage says the same about every network. Motion is known up to its
length, and depth up to that factor.
"""

from typing import NamedTuple

import cv2
import numpy as np

from acdepth.core.flow import dense_flow, followed
from acdepth.geometry.triangulate import rays_of, triangulate

TEXTURE = 2.0
"""Least slope, along whichever direction, of a pixel whose flow is looked at [gray values per pixel]."""
AROUND = 2.0
"""Standard deviation of the window that slopes are averaged over [px]."""
FOLLOWED = 0.7
"""Farthest from where it started that a pixel may end which is followed there and back [px]."""
LIKE = 0.8
"""Correlation of its surroundings with those where it went, from which a pixel was found again: plain
asphalt flows nowhere, and back."""
MOST_POINTS = 2500
"""Of an image that motion is computed from; of twice as many every second is taken, and so on."""
FEWEST_POINTS = 150
"""Below which an image tells no motion."""
ROUNDS = 25
"""Of weighted least squares."""
START = (0.0, 0.0, -1.0)
"""Direction that the translation starts from: a camera that drives forward."""
SOFT = 0.5
"""Distance from the epipolar line at which a point weighs half [px]."""
ON_LINE = 1.5
"""Distance from the epipolar line above which something moves by itself [px]."""
LEAST_PARALLAX = 1.0
"""Shift along the line by which a point's distance is told [px]."""


class Matches(NamedTuple):
    """Textured pixels of an image that are found again in another."""

    row: np.ndarray
    """(N,) int."""
    column: np.ndarray
    """(N,) int."""
    x: np.ndarray
    """(N,) where they are in the other image [px]."""
    y: np.ndarray
    """(N,) [px]."""


class MotionDepth(NamedTuple):
    """What two images say about distances."""

    T_target_to_source: np.ndarray
    """(4, 4); its translation has length 1."""
    row: np.ndarray
    """(N,) int, of the pixels that tell a distance."""
    column: np.ndarray
    """(N,) int."""
    depth: np.ndarray
    """(N,) along the optical axis, in lengths of the translation."""
    parallax: np.ndarray
    """(N,) by which the pixel moved because the camera did, not turned [px]."""
    static: float
    """Part of the matches that lie on their epipolar lines."""

    @property
    def way(self) -> np.ndarray:
        """(3,) of length 1: to where the source was taken, as the target sees it."""
        T = self.T_target_to_source
        return -T[:3, :3].T @ T[:3, 3]


def find_matches(target: np.ndarray, source: np.ndarray, counted: np.ndarray | None) -> Matches:
    """Follow textured, counted pixels of one gray image, uint8 (h, w), into another and back."""
    there, back = dense_flow(target, source), dense_flow(source, target)
    looked_at = _least_slope(target) > TEXTURE
    if counted is not None:
        looked_at &= counted
    looked_at[:2] = looked_at[-2:] = looked_at[:, :2] = looked_at[:, -2:] = False
    looked_at &= followed(there, back, FOLLOWED) & (_likeness(target, source, there) > LIKE)
    row, column = np.nonzero(looked_at)
    every = max(1, len(row) // MOST_POINTS)
    row, column = row[::every], column[::every]
    return Matches(row, column, column + there[row, column, 0], row + there[row, column, 1])


def _least_slope(image: np.ndarray) -> np.ndarray:
    """How steep a gray image is along the direction in which it is flattest, float32 (h, w) [gray values per
    pixel]: along a straight edge nothing tells how far it moved."""
    x, y = (cv2.Sobel(image, cv2.CV_32F, *order) / 8 for order in ((1, 0), (0, 1)))
    xx, yy, xy = (cv2.GaussianBlur(one, (0, 0), AROUND) for one in (x * x, y * y, x * y))
    least = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    return np.sqrt(least.clip(min=0))


def _likeness(target: np.ndarray, source: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Correlation (h, w) of what surrounds a pixel with what surrounds the place where it went."""
    height, width = target.shape
    row, column = np.mgrid[:height, :width].astype(np.float32)
    there = cv2.remap(source, column + flow[..., 0], row + flow[..., 1], cv2.INTER_LINEAR).astype(np.float32)
    here = target.astype(np.float32)

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (0, 0), AROUND)

    first, second = here - mean(here), there - mean(there)
    return mean(first * second) / np.sqrt(mean(first**2) * mean(second**2) + 1.0)


def depth_by_motion(matches: Matches, K: np.ndarray) -> MotionDepth | None:
    """Motion and distances from matches; None where they tell none. ``K`` (3, 3) is of both images [px]."""
    if len(matches.row) < FEWEST_POINTS:
        return None
    rays = rays_of(matches.column, matches.row, K)
    seen = np.stack([matches.x, matches.y], 1)
    rotation, translation = _fit(np.array(START), rays, seen, K)
    found = triangulate(rays, seen, rotation, translation, K)
    parallax, static = found.parallax, found.across < ON_LINE
    with np.errstate(divide="ignore"):
        depth = 1 / found.inverse_depth
    told = static & (parallax >= LEAST_PARALLAX) & (depth > 0)
    if (static & (parallax >= LEAST_PARALLAX) & (depth < 0)).sum() > told.sum():
        translation, depth = -translation, -depth
        told = static & (parallax >= LEAST_PARALLAX) & (depth > 0)
    if told.sum() < FEWEST_POINTS:
        return None
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation, translation
    return MotionDepth(T, matches.row[told], matches.column[told], depth[told], parallax[told], static.mean())


def _fit(start, rays, seen, K):
    rotation, translation = np.eye(3), start
    for _ in range(ROUNDS):
        error, jacobian = _distance(rotation, translation, rays, seen, K)
        weight = 1 / (1 + (error / SOFT) ** 2)
        weighted = jacobian * weight[:, None]
        step = np.linalg.solve(weighted.T @ jacobian + 1e-9 * np.eye(5), -weighted.T @ error)
        rotation = cv2.Rodrigues(step[:3])[0] @ rotation
        translation = translation + _tangent(translation) @ step[3:]
        translation = translation / np.linalg.norm(translation)
        if np.abs(step).max() < 1e-6:
            break
    return rotation, translation


def _tangent(direction):
    """(3, 2) of length 1, across a direction."""
    return np.linalg.svd(direction[None])[2][1:].T


def _distance(rotation, translation, rays, seen, K):
    """Signed distance [px] (N,) of the seen points from their epipolar lines, and its derivative (N, 5) by
    rotation and the two ways in which the translation can turn."""
    turned = rays @ rotation.T
    other = rays_of(seen[:, 0], seen[:, 1], K)
    normal = np.cross(translation, turned)  # of the plane of both rays
    length = np.hypot(normal[:, 0] / K[0, 0], normal[:, 1] / K[1, 1]).clip(1e-9)
    error = (normal * other).sum(1) / length
    # The length of the normal is taken as fixed.
    tangent = _tangent(translation)
    by_rotation = np.stack(
        [(np.cross(translation, np.cross(axis, turned)) * other).sum(1) for axis in np.eye(3)], 1
    )
    by_translation = np.stack([(np.cross(tangent[:, k], turned) * other).sum(1) for k in range(2)], 1)
    return error, np.concatenate([by_rotation, by_translation], 1) / length[:, None]
