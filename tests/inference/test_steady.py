"""A clip whose depth is known: what flickers is steadied, what is true stays, what is new is not held up."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest

from acdepth import Camera, DepthPrediction, Steady

CAMERA = Camera.central(focal=128.0, height=96, width=160)
INTERVAL = 1 / 12


@lru_cache
def texture(seed: int = 0) -> np.ndarray:
    """(512, 512) gray values that flow can follow at any distance."""
    draw = np.random.default_rng(seed)
    layers = [np.kron(draw.uniform(0, 80, (n, n)), np.ones((512 // n, 512 // n))) for n in (8, 32, 128)]
    return np.sum(layers, 0)


def walls(forward: float, seed: int = 0, comes: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Image and depth [m] of a wall at 20 m and a nearer one before its left, from ``forward`` [m], when the
    nearer one ``comes`` by itself, too [m]."""
    row, column = np.mgrid[:96, :160]
    x, y = (column - CAMERA.cx) / CAMERA.fx, (row - CAMERA.cy) / CAMERA.fy
    near, far = 10.0 - forward - comes, 20.0 - forward
    depth = np.where(x * near < -1, near, far)
    place = (np.stack([y, x]) * depth * 16 + 256).astype(int).clip(0, 511)
    gray = texture(seed)[place[0], place[1]]
    return np.repeat(gray[..., None], 3, 2).astype(np.uint8), depth.astype(np.float32)


def flickering(depth: np.ndarray, number: int, size: float = 0.1) -> DepthPrediction:
    draw = np.random.default_rng(number)
    coarse = np.kron(draw.normal(0, size, (12, 20)), np.ones((8, 8))) + draw.normal(0, size)
    return DepthPrediction((depth * np.exp(coarse)).astype(np.float32), None, CAMERA, True)


def errors(said: Sequence[np.ndarray], true: Sequence[np.ndarray]) -> np.ndarray:
    """(N, H, W) of log depth."""
    return np.log(np.stack(said)) - np.log(np.stack(true))


def test_flicker_and_error_shrink_on_a_drive() -> None:
    images, true = zip(*[walls(0.4 * n) for n in range(12)], strict=True)
    plain, steady = [flickering(depth, n) for n, depth in enumerate(true)], Steady()
    steadied = [steady(image, plain[n], n * INTERVAL).depth for n, image in enumerate(images)]
    before, after = errors([one.depth for one in plain], true), errors(steadied, true)
    inner = np.s_[4:, 16:-16, 16:-16]
    assert np.abs(np.diff(after[inner], axis=0)).mean() < 0.6 * np.abs(np.diff(before[inner], axis=0)).mean()
    assert np.abs(after[inner]).mean() < 0.8 * np.abs(before[inner]).mean()


def test_true_depth_stays_true() -> None:
    steady = Steady()
    for number in range(6):
        image, depth = walls(0.4 * number)
        found = steady(image, DepthPrediction(depth, None, CAMERA, True), number * INTERVAL).depth
        assert np.median(np.abs(np.log(found / depth))) < 0.01


def test_what_moves_by_itself_does_not_lag() -> None:
    steady, lags = Steady(), []
    for number in range(6):
        image, depth = walls(0.0, comes=number)
        found = steady(image, DepthPrediction(depth, None, CAMERA, True), number * INTERVAL).depth
        lags.append(np.log(found / depth)[8:-8, 8:40].mean())
    assert max(lags) < 0.03  # by the past alone it would be 0.3


def test_frames_to_come_change_nothing() -> None:
    images, true = zip(*[walls(0.4 * n) for n in range(5)], strict=True)
    whole, part = Steady(), Steady()
    said = [whole(images[n], flickering(true[n], n), n * INTERVAL).depth for n in range(5)]
    for n in range(3):
        again = part(images[n], flickering(true[n], n), n * INTERVAL).depth
        np.testing.assert_array_equal(again, said[n])


@pytest.mark.parametrize("new", ["scene", "size", "time"])
def test_what_is_new_keeps_its_own_depth(new: str) -> None:
    steady = Steady()
    image, depth = walls(0.0)
    steady(image, flickering(depth, 0), 1.0)
    other = flickering(depth, 1)
    if new == "scene":
        image = walls(0.0, seed=9)[0][::-1]
    elif new == "size":
        image, other = image[:64], DepthPrediction(other.depth[:64], None, None, True)
    found = steady(np.ascontiguousarray(image), other, 0.5 if new == "time" else 1.04)
    np.testing.assert_array_equal(found.depth, other.depth)


def test_the_longer_the_pause_the_less_the_past_counts() -> None:
    image, depth = walls(0.0)
    first, second = flickering(depth, 0), flickering(depth, 1)
    changes = []
    for pause in (0.04, 0.4, 4.0):
        steady = Steady()
        steady(image, first, 0.0)
        changes.append(np.abs(np.log(steady(image, second, pause).depth / second.depth)).mean())
    assert changes[0] > 2 * changes[1] > 4 * changes[2] and changes[2] < 1e-4


def test_an_image_without_texture_is_left_alone() -> None:
    steady, grey = Steady(), np.full((96, 160, 3), 90, np.uint8)
    for number in range(3):
        prediction = flickering(walls(0.0)[1], number)
        assert steady(grey, prediction) is prediction


def test_depth_is_steadied_at_its_own_size() -> None:
    steady = Steady()
    for number in range(2):
        image, depth = (np.kron(one, np.ones((5, 5, 1)[: one.ndim], one.dtype)) for one in walls(0.0))
        large = flickering(depth[::5, ::5], number).depth.repeat(5, 0).repeat(5, 1)
        found = steady(image, DepthPrediction(large, None, None, True))
    assert found.depth.shape == (480, 800) and np.abs(found.depth / large - 1).mean() > 0.01
