"""What stands beside real roads and not beside the world's: hedges, woods, walls and house fronts, painted
into a street and its depth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from acdepth.data.streets.patterns import PATTERN, between, one_of, sample
from acdepth.data.streets.road import FARTHEST, Road, plane_depth, resolved

LEAFY, WALLED, ACROSS = 0.55, 0.35, 0.2
"""How much of it are hedges and woods, how many of these stand on a low wall, how much of all is across the
view."""
NARROW, NEAREST, CLOSE = 0.5, 2.0, 7.0
"""How many of the streets are narrow, and how near their sides then stand to the camera, from and to [m]."""
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


def set_beside(
    image: np.ndarray,
    depth: np.ndarray,
    road: Road,
    dice: np.random.Generator,
    patterns: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """A street with up to three hedges, woods, walls or house fronts, upright on its road's plane.

    A narrow street has them close by and beginning behind the camera: real old towns and garden walls are
    seen so, and their near end at the image's border is what a network otherwise takes for far.

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
    narrow, hand = dice.random() < NARROW, dice.choice((-1, 1))
    for number in range(dice.integers(1, 4)):
        side = _stand_close(road, dice, hand * (-1) ** number) if narrow else _stand(road, dice)
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
        return resolved(self.away)


def _stand(road: Road, dice: np.random.Generator) -> _Side:
    """A plane along the road, or across it, from somewhere to somewhere."""
    first, length = dice.uniform(-10, 40), between(dice, 4, 100)
    if dice.random() < ACROSS:  # half its length and 20 m to the right, to the left -20 to 80 m more
        half = length / 2 + 20
        turn = np.radians(dice.uniform(-140, -40))
        return _upright(road, turn, between(dice, 8, 60), (-half, half + 2 * first))
    offset = between(dice, 2.5, 20) * dice.choice((-1, 1))
    return _upright(road, np.radians(dice.normal(0, 6)), offset, (first, first + length))


def _stand_close(road: Road, dice: np.random.Generator, hand: int) -> _Side:
    """A plane along the road that begins behind the camera, to its left (-1) or right (1)."""
    offset, end = between(dice, NEAREST, CLOSE) * hand, between(dice, 8, 100)
    return _upright(road, np.radians(dice.normal(0, 4)), offset, (-20, end))


def _upright(road: Road, turn: float, offset: float, reach: tuple[float, float]) -> _Side:
    """A plane that runs along the road turned by ``turn`` [rad] to the right, ``offset`` [m] to the right of
    the camera (ahead of it where the turn is a quarter to the left), from where to where it reaches [m]."""
    along = np.cos(turn) * road.ahead + np.sin(turn) * road.right
    normal = np.cross(road.down, along)
    away = plane_depth(road.rays @ (normal / offset).astype(np.float32))
    place = np.where(np.isfinite(away), away, 0)
    position = place * (road.rays @ along.astype(np.float32))
    above = road.height - place * (road.rays @ road.down.astype(np.float32))
    here = (above > 0) & (position > reach[0]) & (position < reach[1])
    return _Side(np.where(here, away, np.float32(np.inf)), position, above)


def _leaves(
    side: _Side, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A hedge or a wood: colours (H, W, 3) and where it is seen, below a ragged edge with holes."""
    fine, coarse = one_of(patterns[:2], dice), one_of(patterns[2:], dice)
    scale, top = between(dice, 15, 60), between(dice, 0.8, 9)
    right, up = dice.uniform(0, PATTERN, 2)
    shade = _shaded(side, fine, coarse, scale, (right, up))
    ragged = 0.25 * sample(coarse, right + side.along * 12, np.full_like(side.along, up))
    ragged += 0.1 * side.clear * sample(fine, up + side.along * 40, side.above * 40)
    shown = side.above < top * (1 + dice.uniform(0.3, 1.5) * ragged)
    if dice.random() < 0.7:
        shown &= (shade < 1.2) | (side.above < 0.6 * top)
    colour = _coloured(LEAF_COLOURS, dice) * np.exp(dice.uniform(0.2, 0.6) * shade)[..., None]
    colour = colour * (0.55 + 0.45 * np.clip(side.above / top, 0, 1)[..., None])
    if dice.random() < WALLED:
        wall = _coloured(WALL_COLOURS, dice) * np.exp(dice.uniform(0.03, 0.25) * shade)[..., None]
        colour = np.where((side.above < between(dice, 0.3, 2))[..., None], wall, colour)
    return _hazy(colour, side, dice), shown


def _wall(
    side: _Side, dice: np.random.Generator, patterns: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A wall, a fence or a house front: colours (H, W, 3) and where it is seen. Most have joints or planks,
    the high ones windows."""
    fine, coarse = one_of(patterns[:2], dice), one_of(patterns[2:], dice)
    scale, stretched = between(dice, 15, 60), np.exp(dice.uniform(-1.5, 1.5))
    right, up = dice.uniform(0, PATTERN, 2)
    shade = _shaded(side, fine, coarse, scale, (right, up), stretched)
    top = between(dice, 0.8, 14)
    if dice.random() < 0.6:
        place = side.along if dice.random() < 0.6 else side.above
        shade = shade - _repeated(place, dice, 0.3, 4)
    colour = _coloured(WALL_COLOURS, dice) * np.exp(dice.uniform(0.03, 0.25) * shade)[..., None]
    if top > LEAST_FRONT:
        storeys = _repeated(side.above + dice.uniform(0, 3), dice, 2.2, 4)
        windows = storeys & _repeated(side.along, dice, 1.5, 5)
        colour = np.where(windows[..., None], colour * between(dice, 0.1, 1.5), colour)
    return _hazy(colour, side, dice), side.above < top


def _shaded(
    side: _Side,
    fine: np.ndarray,
    coarse: np.ndarray,
    scale: float,
    start: tuple[float, float],
    stretched: float = 1.0,
) -> np.ndarray:
    """Light and dark of a surface (H, W): a pattern of ``scale`` [px/m], and one three times as coarse."""
    along, above = scale * side.along, scale * side.above
    shade = side.clear * sample(fine, start[0] + along * stretched, start[1] + above)
    return (shade + sample(coarse, start[0] + along / 3, start[1] + above / 3)) / 1.5


def _repeated(place: np.ndarray, dice: np.random.Generator, least: float, most: float) -> np.ndarray:
    """Bool: bands at one distance of ``least`` to ``most`` [m], narrower than what lies between."""
    return (place / between(dice, least, most)) % 1 < dice.uniform(0.08, 0.5)


def _hazy(colour: np.ndarray, side: _Side, dice: np.random.Generator) -> np.ndarray:
    far = np.clip(np.where(np.isfinite(side.away), side.away, 0) / FARTHEST, 0, 1)
    return colour + dice.uniform(0, 0.4) * far[..., None] * (HAZE - colour)


def _coloured(colours: Sequence[tuple[int, int, int]], dice: np.random.Generator) -> np.ndarray:
    """One of the colours, lighter or darker and a little off."""
    colour = np.array(one_of(colours, dice))
    return colour * np.exp(dice.normal(0, 0.3) + dice.normal(0, 0.1, 3))
