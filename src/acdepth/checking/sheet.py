"""The contact sheet: images of each condition with their measured depth drawn in as coloured points."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from acdepth.checking.canvas import (
    CAPTION,
    COLUMNS,
    GAP,
    HEADING,
    TILE,
    Tile,
    blank,
    heading,
    picture_row,
    write,
)
from acdepth.core.clip import Frame
from acdepth.core.condition import Condition
from acdepth.core.encoding import encode
from acdepth.core.files import write_bytes

SCALE = (2.0, 80.0)
"""Depths of the first and the last colour [m]; logarithmic between."""
TICKS = (2, 5, 10, 20, 40, 80)
LARGEST_POINT = 4
"""Side of a point where there are few [px]."""
COVERED = 0.45
"""Part of a picture that points may cover before they are made smaller."""
GRID = 8
"""Of dense depth one pixel in each such square of the picture is drawn [px]."""


def make_tile(frame: Frame, image: np.ndarray | None, depth: np.ndarray | None) -> Tile:
    """The picture of a frame; ``image`` (H, W, 3) uint8 is None where it cannot be read."""
    name = frame.clip.name if len(frame.clip) == 1 else f"{frame.clip.name} {frame.index}"
    if image is None:
        return Tile(np.full((*TILE, 3), 48, np.uint8), name, "cannot be read")
    scale = min(TILE[0] / image.shape[0], TILE[1] / image.shape[1])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    pixels = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if depth is None or depth.shape != image.shape[:2]:
        return Tile(pixels, name, "no depth")
    count = int((depth > 0).sum())
    draw_points(pixels, depth)
    median = f", median {np.median(depth[depth > 0]):.0f} m" if count else ""
    return Tile(pixels, name, f"{count} points{median}", is_measured=True)


def draw_points(pixels: np.ndarray, depth: np.ndarray) -> None:
    """Draw measured depth (H, W) [m] into a picture (h, w, 3) of another size; near points on top."""
    row, column = np.nonzero(depth > 0)
    area = pixels.shape[0] * pixels.shape[1]
    if len(row) > COVERED * min(area, depth.size):
        step = max(1, round(GRID * depth.shape[1] / pixels.shape[1]))
        on_grid = (row % step == step // 2) & (column % step == step // 2)
        row, column = row[on_grid], column[on_grid]
    side = int(np.clip(np.sqrt(COVERED * area / max(1, len(row))), 1, LARGEST_POINT))
    far_first = np.argsort(-depth[row, column])
    row, column = row[far_first], column[far_first]
    top = ((row + 0.5) * pixels.shape[0] / depth.shape[0] - side / 2).round().astype(int).clip(0)
    left = ((column + 0.5) * pixels.shape[1] / depth.shape[1] - side / 2).round().astype(int).clip(0)
    for y, x, colour in zip(top, left, depth_colours(depth[row, column]), strict=True):
        pixels[y : y + side, x : x + side] = colour


def depth_colours(depth: np.ndarray) -> np.ndarray:
    """Colours (N, 3) uint8 of depth (N,) [m]: red is near, blue is far.

    Unlike in depth maps far is not black, or points would be lost at night.
    """
    low, high = np.log(SCALE)
    place = 1 - np.clip((np.log(np.maximum(depth, 1e-6)) - low) / (high - low), 0, 1)
    # The ends of the map are too dark to be seen on asphalt.
    shades = (16 + place * 223).astype(np.uint8)[:, None]
    return cv2.cvtColor(cv2.applyColorMap(shades, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)[:, 0]


def write_sheet(
    path: Path, tiles: Mapping[Condition, Sequence[Tile]], pages: Sequence[np.ndarray] = ()
) -> None:
    """Lay out pages, then the pictures, conditions in their order, and write a PNG.

    Beside pages, which show images, only those pictures are that show measured depth as well.

    Raises:
        UserError: if it cannot be written.
    """
    strips = list(pages)
    for condition in Condition:
        some = [tile for tile in tiles.get(condition, ()) if not pages or tile.is_measured]
        if some:
            strips.append(heading(condition.value))
            strips += [picture_row(some[first : first + COLUMNS]) for first in range(0, len(some), COLUMNS)]
    legend = [] if len(strips) == len(pages) else [_legend()]
    write_bytes(path, encode(".png", np.concatenate([*strips, *legend]), where=path))


def _legend() -> np.ndarray:
    """The colours and their metres."""
    strip, width = blank(HEADING + CAPTION), COLUMNS * (TILE[1] + GAP) - GAP
    low, high = np.log(SCALE)
    depths = np.exp(np.linspace(low, high, width))
    strip[GAP : GAP + 12, GAP : GAP + width] = depth_colours(depths)
    for tick in TICKS:
        place = GAP + round((np.log(tick) - low) / (high - low) * width)
        write(strip, f"{tick} m", place, GAP + 30, right=tick == TICKS[-1])
    return strip
