"""Streets as the world does not build them: other asphalt and lines; hedges, woods, walls and house fronts
beside the road; shadows, and skies that are burnt out. Picture and depth change together."""

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
LEAST_ROAD, LEAST_PIXELS = 0.3, 100
"""Part of the lower image that must be road, and pixels of it that must have depth, so that one is found."""
LEAST_UPRIGHT = 0.8
"""Of its normal's length, along the image's columns."""
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
        return _depth_of(self.rays @ (self.down / self.height).astype(np.float32))

    def horizon(self, focal: float) -> float:
        """Where it ends in the middle column [px below the image's middle]."""
        return float(-focal * self.down[2] / self.down[1])


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
    clear = _resolved(place)
    gray = np.exp(dice.uniform(0, 0.12) * clear * _at(patterns[0], 40 * aside, 40 * ahead))
    gray = (
        gray * _between(dice, 25, 190) * (1 + dice.uniform(0, 0.1) * _at(patterns[2], 9 * aside, 9 * ahead))
    )
    paved = gray[..., None] * np.exp(dice.normal(0, 0.04, 3)).astype(np.float32)
    paved = paved + dice.uniform(0.3, 1.1) * (x - cv2.GaussianBlur(x, (0, 0), 0.04 * x.shape[1]))
    if dice.random() < 0.5:
        shown = _lines(ahead, aside, dice) * clear
        colour = np.float32((255, 200, 60) if dice.random() < 0.3 else (235, 235, 235))
        paved = paved + shown[..., None] * (colour * dice.uniform(0.5, 1) - paved)
    share = cv2.GaussianBlur(on_road.astype(np.float32), (0, 0), 0.5)[..., None] * on_road[..., None]
    return (x + share * (paved - x)).clip(0, 255).astype(np.uint8)


def _lines(ahead: np.ndarray, aside: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """0..1: up to four lines along the road, whole or of dashes."""
    shown, lane = np.zeros_like(ahead), dice.uniform(2.6, 4)
    first, half = dice.uniform(-2, 0) * lane, dice.uniform(0.05, 0.1)
    for i in range(dice.integers(1, 5)):
        dashes, gaps = _between(dice, 2, 8), _between(dice, 2, 12)
        whole = dice.random() < 0.4
        dashed = np.ones_like(ahead) if whole else (ahead + dice.uniform(0, 20)) % (dashes + gaps) < dashes
        shown = np.maximum(shown, dashed * (np.abs(aside - first - i * lane) < half))
    return cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 0.5)


def set_beside(
    image: np.ndarray,
    depth: np.ndarray,
    road: Road,
    dice: np.random.Generator,
    patterns: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """A street with up to three hedges, woods, walls or house fronts, upright on its road's plane.

    Args:
        image: RGB, uint8 (H, W, 3).
        depth: float32 (H, W) [m]; infinite for the sky, NaN where it is far and unknown.
        road: of this street.
        dice: of every draw.
        patterns: of `draw_patterns`.

    Returns:
        Both anew.
    """
    painted, depth = image.astype(np.float32), depth.copy()
    for _ in range(dice.integers(1, 4)):
        side = _stand(road, dice)
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
        return _resolved(self.away)


def _stand(road: Road, dice: np.random.Generator) -> _Side:
    """A plane along the road, or across it, from somewhere to somewhere."""
    across = dice.random() < ACROSS
    turn = np.radians(dice.uniform(40, 140) if across else dice.normal(0, 6))
    along = np.cos(turn) * road.ahead + np.sin(turn) * road.right
    normal = np.cross(road.down, along)
    nearest, farthest = (8, 60) if across else (2.5, 20)
    offset = _between(dice, nearest, farthest) * (np.sign(normal[2]) if across else dice.choice((-1, 1)))
    start, length = dice.uniform(-10, 40), _between(dice, 4, 100)
    if across:
        start, length = -20 - length / 2, length + 40 + 2 * start
    away = _depth_of(road.rays @ (normal / offset).astype(np.float32))
    place = np.where(np.isfinite(away), away, 0)
    position = place * (road.rays @ along.astype(np.float32))
    above = road.height - place * (road.rays @ road.down.astype(np.float32))
    here = (above > 0) & (position > start) & (position < start + length)
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


def _depth_of(inverse: np.ndarray) -> np.ndarray:
    """Infinite where a plane is behind the camera or farther than `FARTHEST`."""
    return np.divide(1, inverse, out=np.full_like(inverse, np.inf), where=inverse > 1 / FARTHEST)


def _resolved(away: np.ndarray) -> np.ndarray:
    """How much of a surface's fine structure a lens resolves there, 0..1."""
    return np.clip(25 / away.clip(1), 0, 1).astype(np.float32)


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
