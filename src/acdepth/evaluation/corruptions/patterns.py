"""Clouds and ice flowers, drawn for one image."""

import math

import cv2
import numpy as np

from acdepth.weather.draws import Draws

FEATHERS = 900
"""Ice feathers of a picture."""
BRANCHES = 20
"""Of a feather."""
SHADES = (45, 0, -45)
"""By how much a feather's branches are darker and brighter than the whole, of 255."""
LENGTHS = (0.025, 0.15)
"""Of the shortest and the longest, as parts of the picture's longer side."""
BRANCH_ANGLE = math.pi / 3
"""Between a feather's stem and its branches: ice has six directions."""
ICE_LEVEL = (0.5, 0.8)
"""Mean brightness: darkest and brightest of the photographs that ImageNet-C uses."""
ICE_CLOUDS, ICE_FEATHERS = 0.09, 0.075
"""Deviations of what is wide and what is fine in it; the photographs have 0.06 to 0.17 in all."""


def plasma(longest_side: int, decay: float, draws: Draws) -> np.ndarray:
    """Clouds, float32 in 0..1, in a square whose side is the next power of two; opposite edges fit.

    Midpoint displacement (Fournier, Fussell and Carpenter 1982): every point between known ones is their mean
    and a random step; steps shrink by ``decay`` squared from each scale to the next finer one.
    """
    side = 2 ** math.ceil(math.log2(longest_side))
    heights = np.zeros((side, side), np.float32)
    step, reach = side, 1.0

    def between(sum_of_four: np.ndarray) -> np.ndarray:
        return sum_of_four / 4 + np.float32(reach) * (2 * draws.rand(*sum_of_four.shape).numpy() - 1)

    while step > 1:
        half = step // 2
        corners = heights[::step, ::step]
        right, below = np.roll(corners, -1, 1), np.roll(corners, -1, 0)
        centres = between(corners + right + below + np.roll(right, -1, 0))
        heights[half::step, half::step] = centres
        heights[::step, half::step] = between(corners + right + centres + np.roll(centres, 1, 0))
        heights[half::step, ::step] = between(corners + below + centres + np.roll(centres, 1, 1))
        step, reach = half, reach / decay**2
    heights -= heights.min()
    return heights / heights.max()


def frost_pattern(height: int, width: int, draws: Draws) -> np.ndarray:
    """Ice flowers on glass, float32 (H, W, 3), about 0..1: feathers of all directions before wide clouds."""
    feathers = _feathers(height, width, draws)
    clouds = plasma(max(height, width), 1.5, draws)[:height, :width]
    ice = draws.uniform(*ICE_LEVEL) + ICE_CLOUDS * _standard(clouds) + ICE_FEATHERS * _standard(feathers)
    tint = np.array([draws.uniform(0.8, 1.0), 1.0, draws.uniform(1.0, 1.08)], np.float32)
    return (ice[..., None] * tint).astype(np.float32)


def _feathers(height: int, width: int, draws: Draws) -> np.ndarray:
    """Brightness (H, W) of feathers, the later ones over the earlier."""
    layer = np.full((height, width), 128, np.uint8)
    roots = draws.rand(FEATHERS, 2).numpy() * (width, height)
    lengths = max(height, width) * LENGTHS[0] * (LENGTHS[1] / LENGTHS[0]) ** draws.rand(FEATHERS).numpy()
    strokes = _strokes(roots, lengths, draws)
    for feather, shade in zip(strokes, draws.rand(FEATHERS).tolist(), strict=True):
        for number, change in enumerate(SHADES):
            some, gray = feather[number :: len(SHADES)], min(max(60 + 160 * shade + change, 0), 255)
            cv2.polylines(layer, some, False, gray, lineType=cv2.LINE_AA, shift=4)
    return layer.astype(np.float32)


def _strokes(roots: np.ndarray, lengths: np.ndarray, draws: Draws) -> np.ndarray:
    """Stem and uneven branches of F feathers, (F, 1 + `BRANCHES`, 2, 2): x and y of both ends [px / 16]."""
    angles = 2 * math.pi * draws.rand(FEATHERS, 1).numpy()
    stems = lengths[:, None, None] * _directions(angles)
    along, reach = draws.rand(2, FEATHERS, BRANCHES).numpy()
    feet = roots[:, None] + along[..., None] * stems
    # To both sides in turn, a little astray, and the shorter the nearer to the tip.
    sides = BRANCH_ANGLE * np.where(np.arange(BRANCHES) % 2, 1, -1)
    turns = angles + sides + 0.2 * draws.randn(FEATHERS, BRANCHES).numpy()
    tips = feet + (0.45 * lengths[:, None] * (1 - along) * reach)[..., None] * _directions(turns)
    trunks = np.stack([roots[:, None], roots[:, None] + stems], 2)
    return np.rint(16 * np.concatenate([trunks, np.stack([feet, tips], 2)], 1)).astype(np.int32)


def _directions(angles: np.ndarray) -> np.ndarray:
    """Unit vectors (..., 2), x and y."""
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def _standard(values: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1."""
    return (values - values.mean()) / values.std()
