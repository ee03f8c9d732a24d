"""A street in another light: shadows, other textures, and skies that are burnt out, gray or blue."""

from collections.abc import Sequence

import cv2
import numpy as np

from acdepth.data.streets.patterns import PATTERN, between, one_of, rolled


def in_other_sun(
    image: np.ndarray,
    depth: np.ndarray,
    dice: np.random.Generator,
    patterns: Sequence[np.ndarray],
    *,
    new_sky: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """A street with shadows, other textures in a range of distances and, if wanted, another sky.

    The new sky also covers what is painted on the old one, so that all of it is sky: NaN in ``depth``, as
    in `set_beside`, becomes infinite.
    """
    x = image.astype(np.float32)
    if dice.random() < 0.4:
        x = _textured(x, depth, dice, patterns)
    if dice.random() < 0.4:
        x = _in_shadow(x, depth, dice, patterns)
    sky = ~np.isfinite(depth)
    if not new_sky or not sky.any():
        return x.clip(0, 255).astype(np.uint8), depth
    # A camera that shows the sky burnt out, or one that does not and shows the street dark.
    x = x * np.float32(np.exp(dice.normal(-0.25, 0.35)))
    share = cv2.GaussianBlur(sky.astype(np.float32), (0, 0), dice.uniform(0.4, 0.9))[..., None]
    x = x + share * (_sky(depth.shape, dice, patterns) - x)
    return x.clip(0, 255).astype(np.uint8), np.where(sky, np.float32(np.inf), depth)


def _sky(shape: tuple[int, ...], dice: np.random.Generator, patterns: Sequence[np.ndarray]) -> np.ndarray:
    height, width = shape
    kind = dice.random()
    if kind < 0.4:
        bottom = top = np.full(3, dice.uniform(225, 260))
    elif kind < 0.65:
        bottom = np.full(3, dice.uniform(130, 240))
        top = bottom * dice.uniform(0.8, 1.05)
    else:
        bottom = np.array([200, 215, 235]) * dice.uniform(0.8, 1.15)
        top = np.array([90, 140, 210]) * dice.uniform(0.6, 1.3)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** np.float32(dice.uniform(0.5, 2))
    sky = np.broadcast_to(top + down * (bottom - top), (height, width, 3)).astype(np.float32)
    if dice.random() < 0.5:
        clouds = rolled(patterns[-1], dice)
        clouds = cv2.resize(clouds[: PATTERN // 3], (width, height))[..., None]
        sky = sky + np.float32(dice.uniform(5, 30)) * clouds
    return sky


def _textured(
    x: np.ndarray, depth: np.ndarray, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> np.ndarray:
    """All within a range of distances gets a pattern, as of leaves or stone, and another brightness."""
    nearest = between(dice, 2, 40)
    farthest = nearest * np.exp(dice.uniform(0.3, 2))
    within = (depth > nearest) & (depth < farthest)
    pattern = rolled(one_of(patterns, dice), dice)
    size = int(dice.integers(PATTERN // 6, PATTERN))
    pattern = cv2.resize(pattern[:size, :size], (x.shape[1], x.shape[0]))
    change = np.exp(dice.uniform(0.05, 0.4) * pattern + dice.normal(0, 0.3))[..., None].astype(np.float32)
    return np.where(within[..., None], x * change, x)


def _in_shadow(
    x: np.ndarray, depth: np.ndarray, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> np.ndarray:
    """Shadows of trees and houses: dark shapes over anything but the sky."""
    pattern = rolled(one_of(patterns[1:], dice), dice)
    rows, columns = (int(n) for n in dice.integers((20, 80), (PATTERN // 3, PATTERN)))
    pattern = cv2.resize(pattern[:rows, :columns], (x.shape[1], x.shape[0]))
    edge = dice.uniform(0.05, 0.4)
    dark = np.clip((pattern - dice.uniform(-0.7, 1)) / edge, 0, 1) * np.isfinite(depth)
    dark = cv2.GaussianBlur(dark.astype(np.float32), (0, 0), 0.7)[..., None]
    return x * (1 - dark * np.float32(dice.uniform(0.3, 0.75)))
