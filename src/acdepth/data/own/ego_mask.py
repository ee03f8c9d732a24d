"""What moves with the camera, found in the footage: bonnet or dashboard at the bottom, text burnt in.

The world slides through the image, so that over a drive the slopes of gray values at a pixel point anywhere
and cancel; at the edge of the bonnet they always point the same way. Inside, a glossy bonnet mirrors the
world, so that only its edge can be relied on. What is looked for is a line from the left side of the image
to the right along which slopes persist, with less change below than above; what lies below it is the
vehicle. Lines that the world holds in place for long, such as the horizon or lane markings, move by a few
pixels in the course of a drive, and are blurred.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.progress import Advance
from acdepth.core.spread import spread
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.folder import MASK_FILE
from acdepth.data.own.source import ImageFiles

LARGEST_WIDTH = 640
"""Width that is looked at [px]; smaller images stay as they are."""
LOOKED_AT, FEWEST = 120, 60
"""Images of a drive, evenly spread; and how many must differ, or the world has not moved enough to tell."""
CHANGE = 0.05
"""Least mean difference of an image to the one kept before, over its contrast: else the camera stands."""
FINE, COARSE = 1.0, 3.0
"""Blur before slopes are taken [px]: the fine one says where an edge is, the coarse one if it parts areas."""
PERSISTENT = (0.6, 0.9)
"""Length of the mean slope over the mean of the lengths: there is no edge below, and surely one above."""
NO_EDGE = 0.3
"""What a column of the line costs where there is no edge at all, next to 1 that the best edge gives."""
CALMER = (0.3, 1.0)
"""Binary logarithm of the change above the line over that below it; between these `NO_EDGE` is waived."""
CALM_ROW = 0.04
"""What a row below the line gives where little changes, and costs where much does."""
BEND = 0.1
"""What a pixel up or down from column to column costs."""
STEEPEST = 4
"""Pixels up or down from column to column."""
TALLEST = 0.45
"""Part of the image's height that the vehicle may take at the bottom: above, it would be the horizon."""
CLEAR_EDGE, LEAST_CLEAR = 0.25, 0.5
"""What a clear edge gives after `NO_EDGE`, and the part of the columns in which the line must be near one."""
NARROWEST, NOTCH = 1 / 20, 1 / 12
"""Parts of the width: the least that a piece of the vehicle takes, and gaps in it that are filled."""
TEXT_EDGE, TEXT_FILLED = 0.85, 0.45
"""Persistence of the strokes of text, and the part of its rectangle that they fill."""
TEXT_HEIGHT, TEXT_WIDTH = (1 / 45, 1 / 8), (1 / 30, 0.9)
"""Least and largest parts of the image's height and width; what spans all of it may be the horizon."""


@dataclass(frozen=True)
class EgoMask:
    """What was found in one drive."""

    mask: np.ndarray | None
    """bool (H, W), True where the image shows the vehicle itself; None where nothing was found."""
    looked_at: int
    """Images that differ."""

    @property
    def told(self) -> str:
        """What came of it, in words."""
        if self.mask is not None:
            return f"{100 * self.mask.mean():.1f} % of the image moves with the camera"
        if self.looked_at < FEWEST:
            return f"cannot be told from {self.looked_at} images that differ, {FEWEST} are needed"
        return "nothing was found that moves with the camera"


def find_ego_mask(clips: Sequence[OwnClip], advance: Advance | None = None) -> EgoMask:
    """Look for what moves with the camera in the clips of one drive, as its images were taken.

    Images that cannot be read are passed over.
    """
    everything = [(clip, number) for clip in clips for number in clip.numbers]
    if len(everything) < FEWEST:
        return EgoMask(None, len(everything))
    numbers = spread(everything, LOOKED_AT)
    seen = _Statistics()
    size = None
    for clip, number in numbers:
        try:
            image = clip.source.image(number)
        except UserError:
            continue
        finally:
            if advance:
                advance()
        size = size or image.shape[:2]
        if image.shape[:2] == size:
            seen.add(_smaller(image))
    if size is None or seen.count < FEWEST:
        return EgoMask(None, seen.count)
    fine, coarse = seen.slopes[FINE], seen.slopes[COARSE]
    own = _below_line(fine, coarse, seen.change())
    own |= _text(fine)
    if not own.any():
        return EgoMask(None, seen.count)
    own = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8))
    whole = cv2.resize(own, size[::-1], interpolation=cv2.INTER_NEAREST)
    return EgoMask(whole > 0, seen.count)


def mask_file(drive: OwnClip, out: Path | None = None) -> Path:
    """Where the mask of a drive is looked for, beside its images; with ``out`` the same place below that."""
    source = drive.source
    if isinstance(source, ImageFiles):
        return (out / drive.key_folder if out else source.place).parent / MASK_FILE
    name = f"{source.place.stem}.{MASK_FILE}"
    return (out / drive.key_folder).parent / name if out else source.place.parent / name


def write_ego_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask, bool (H, W), as `folder.read_ego_mask` reads it: black where the vehicle is.

    Raises:
        UserError: if it cannot be written.
    """
    shades = np.where(mask, 0, 255).astype(np.uint8)
    write_bytes(path, cv2.imencode(".png", shades)[1].tobytes())


def _smaller(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if width <= LARGEST_WIDTH:
        return image
    size = (LARGEST_WIDTH, max(1, round(height * LARGEST_WIDTH / width)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


class _Slopes:
    """Slopes of gray values at every pixel, over the images of a drive."""

    def __init__(self) -> None:
        self.across: np.ndarray | float = 0.0
        self.down: np.ndarray | float = 0.0
        self.lengths: np.ndarray | float = 0.0
        self.count = 0

    def add(self, blurred: np.ndarray) -> None:
        """Count an image, float32 (H, W, 3)."""
        across = cv2.Sobel(blurred, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(blurred, cv2.CV_32F, 0, 1, scale=1 / 8)
        self.across, self.down = self.across + across, self.down + down
        self.lengths = self.lengths + _length(across, down)
        self.count += 1

    @property
    def persistence(self) -> np.ndarray:
        """(H, W) in 0..1: 1 where the slope is always the same."""
        return self._resulting() / (self.lengths + 1e-6)

    @property
    def strength(self) -> np.ndarray:
        """(H, W): length of the mean slope [gray values per pixel]."""
        return self._resulting() / self.count

    @property
    def usual(self) -> float:
        """What an edge of the world has: nine in ten pixels have less."""
        return float(np.quantile(self.lengths / self.count, 0.9))

    def _resulting(self) -> np.ndarray:
        return _length(np.asarray(self.across), np.asarray(self.down))


def _length(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """(H, W) of (H, W, 3) each."""
    return np.sqrt(np.einsum("hwc,hwc->hw", across, across) + np.einsum("hwc,hwc->hw", down, down))


class _Statistics:
    """Of the images that differ from the one before."""

    def __init__(self) -> None:
        self.slopes = {FINE: _Slopes(), COARSE: _Slopes()}
        self.count = 0
        self._last: np.ndarray | None = None
        self._sum: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0

    def add(self, image: np.ndarray) -> None:
        """Count an image, uint8 (H, W, 3), unless the camera has hardly moved."""
        small = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._last is not None and np.abs(small - self._last).mean() < CHANGE * small.std():
            return
        self._last = small
        self.count += 1
        for blur, slopes in self.slopes.items():
            slopes.add(cv2.GaussianBlur(image.astype(np.float32), (0, 0), blur))
        gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), FINE)
        self._sum, self._squares = self._sum + gray, self._squares + gray**2

    def change(self) -> np.ndarray:
        """(H, W): standard deviation over time [gray values]."""
        mean = self._sum / self.count
        return np.sqrt(np.maximum(self._squares / self.count - mean**2, 0))


def _below_line(fine: _Slopes, coarse: _Slopes, change: np.ndarray) -> np.ndarray:
    """bool (H, W): what lies below the line, where it stands on edges."""
    height, width = change.shape
    low, high = PERSISTENT
    persistence = np.minimum(fine.persistence, coarse.persistence)
    contrast = fine.strength / (fine.strength + np.clip(fine.usual, 1.5, 8))
    edge = np.clip((persistence - low) / (high - low), 0, 1) * contrast - NO_EDGE
    line = _best_line(np.maximum(edge, _calmer_below(change)), _calm(change))
    clear = cv2.dilate((edge > CLEAR_EDGE).astype(np.uint8), np.ones((5, 1), np.uint8))
    clear = np.concatenate([clear, np.zeros((1, width), np.uint8)])[line, np.arange(width)]
    for first, last in np.flatnonzero(np.diff(line < height, prepend=False, append=False)).reshape(-1, 2):
        if last - first < NARROWEST * width or clear[first:last].mean() < LEAST_CLEAR:
            line[first:last] = height
    own = np.arange(height)[:, None] >= line
    notch = max(1, round(NOTCH * width))
    beyond = np.pad(own.astype(np.uint8), ((0, 0), (notch, notch)), "edge")
    return cv2.morphologyEx(beyond, cv2.MORPH_CLOSE, np.ones((1, notch), np.uint8))[:, notch:-notch] > 0


def _calmer_below(change: np.ndarray) -> np.ndarray:
    """(H, W), -`NO_EDGE` to 0: whether there is less change right below a pixel than right above."""
    apart, (low, high) = round(COARSE), CALMER
    level = np.pad(np.log2(change + 0.5), ((apart, apart), (0, 0)), "edge")
    falls = level[: -2 * apart] - level[2 * apart :]
    return NO_EDGE * (np.clip((falls - low) / (high - low), 0, 1) - 1)


def _calm(change: np.ndarray) -> np.ndarray:
    """(H, W), up to `CALM_ROW` either way: whether there is less change than in the lower half usually."""
    usual = np.median(change[len(change) // 2 :])
    return CALM_ROW * np.clip(np.log2(0.6 * usual / (change + 0.5)), -1, 1)


def _best_line(edge: np.ndarray, calm: np.ndarray) -> np.ndarray:
    """The row (W,) at which the vehicle begins in each column, H where it is not in view.

    Of all lines it has the largest sum of ``edge`` on it and of ``calm`` below it, less its bends; found by
    dynamic programming, column by column.
    """
    height, width = edge.shape
    gain = np.zeros((height + 1, width))
    gain[:height] = edge + np.cumsum(calm[::-1], 0)[::-1]
    gain[: round(height * (1 - TALLEST))] = -np.inf
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


def _text(fine: _Slopes) -> np.ndarray:
    """bool (H, W): rectangles around small dense groups of edges that never move."""
    height, width = fine.persistence.shape
    strokes = (fine.persistence > TEXT_EDGE) & (fine.strength > np.clip(fine.usual, 3, 8))
    (lowest, tallest), (narrowest, widest) = TEXT_HEIGHT, TEXT_WIDTH
    across, down = max(3, width // 40), max(3, width // 80)
    near = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((down, across), np.uint8))
    own = np.zeros((height, width), bool)
    for left, top, wide, high, _ in cv2.connectedComponentsWithStats(near)[2][1:]:
        rim = high // 4
        rows = slice(max(0, top - rim), top + high + rim)
        columns = slice(max(0, left - rim), left + wide + rim)
        filled = strokes[top : top + high, left : left + wide].mean()
        fits = lowest * height <= high <= tallest * height and narrowest * width <= wide <= widest * width
        if fits and filled >= TEXT_FILLED:
            own[rows, columns] = True
    return own
