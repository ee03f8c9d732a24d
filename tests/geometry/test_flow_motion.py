"""Motion and distances from two images: of made points exactly, of made images within what flow can tell."""

import cv2
import numpy as np
import pytest

from acdepth.core.camera import Camera
from acdepth.geometry import flow_motion
from acdepth.geometry.flow_motion import MOST_POINTS, Matches, depth_by_motion, find_matches
from acdepth.geometry.triangulate import rays_of

HEIGHT, WIDTH = 120, 200
K = Camera.central(150.0, HEIGHT, WIDTH).matrix().double().numpy()
ROTATION = cv2.Rodrigues(np.array([0.01, -0.03, 0.02]))[0]
FORWARD = np.array([0.1, -0.05, -0.9]) / np.linalg.norm([0.1, -0.05, -0.9])


def made(
    translation: np.ndarray, count: int = 600, movers: int = 60, far: float = 30
) -> tuple[Matches, np.ndarray]:
    """Pixels and where they are seen after the motion, the first of which move by themselves; depth (N,)."""
    draw = np.random.default_rng(0)
    row, column = np.divmod(draw.choice(HEIGHT * WIDTH, count, replace=False), WIDTH)
    depth = draw.uniform(far / 8, far, count)
    there = (rays_of(column, row, K) * depth[:, None]) @ ROTATION.T + translation
    x, y, _ = (there @ K.T / there[:, 2:]).T
    # Across their epipolar lines, which come together where the camera drives to.
    centre = K @ translation
    line = np.stack([x, y], 1) - centre[:2] / centre[2]
    across = line[:, ::-1] * [1, -1] / np.linalg.norm(line, axis=1, keepdims=True)
    x[:movers] += 4 * across[:movers, 0]
    y[:movers] += 4 * across[:movers, 1]
    return Matches(row, column, x, y), depth


@pytest.mark.parametrize("translation", [FORWARD, -FORWARD, [0.4, 0.2, -0.9]], ids=["on", "back", "aside"])
def test_motion_and_distances_are_found_and_what_moves_by_itself_tells_none(translation):
    translation = np.array(translation) / np.linalg.norm(translation)
    matches, depth = made(translation)
    found = depth_by_motion(matches, K)
    assert found is not None
    T = found.T_target_to_source
    np.testing.assert_allclose(T[:3, :3], ROTATION, atol=2e-3)
    np.testing.assert_allclose(T[:3, 3], translation, atol=1e-2)
    assert T[3].tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(found.way, -ROTATION.T @ translation, atol=1e-2)
    assert found.static == pytest.approx(0.9, abs=0.005)
    turned = rays_of(matches.column, matches.row, K) @ ROTATION.T @ K.T
    moved = np.stack([matches.x, matches.y], 1) - turned[:, :2] / turned[:, 2:]
    parallax = np.linalg.norm(moved, axis=1)
    pixels = {(r, c): (d, p) for r, c, d, p in zip(matches.row, matches.column, depth, parallax, strict=True)}
    expected = np.array([pixels[place] for place in zip(found.row, found.column, strict=True)])
    assert np.median(np.abs(found.depth / expected[:, 0] - 1)) < 0.01
    np.testing.assert_allclose(found.parallax, expected[:, 1], atol=0.15)
    told = parallax[60:] >= 1  # those that move are not told, and those that hardly moved
    assert len(found.depth) == pytest.approx(told.sum(), rel=0.03)
    assert found.parallax.min() >= 1


def test_few_points_and_a_camera_that_stands_tell_nothing():
    matches, _ = made(np.array([0.7, 0.3, -0.65]), 150, 0, far=8)
    found = depth_by_motion(matches, K)
    assert found is not None and len(found.depth) == 150
    assert depth_by_motion(Matches(*(one[:149] for one in matches)), K) is None
    row, column = matches.row, matches.column
    assert depth_by_motion(Matches(row, column, column.astype(float), row.astype(float)), K) is None


def test_the_derivative_is_that_of_differences_where_points_are_on_their_lines():
    matches, _ = made(FORWARD, 30, 0)
    rays, seen = rays_of(matches.column, matches.row, K), np.stack([matches.x, matches.y], 1)
    error, jacobian = flow_motion._distance(ROTATION, FORWARD, rays, seen, K)
    np.testing.assert_allclose(error, 0, atol=1e-9)
    tangent, small = flow_motion._tangent(FORWARD), 1e-7
    np.testing.assert_allclose(tangent.T @ np.column_stack([FORWARD, tangent]), np.eye(3)[1:], atol=1e-12)
    for k in range(5):
        step = np.zeros(5)
        step[k] = small
        moved = cv2.Rodrigues(step[:3])[0] @ ROTATION, FORWARD + tangent @ step[3:]
        changed, _ = flow_motion._distance(*moved, rays, seen, K)
        np.testing.assert_allclose(changed / small, jacobian[:, k], rtol=1e-3, atol=1e-3)


def test_the_distance_is_that_from_the_epipolar_line_in_pixels():
    matches, _ = made(FORWARD, 30, 30)
    rays, seen = rays_of(matches.column, matches.row, K), np.stack([matches.x, matches.y], 1)
    error, _ = flow_motion._distance(ROTATION, FORWARD, rays, seen, K)
    np.testing.assert_allclose(np.abs(error), 4, rtol=1e-6)


def texture(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


class TestMatches:
    def test_texture_is_found_again_where_it_went_and_plain_and_covered_places_are_not(self):
        whole = texture(HEIGHT + 10, WIDTH + 10)
        target, source = (
            whole[5 : 5 + HEIGHT, 5 : 5 + WIDTH].copy(),
            whole[3 : 3 + HEIGHT, 4 : 4 + WIDTH].copy(),
        )
        for image in (target, source):
            image[20:60, 20:70] = 100  # asphalt
        source[70:100, 120:170] = texture(30, 50, seed=1)  # something came before it
        counted = np.ones((HEIGHT, WIDTH), bool)
        counted[:, 190:] = False
        found = find_matches(target, source, counted)
        there = np.zeros((HEIGHT, WIDTH), bool)
        there[found.row, found.column] = True
        assert not there[26:54, 26:64].any() and not there[76:94, 126:164].any() and not there[:, 190:].any()
        assert not there[:2].any() and not there[-2:].any() and not there[:, :2].any()
        assert there[100:115, 20:110].any() and there[2:6].any()
        offset = np.stack([found.x - found.column, found.y - found.row], 1)
        assert (np.abs(offset - [1, 2]).max(1) < 0.5).mean() > 0.97
        without = find_matches(target, source, None)
        assert (without.column >= 190).any() and without.row.min() == 2

    def test_of_too_many_every_second_or_third_is_taken(self):
        image = texture()
        found = find_matches(image, image, None)
        place = found.row * WIDTH + found.column
        assert (np.diff(place) > 0).all()
        edges = [
            found.row.min(),
            HEIGHT - 1 - found.row.max(),
            found.column.min(),
            WIDTH - 1 - found.column.max(),
        ]
        assert edges == [2, 2, 2, 2]
        assert MOST_POINTS < len(place) < 1.5 * MOST_POINTS
        np.testing.assert_allclose(found.x, found.column, atol=0.1)
        np.testing.assert_allclose(found.y, found.row, atol=0.1)

    def test_the_least_slope_is_the_smaller_eigenvalue_of_the_structure_tensor(self):
        image = texture(20, 30)
        gradient = [cv2.Sobel(image, cv2.CV_32F, *order) / 8 for order in ((1, 0), (0, 1))]
        tensor = np.stack([[cv2.GaussianBlur(a * b, (0, 0), 2.0) for b in gradient] for a in gradient])
        expected = np.sqrt(np.linalg.eigvalsh(tensor.transpose(2, 3, 0, 1))[..., 0])
        np.testing.assert_allclose(flow_motion._least_slope(image), expected, atol=0.02)
        edge = np.tile(np.arange(0, 240, 8, dtype=np.uint8), (20, 1))
        assert np.abs(flow_motion._least_slope(edge)).max() < 0.01

    def test_likeness_is_a_correlation(self):
        image, still = texture(), np.zeros((HEIGHT, WIDTH, 2), np.float32)
        darker, negative = (image // 2 + 40).astype(np.uint8), 255 - image
        for other, expected in ((image, 1), (darker, 1), (negative, -1)):
            np.testing.assert_allclose(flow_motion._likeness(image, other, still), expected, atol=0.05)
        moved = np.roll(image, (3, -2), (0, 1))
        flow = still + np.array([-2, 3], np.float32)
        inner = flow_motion._likeness(image, moved, flow)[10:-10, 10:-10]
        np.testing.assert_allclose(inner, 1, atol=0.02)
        assert np.abs(flow_motion._likeness(image, texture(seed=5), still)).mean() < 0.5
        plain = np.full((HEIGHT, WIDTH), 90, np.uint8)
        assert np.abs(flow_motion._likeness(plain, plain, still)).max() < 1e-3
