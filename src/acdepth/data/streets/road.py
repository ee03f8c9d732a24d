"""The plane of a street's road, and other asphalt and lines on it."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from acdepth.data.streets.patterns import between, sample

FARTHEST = 120.0
"""Of what is painted on planes [m]."""
SPARE = 0.03
"""Relative difference of inverse depth within which a pixel counts as lying on the road."""
LEAST_ROAD, LEAST_PIXELS = 0.3, 100
"""Part of the lower image that must be road, and pixels of it that must have depth, so that one is found."""
LEAST_UPRIGHT = 0.8
"""Of its normal's length, along the image's columns."""
SHARP_TO = 25.0
"""Distance up to which a lens resolves a surface's fine structure [m]."""


class Road(NamedTuple):
    """The plane of a street's road in camera axes (right, down, forward)."""

    rays: np.ndarray
    """Float32 (H, W, 3) of the pixels, of depth 1."""
    down: np.ndarray
    """(3,), the plane's normal, of length 1."""
    height: float
    """Of the camera above it [m]."""

    @property
    def ahead(self) -> np.ndarray:
        """(3,), of length 1, on the plane."""
        ahead = np.array([0, 0, 1]) - self.down[2] * self.down
        return ahead / np.linalg.norm(ahead)

    @property
    def right(self) -> np.ndarray:
        """(3,), of length 1, on the plane."""
        return np.cross(self.down, self.ahead)

    @property
    def away(self) -> np.ndarray:
        """Float32 (H, W): its depth [m]; infinite above the horizon."""
        return plane_depth(self.rays @ (self.down / self.height).astype(np.float32))

    def horizon(self, focal: float) -> float:
        """Where it ends in the middle column [px below the image's middle]."""
        return float(-focal * self.down[2] / self.down[1])


def find_road(depth: np.ndarray, focal: float, dice: np.random.Generator) -> Road | None:
    """The plane of most of the lower image, by random triples of pixels; None where there is none.

    For exact depth that suffices, and takes a fortieth of the time of `acdepth.geometry.ground.road_plane`.

    Args:
        depth: (H, W) [m]; infinite or NaN where there is none.
        focal: of the camera [px], whose axis meets the image's middle.
        dice: of the triples.
    """
    height, width = depth.shape
    x, y = ((np.arange(side, dtype=np.float32) - side / 2) / focal for side in (width, height))
    rays = np.stack(np.broadcast_arrays(x[None], y[:, None], np.float32(1)), 2)
    rows, columns = np.nonzero(np.isfinite(depth[height // 2 :]))
    if len(rows) < LEAST_PIXELS:
        return None
    some = dice.integers(len(rows), size=400)
    at = rows[some] + height // 2, columns[some]
    seen, inverse = rays[at].astype(np.float64), 1 / depth[at].astype(np.float64)
    best, most = None, LEAST_ROAD
    for _ in range(30):
        three = dice.integers(len(some), size=3)
        try:
            normal = np.linalg.solve(seen[three], inverse[three])
        except np.linalg.LinAlgError:
            continue
        share = (np.abs(seen @ normal / inverse - 1) < SPARE).mean()
        if share > most and normal[1] > LEAST_UPRIGHT * np.linalg.norm(normal):
            best, most = normal, share
    if best is None:
        return None
    length = np.linalg.norm(best)
    return Road(rays, best / length, float(1 / length))


def repave(
    image: np.ndarray,
    depth: np.ndarray,
    road: Road,
    dice: np.random.Generator,
    patterns: Sequence[np.ndarray],
) -> np.ndarray:
    """A street with other asphalt: markings and shadows stay more or less, and often come new."""
    x, away = image.astype(np.float32), road.away
    on_road = np.isfinite(away) & (depth > 0.96 * away) & (depth < 1.04 * away)
    place = np.where(on_road, away, 1)
    ahead, aside = (place * (road.rays @ axis.astype(np.float32)) for axis in (road.ahead, road.right))
    clear = resolved(place)
    gray = np.exp(dice.uniform(0, 0.12) * clear * sample(patterns[0], 40 * aside, 40 * ahead))
    gray *= between(dice, 25, 190)
    gray *= 1 + dice.uniform(0, 0.1) * sample(patterns[2], 9 * aside, 9 * ahead)
    paved = gray[..., None] * np.exp(dice.normal(0, 0.04, 3)).astype(np.float32)
    paved = paved + dice.uniform(0.3, 1.1) * (x - cv2.GaussianBlur(x, (0, 0), 0.04 * x.shape[1]))
    if dice.random() < 0.5:
        shown = _lines(ahead, aside, dice) * clear
        colour = np.array((255, 200, 60) if dice.random() < 0.3 else (235, 235, 235), np.float32)
        paved = paved + shown[..., None] * (colour * dice.uniform(0.5, 1) - paved)
    share = cv2.GaussianBlur(on_road.astype(np.float32), (0, 0), 0.5)[..., None] * on_road[..., None]
    return (x + share * (paved - x)).clip(0, 255).astype(np.uint8)


def _lines(ahead: np.ndarray, aside: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """0..1: up to four lines along the road, whole or of dashes."""
    shown, lane = np.zeros_like(ahead), dice.uniform(2.6, 4)
    first, half = dice.uniform(-2, 0) * lane, dice.uniform(0.05, 0.1)
    for i in range(dice.integers(1, 5)):
        dashes, gaps = between(dice, 2, 8), between(dice, 2, 12)
        whole = dice.random() < 0.4
        dashed = np.ones_like(ahead) if whole else (ahead + dice.uniform(0, 20)) % (dashes + gaps) < dashes
        shown = np.maximum(shown, dashed * (np.abs(aside - first - i * lane) < half))
    return cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 0.5)


def plane_depth(inverse: np.ndarray) -> np.ndarray:
    """Of a plane by its inverse depth (H, W); infinite behind the camera and beyond `FARTHEST`."""
    return np.divide(1, inverse, out=np.full_like(inverse, np.inf), where=inverse > 1 / FARTHEST)


def resolved(away: np.ndarray) -> np.ndarray:
    """How much of a surface's fine structure a lens resolves there, 0..1."""
    return np.clip(SHARP_TO / away.clip(1), 0, 1).astype(np.float32)
