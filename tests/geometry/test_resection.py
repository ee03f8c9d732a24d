"""The motion of a camera is found again, whatever unit depth has and whatever moves by itself."""

import cv2
import numpy as np
import pytest

from acdepth.geometry.resection import _error, _jacobian, depth_in_target, resect

TURN, STEP = np.array([0.01, -0.03, 0.005]), np.array([0.05, -0.02, 0.9])


def points(count: int = 400) -> np.ndarray:
    """(N, 3) in the target's view."""
    draw = np.random.default_rng(0)
    depth = draw.uniform(4, 60, count)
    return np.column_stack([draw.uniform(-0.6, 0.6, (count, 2)), np.ones(count)]) * depth[:, None]


@pytest.mark.parametrize("unit", [1.0, 1e-3, 100.0])
def test_a_known_motion_is_found(unit: float) -> None:
    target = points()
    source = target @ cv2.Rodrigues(TURN)[0].T + STEP
    seen, before = (one[:, :2] / one[:, 2:] for one in (target, source))
    before[:100] += 0.2  # a bus
    motion = resect(seen, before, source[:, 2] * unit, soft=0.004)
    assert motion.translation == pytest.approx(STEP * unit, abs=2e-3 * unit)
    assert cv2.Rodrigues(motion.rotation)[0].ravel() == pytest.approx(TURN, abs=2e-4)
    assert motion.off[100:].max() < 1e-3 < 0.1 < motion.off[:100].min()
    rays = np.column_stack([seen, np.ones(len(seen))])
    assert depth_in_target(motion, rays, source[:, 2] * unit) == pytest.approx(target[:, 2] * unit, rel=2e-3)


def test_a_camera_that_stands_has_not_moved() -> None:
    target = points()
    seen = target[:, :2] / target[:, 2:]
    motion = resect(seen, seen.copy(), target[:, 2], soft=0.004)
    assert np.abs(motion.translation).max() < 1e-6 and np.abs(motion.rotation - np.eye(3)).max() < 1e-6


def test_the_derivative_is_that_of_differences_where_the_camera_has_only_turned() -> None:
    target = points(20)
    rays, rotation, small = target / target[:, 2:], cv2.Rodrigues(TURN)[0], 1e-6
    depth = (target @ rotation.T)[:, 2]
    seen, _ = _error(rotation, np.zeros(3), rays, np.zeros((20, 2)), depth)
    jacobian = _jacobian(rays @ rotation.T, seen, depth)
    assert jacobian.shape == (40, 6)
    for number, step in enumerate(np.eye(6) * small):
        moved, _ = _error(cv2.Rodrigues(step[3:])[0] @ rotation, step[:3], rays, np.zeros((20, 2)), depth)
        assert ((moved - seen) / small).T.ravel() == pytest.approx(jacobian[:, number], abs=1e-4)
