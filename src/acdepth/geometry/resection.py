"""How the camera moved between two images, from points whose depth in the earlier one is known."""

from typing import NamedTuple

import cv2
import numpy as np

ROUNDS = 10
"""Of weighted least squares, at most."""
ENOUGH = 1e-5
"""Step, in radians and median depths, below which the motion is found."""
NEAREST = 0.05
"""Of its depth in the source that a point keeps at least in the target: none lies behind the camera."""


class Resection(NamedTuple):
    """A motion, and which points it explains."""

    rotation: np.ndarray
    """(3, 3) from the target's camera to the source's."""
    translation: np.ndarray
    """(3,) likewise, in the unit of the depths."""
    off: np.ndarray
    """(N,) how far from where the motion puts them the points are seen in the source, in units of x and y."""


def resect(target: np.ndarray, source: np.ndarray, depth: np.ndarray, soft: float) -> Resection:
    """The motion that takes points from where the target sees them to where the source does.

    Only the source's depth takes part: noise in the target's would look like motion.

    Args:
        target: (N, 2) x / z and y / z of points in the target.
        source: (N, 2) likewise of the same points in the source.
        depth: (N,) along the source's optical axis.
        soft: distance at which a point weighs half, in units of x and y.
    """
    unit = float(np.median(depth))
    depth = depth / unit
    rays = np.column_stack([target, np.ones(len(target))])
    rotation, translation, off = np.eye(3), np.zeros(3), np.zeros(len(target))
    for _ in range(ROUNDS):
        seen, error = _error(rotation, translation, rays, source, depth)
        off = np.hypot(*error.T)
        weights = 1 / (1 + (off / soft) ** 2)
        jacobian = _jacobian(rays @ rotation.T, seen, depth)
        weighted = (jacobian * np.tile(weights, 2)[:, None]).T
        normal = weighted @ jacobian
        step = np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(6), weighted @ error.T.ravel())
        translation = translation + step[:3]
        rotation = cv2.Rodrigues(step[3:])[0] @ rotation
        if np.abs(step).max() < ENOUGH:
            break
    return Resection(rotation, translation * unit, off)


def depth_in_target(motion: Resection, rays: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Depth (N,) in the target of points of which the source's is known; ``rays`` (N, 3) are the target's."""
    along = rays @ motion.rotation[2]
    return np.maximum((depth - motion.translation[2]) / along, NEAREST * depth)


def _error(
    rotation: np.ndarray, translation: np.ndarray, rays: np.ndarray, source: np.ndarray, depth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where the source should see the points (N, 2), and how far from there it does (N, 2)."""
    motion = Resection(rotation, translation, depth)
    points = (rays @ rotation.T) * depth_in_target(motion, rays, depth)[:, None] + translation
    seen = points[:, :2] / points[:, 2:]
    return seen, source - seen


def _jacobian(turned: np.ndarray, seen: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(2 N, 6): how x of the places in the source, then y, follows translation and rotation.

    Depth in the source stays as it is known, so that a step forward moves points along their turned rays.
    """
    u, v = seen.T
    none, near = np.zeros_like(u), 1 / depth
    x, y = -turned[:, :2].T / turned[:, 2] * near
    along_x = [near, none, x, -u * v, 1 + u * u, -v]
    along_y = [none, near, y, -(1 + v * v), u * v, u]
    return np.hstack([along_x, along_y]).T
