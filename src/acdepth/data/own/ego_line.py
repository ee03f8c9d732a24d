"""The line at the bottom of a drive's images below which they show the vehicle itself.

Along it slopes of gray values persist, or change falls from the world above to what is below. It runs from
side to side at much the same height, where lane markings climb to the vanishing point; and nothing below it
changes as strongly as the world does, where the road shows markings that pass. A glossy bonnet mirrors the
world, but weaker.
"""

import cv2
import numpy as np

from acdepth.data.own.persistence import COARSE, FINE, Statistics

PERSISTENT = (0.6, 0.9)
"""Length of the mean slope over the mean of the lengths: there is no edge below, and surely one above."""
NO_EDGE = 0.3
"""What a column of the line costs where there is no edge at all, next to 1 that the best edge gives."""
CALMER, CALMER_EDGE = (0.3, 1.0), 0.4
"""Binary logarithm of the change above the line over that below it: between these `NO_EDGE` is waived, and an
edge at the fine blur alone gives up to so much. A road that is now bright, now dark has no other."""
CALM_ROW, CALM = 0.04, 0.8
"""What a row below the line gives where little changes, and costs where much does; and the most of all rows,
or a tall piece of plain road would outweigh every edge."""
BEND = 0.25
"""What a pixel up or down from column to column costs."""
STEEPEST = 4
"""Pixels up or down from column to column."""
TALLEST, LOWEST = 0.45, 0.03
"""Parts of the image's height that the vehicle may take at the bottom, above it would be the horizon; and
below which nothing is looked for."""
LOWER = 0.8
"""Where the best line is refused, a next one is looked for below so much of its height."""
CLEAR_EDGE, LEAST_CLEAR = 0.1, 0.5
"""What a clear edge gives after `NO_EDGE`, and the part of the columns in which the line must be near one."""
NARROWEST, NOTCH = 1 / 4, 1 / 12
"""Parts of the width: the least that a piece of the vehicle takes, and gaps in it that are filled."""
PEAK, PEAK_ROWS = 0.3, 0.03
"""How far the line's highest point may be above its median: this part of its height, and of the image's. A
bow has a quarter of its height, a wedge of lane a half."""
MOVES = 0.6
"""Change below the line over that of the world in the lower half, of each the strongest but for `STRONGEST`;
the motorway's bonnet has 0.12 to 0.38, two lanes of road 0.77, another road 1."""
STRONGEST = 0.97
"""Quantile: a car or a marking that passes is a small part of the pixels."""


def below_line(seen: Statistics) -> tuple[np.ndarray, bool]:
    """What lies below the line, bool (H, W); and whether a clear line was refused, so that it is unclear."""
    change = seen.change()
    height, width = change.shape
    edge, calm = _edge(seen, change), _calm(change)
    clear = cv2.dilate((edge > CLEAR_EDGE).astype(np.uint8), np.ones((5, 1), np.uint8)) > 0
    tallest, refused = round(TALLEST * height), False
    while tallest > LOWEST * height:
        line = _best_line(edge, calm, tallest)
        doubtful = 0
        for columns in _pieces(line, height):
            is_clear = clear[line[columns], np.arange(width)[columns]].mean() >= LEAST_CLEAR
            wide = columns.stop - columns.start >= NARROWEST * width
            is_vehicle = _is_flat(line[columns], height, tallest) and _is_calm(line, columns, change)
            if wide and is_clear and is_vehicle:
                continue
            if wide:
                doubtful = max(doubtful, height - line[columns].min())
                refused |= bool(is_clear)
            line[columns] = height
        if (line < height).any():
            return _filled(np.arange(height)[:, None] >= line), False
        if not doubtful:
            break
        tallest = min(tallest - 1, round(LOWER * doubtful))
    return np.zeros((height, width), bool), refused


def _pieces(line: np.ndarray, height: int) -> list[slice]:
    """Columns from where the line enters the image to where it leaves it."""
    ends = np.flatnonzero(np.diff(line < height, prepend=False, append=False)).reshape(-1, 2)
    return [slice(int(first), int(last)) for first, last in ends]


def _is_flat(line: np.ndarray, height: int, tallest: int) -> bool:
    """Whether a piece keeps its height, and was not held down by the bound."""
    tall = height - line
    above = tall.max() - np.median(tall)
    return bool(tall.max() < tallest - 1 and above <= PEAK * tall.max() + PEAK_ROWS * height)


def _is_calm(line: np.ndarray, columns: slice, change: np.ndarray) -> bool:
    """Whether nothing moves below a piece as it does in the world, of which the lower half is looked at."""
    row = np.arange(len(change))[:, None]
    inside = change[:, columns][row >= line[columns] + round(COARSE)]
    world = change[(row < line) & (row >= len(change) // 2)]
    if not inside.size or not world.size:
        return True
    return bool(np.quantile(inside, STRONGEST) <= MOVES * np.quantile(world, STRONGEST))


def _filled(own: np.ndarray) -> np.ndarray:
    notch = max(1, round(NOTCH * own.shape[1]))
    beyond = np.pad(own.astype(np.uint8), ((0, 0), (notch, notch)), "edge")
    return cv2.morphologyEx(beyond, cv2.MORPH_CLOSE, np.ones((1, notch), np.uint8))[:, notch:-notch] > 0


def _edge(seen: Statistics, change: np.ndarray) -> np.ndarray:
    """(H, W), -`NO_EDGE` to 1 - `NO_EDGE`: what a pixel gives to a line that runs through it."""
    fine, coarse = seen.slopes[FINE], seen.slopes[COARSE]
    contrast = fine.strength / (fine.strength + np.clip(fine.usual, 1.5, 8))
    persists = _between(fine.persistence, PERSISTENT) * contrast
    parts = np.minimum(persists, _between(coarse.persistence, PERSISTENT) * contrast)
    return np.maximum(parts, _calmer_below(change) * (NO_EDGE + CALMER_EDGE * persists)) - NO_EDGE


def _calmer_below(change: np.ndarray) -> np.ndarray:
    """(H, W), 0 to 1: whether there is less change right below a pixel than right above."""
    apart = round(COARSE)
    level = np.pad(np.log2(change + 0.5), ((apart, apart), (0, 0)), "edge")
    return _between(level[: -2 * apart] - level[2 * apart :], CALMER)


def _between(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    low, high = ends
    return np.clip((values - low) / (high - low), 0, 1)


def _calm(change: np.ndarray) -> np.ndarray:
    """(H, W), 0 to `CALM`: whether below a pixel there is less change than in the lower half usually."""
    usual = np.median(change[len(change) // 2 :])
    rows = CALM_ROW * np.clip(np.log2((0.6 * usual + 0.001) / (change + 0.5)), -1, 1)
    return np.clip(np.cumsum(rows[::-1], 0)[::-1], 0, CALM)


def _best_line(edge: np.ndarray, calm: np.ndarray, tallest: int) -> np.ndarray:
    """The row (W,) at which the vehicle begins in each column, H where it is not in view.

    Of all lines up to ``tallest`` rows above the bottom it has the largest sum of ``edge`` and ``calm``, less
    its bends; found by dynamic programming, column by column.
    """
    height, width = edge.shape
    gain = np.zeros((height + 1, width))
    gain[:height] = edge + calm
    gain[: height - tallest] = -np.inf
    best, came_from = gain[:, 0], np.zeros((width, height + 1), int)
    for column in range(1, width):
        padded = np.pad(best, STEEPEST, constant_values=-np.inf)
        ways = np.stack(
            [
                padded[STEEPEST + bend : STEEPEST + bend + height + 1] - BEND * abs(bend)
                for bend in range(-STEEPEST, STEEPEST + 1)
            ]
        )
        choice = ways.argmax(0)
        came_from[column] = np.arange(height + 1) + choice - STEEPEST
        best = ways[choice, np.arange(height + 1)] + gain[:, column]
    line = np.full(width, best.argmax())
    for column in range(width - 1, 0, -1):
        line[column - 1] = came_from[column, line[column]]
    return line
