"""Points that two images see are where OpenCV's linear method puts them, if the images agree."""

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.geometry.triangulate import rays_of, triangulate

K = Camera.central(240.0, 240, 400).matrix().double().numpy()
ROTATION, TRANSLATION = cv2.Rodrigues(np.array([0.01, -0.03, 0.02]))[0], np.array([0.2, -0.1, -0.9])
TRANSLATION /= np.linalg.norm(TRANSLATION)


def views(count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points 4 to 60 lengths away: inverse depth (N,) and where each image sees them (N, 2)."""
    generator = np.random.default_rng(0)
    inverse = generator.uniform(1 / 60, 1 / 4, count)
    first = np.stack([generator.uniform(0, side, count) for side in (400, 240)], 1)
    points = rays_of(first[:, 0], first[:, 1], K) / inverse[:, None] @ ROTATION.T + TRANSLATION
    there = points @ K.T
    return inverse, first, there[:, :2] / there[:, 2:]


def test_exact_points_are_where_the_linear_method_puts_them():
    inverse, first, second = views()
    found = triangulate(rays_of(first[:, 0], first[:, 1], K), second, ROTATION, TRANSLATION, K)
    moved = np.hstack([ROTATION, TRANSLATION[:, None]])
    linear = cv2.triangulatePoints(K @ np.eye(3, 4), K @ moved, first.T, second.T)
    np.testing.assert_allclose(found.inverse_depth, linear[3] / linear[2], rtol=1e-6)
    np.testing.assert_allclose(found.inverse_depth, inverse, rtol=1e-6)
    assert found.across.max() < 1e-6


def test_what_lies_beside_the_line_counts_as_beside_it_and_not_as_nearer():
    inverse, first, second = views()
    rays = rays_of(first[:, 0], first[:, 1], K)
    along = second - triangulate_far(rays)
    beside = along[:, ::-1] * [1, -1] / np.linalg.norm(along, axis=1, keepdims=True)
    found = triangulate(rays, second + 0.5 * beside, ROTATION, TRANSLATION, K)
    np.testing.assert_allclose(found.across, 0.5, rtol=1e-6)
    np.testing.assert_allclose(found.parallax, np.linalg.norm(along, axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.inverse_depth, inverse, rtol=1e-6)


def triangulate_far(rays: np.ndarray) -> np.ndarray:
    """(N, 2) where the other image sees what is infinitely far [px]."""
    there = rays @ ROTATION.T @ K.T
    return there[:, :2] / there[:, 2:]
