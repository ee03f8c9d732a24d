"""What stands beside real roads and not beside rendered ones: hedges, woods, walls and fences, painted into a
street and its depth; shadows, and skies that are burnt out."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

PATTERN = 512
"""Side of a pattern [px]."""
ROUGHNESSES = (0.7, 1.0, 1.3, 1.7)
"""Exponents of the patterns' spectra: from leaves to clouds."""
SPARE = 0.03
"""Relative difference of inverse depth within which a pixel counts as lying on the road."""
LEAST_ROAD = 0.3
"""Part of the lower image that must be road, so that things can be set on it."""
FARTHEST = 120.0
"""Of what is set beside a road [m]."""
LEAFY, ACROSS = 0.65, 0.25
"""How much of it are hedges and woods, and how much stands across the view."""
LEAST_FRONT = 3.0
"""Height from which a wall is a house front [m]."""
HAZE = 200
"""Gray of far things' haze."""
LEAF_COLOURS = ((60, 80, 35), (45, 60, 30), (90, 100, 50), (110, 95, 50), (40, 45, 35), (75, 65, 50))
WALL_COLOURS = (
    (170, 165, 155),
    (120, 115, 110),
    (150, 110, 85),
    (90, 70, 55),
    (200, 195, 185),
    (100, 50, 40),
)


class Road(NamedTuple):
    """A plane in camera axes (right, down, forward)."""

    down: np.ndarray
    """(3,), its normal, of length 1."""
    height: float
    """Of the camera above it [m]."""


def draw_patterns(seed: int) -> list[np.ndarray]:
    """Fractal noise that repeats without seams, float32 (`PATTERN`, `PATTERN`), mean 0, deviation 1."""
    dice = np.random.default_rng(seed)
    down, right = np.fft.fftfreq(PATTERN)[:, None], np.fft.rfftfreq(PATTERN)[None]
    frequency = np.hypot(down, right)
    frequency[0, 0] = np.inf
    patterns = []
    for roughness in ROUGHNESSES:
        spectrum = np.fft.rfft2(dice.standard_normal((PATTERN, PATTERN))) / frequency**roughness
        noise = np.fft.irfft2(spectrum, (PATTERN, PATTERN))
        patterns.append(((noise - noise.mean()) / noise.std()).astype(np.float32))
    return patterns


def find_road(rays: np.ndarray, depth: np.ndarray, dice: np.random.Generator) -> Road | None:
    """The plane of most of the lower image, by random triples of pixels; None where there is none.

    ``rays`` float32 (H, W, 3) have depth 1.
    """
    rows, columns = np.nonzero(np.isfinite(depth[len(depth) // 2 :]))
    if len(rows) < 100:
        return None
    some = dice.integers(len(rows), size=400)
    at = rows[some] + len(depth) // 2, columns[some]
    seen, inverse = rays[at].astype(np.float64), 1 / depth[at].astype(np.float64)
    best, most = None, LEAST_ROAD
    for _ in range(30):
        three = dice.integers(len(some), size=3)
        try:
            normal = np.linalg.solve(seen[three], inverse[three])
        except np.linalg.LinAlgError:
            continue
        lies_on = np.abs(seen @ normal / inverse - 1) < SPARE
        steep = normal[1] < 0.8 * np.linalg.norm(normal)
        if not steep and lies_on.mean() > most:
            best, most = normal, lies_on.mean()
    if best is None:
        return None
    length = np.linalg.norm(best)
    return Road((best / length).astype(np.float32), float(1 / length))


def set_beside(
    image: np.ndarray,
    depth: np.ndarray,
    focal: float,
    dice: np.random.Generator,
    patterns: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """A street with up to three hedges, woods, walls or fences, upright on its road's plane.

    Args:
        image: RGB, uint8 (H, W, 3).
        depth: float32 (H, W) [m]; infinite for the sky, NaN where it is far and unknown.
        focal: of the camera [px], whose axis meets the image's middle.
        dice: of every draw.
        patterns: of `draw_patterns`.

    Returns:
        Both anew; as they were where no road is seen.
    """
    height, width = depth.shape
    across, down = np.meshgrid(np.arange(width) - width / 2, np.arange(height) - height / 2)
    rays = np.stack([across / focal, down / focal, np.ones_like(across)], 2).astype(np.float32)
    road = find_road(rays, depth, dice)
    if road is None:
        return image, depth
    painted, depth = image.astype(np.float32), depth.copy()
    for _ in range(dice.integers(1, 4)):
        side = _stand(rays, road, dice)
        colour, shown = (_leaves if dice.random() < LEAFY else _wall)(side, dice, patterns)
        shown = shown & np.isfinite(side.away) & ~(depth <= side.away)  # nearer than what is there, or NaN
        painted[shown], depth[shown] = colour[shown], side.away[shown]
    return painted.clip(0, 255).astype(np.uint8), depth


class _Side(NamedTuple):
    """An upright plane as each pixel sees it, (H, W) [m]."""

    away: np.ndarray  # depth; infinite where it is not seen
    along: np.ndarray  # place along the road
    above: np.ndarray  # height above the road

    @property
    def clear(self) -> np.ndarray:
        """How much of its fine structure a lens resolves there, 0..1."""
        return np.clip(25 / self.away.clip(1), 0, 1).astype(np.float32)


def _stand(rays: np.ndarray, road: Road, dice: np.random.Generator) -> _Side:
    """A plane along the road, or across it, from somewhere to somewhere."""
    ahead = np.array([0, 0, 1], np.float32) - road.down[2] * road.down
    ahead /= np.linalg.norm(ahead)
    across = dice.random() < ACROSS
    turn = np.radians(dice.uniform(40, 140) if across else dice.normal(0, 6))
    along = np.cos(turn) * ahead + np.sin(turn) * np.cross(road.down, ahead)
    normal = np.cross(road.down, along)
    nearest, farthest = (8, 60) if across else (2.5, 20)
    offset = _between(dice, nearest, farthest) * (np.sign(normal[2]) if across else dice.choice((-1, 1)))
    start, length = dice.uniform(-10, 40), _between(dice, 4, 100)
    if across:
        start, length = -20 - length / 2, length + 40 + 2 * start
    inverse = rays @ (normal / offset).astype(np.float32)
    seen = inverse > 1 / FARTHEST
    away = np.divide(1, inverse, out=np.full_like(inverse, np.inf), where=seen)
    place = np.where(seen, away, 0)
    position = place * (rays @ along.astype(np.float32))
    above = road.height - place * (rays @ road.down)
    here = seen & (above > 0) & (position > start) & (position < start + length)
    return _Side(np.where(here, away, np.float32(np.inf)), position, above)


def _leaves(
    side: _Side, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A hedge or a wood: colours (H, W, 3) and where it is seen, below a ragged edge with holes."""
    fine, coarse = patterns[dice.integers(2)], patterns[dice.integers(2, len(patterns))]
    scale, top = _between(dice, 15, 60), _between(dice, 0.8, 9)
    right, up = dice.uniform(0, PATTERN, 2)
    shade = side.clear * _at(fine, right + side.along * scale, up + side.above * scale)
    shade = (shade + _at(coarse, right + side.along * scale / 3, up + side.above * scale / 3)) / 1.5
    ragged = 0.25 * _at(coarse, right + side.along * 12, np.full_like(side.along, up))
    ragged += 0.1 * side.clear * _at(fine, up + side.along * 40, side.above * 40)
    shown = side.above < top * (1 + dice.uniform(0.3, 1.5) * ragged)
    if dice.random() < 0.7:
        shown &= (shade < 1.2) | (side.above < 0.6 * top)
    colour = _coloured(LEAF_COLOURS, dice) * np.exp(dice.uniform(0.2, 0.6) * shade)[..., None]
    lit = 0.55 + 0.45 * np.clip(side.above / top, 0, 1)[..., None]
    return _hazy(colour * lit, side, dice), shown


def _wall(
    side: _Side, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A wall, a fence or a house front: colours (H, W, 3) and where it is seen. Most have joints or planks,
    the high ones windows."""
    fine, coarse = patterns[dice.integers(2)], patterns[dice.integers(2, len(patterns))]
    scale, stretched = _between(dice, 15, 60), np.exp(dice.uniform(-1.5, 1.5))
    right, up = dice.uniform(0, PATTERN, 2)
    shade = side.clear * _at(fine, right + side.along * scale * stretched, up + side.above * scale)
    shade = (shade + _at(coarse, right + side.along * scale / 3, up + side.above * scale / 3)) / 1.5
    top = _between(dice, 0.8, 14)
    if dice.random() < 0.6:
        place = side.along if dice.random() < 0.6 else side.above
        shade = shade - _repeated(place, dice, 0.3, 4)
    colour = _coloured(WALL_COLOURS, dice) * np.exp(dice.uniform(0.03, 0.25) * shade)[..., None]
    if top > LEAST_FRONT:
        windows = _repeated(side.along, dice, 1.5, 5) & _repeated(
            side.above + dice.uniform(0, 3), dice, 2.2, 4
        )
        colour = np.where(windows[..., None], colour * _between(dice, 0.1, 1.5), colour)
    return _hazy(colour, side, dice), side.above < top


def _repeated(place: np.ndarray, dice: np.random.Generator, least: float, most: float) -> np.ndarray:
    """Bool: bands at one distance of ``least`` to ``most`` [m], narrower than what lies between."""
    return (place / _between(dice, least, most)) % 1 < dice.uniform(0.08, 0.5)


def _hazy(colour: np.ndarray, side: _Side, dice: np.random.Generator) -> np.ndarray:
    far = np.clip(np.where(np.isfinite(side.away), side.away, 0) / FARTHEST, 0, 1)
    return colour + dice.uniform(0, 0.4) * far[..., None] * (HAZE - colour)


def _coloured(colours: Sequence[tuple[int, int, int]], dice: np.random.Generator) -> np.ndarray:
    """One of the colours, lighter or darker and a little off."""
    colour = np.array(colours[dice.integers(len(colours))])
    return colour * np.exp(dice.normal(0, 0.3) + dice.normal(0, 0.1, 3))


def _between(dice: np.random.Generator, least: float, most: float) -> float:
    """Any size of these, each doubling as likely."""
    return float(np.exp(dice.uniform(np.log(least), np.log(most))))


def _at(pattern: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = ((one % (PATTERN - 1)).astype(np.float32) for one in (x, y))
    return cv2.remap(pattern, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


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
        clouds = np.roll(patterns[-1], dice.integers(0, PATTERN, 2), (0, 1))
        clouds = cv2.resize(clouds[: PATTERN // 3], (width, height))[..., None]
        sky = sky + np.float32(dice.uniform(5, 30)) * clouds
    return sky


def _textured(
    x: np.ndarray, depth: np.ndarray, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> np.ndarray:
    """All within a range of distances gets a pattern, as of leaves or stone, and another brightness."""
    nearest = np.exp(dice.uniform(np.log(2), np.log(40)))
    farthest = nearest * np.exp(dice.uniform(0.3, 2))
    within = (depth > nearest) & (depth < farthest)
    pattern = np.roll(patterns[dice.integers(len(patterns))], dice.integers(0, PATTERN, 2), (0, 1))
    size = int(dice.integers(PATTERN // 6, PATTERN))
    pattern = cv2.resize(pattern[:size, :size], (x.shape[1], x.shape[0]))
    change = np.exp(dice.uniform(0.05, 0.4) * pattern + dice.normal(0, 0.3))[..., None].astype(np.float32)
    return np.where(within[..., None], x * change, x)


def _in_shadow(
    x: np.ndarray, depth: np.ndarray, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> np.ndarray:
    """Shadows of trees and houses: dark shapes over anything but the sky."""
    pattern = np.roll(patterns[dice.integers(1, len(patterns))], dice.integers(0, PATTERN, 2), (0, 1))
    rows, columns = (int(n) for n in dice.integers((20, 80), (PATTERN // 3, PATTERN)))
    pattern = cv2.resize(pattern[:rows, :columns], (x.shape[1], x.shape[0]))
    edge = dice.uniform(0.05, 0.4)
    dark = np.clip((pattern - dice.uniform(-0.7, 1)) / edge, 0, 1) * np.isfinite(depth)
    dark = cv2.GaussianBlur(dark.astype(np.float32), (0, 0), 0.7)[..., None]
    return x * (1 - dark * np.float32(dice.uniform(0.3, 0.75)))
