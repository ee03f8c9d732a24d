"""Things set beside a road, shadows and skies: pictures and depth go together."""

import numpy as np
import pytest

from acdepth.data.streets.beside import set_beside
from acdepth.data.streets.light import in_other_sun
from acdepth.data.streets.looks import _compressed
from acdepth.data.streets.patterns import PATTERN, draw_patterns, sample
from acdepth.data.streets.road import find_road, repave

HEIGHT, WIDTH, FOCAL = 96, 160, 130.0
PATTERNS = draw_patterns(0)


def dice(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def level(height: float = 1.5, pitch: float = 0.0) -> np.ndarray:
    """Depth of a level road seen by a camera that looks down by ``pitch`` degrees, under an infinite sky."""
    normal = np.array([0, np.cos(np.radians(pitch)), np.sin(np.radians(pitch))], np.float32)
    across, below = np.meshgrid(np.arange(WIDTH) - WIDTH / 2, np.arange(HEIGHT) - HEIGHT / 2)
    rays = np.stack([across / FOCAL, below / FOCAL, np.ones_like(across)], 2).astype(np.float32)
    inverse = rays @ normal / height
    return np.where(inverse > 0.005, 1 / np.maximum(inverse, 0.005), np.inf).astype(np.float32)


def gray() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def test_compression_keeps_the_light_of_red_and_not_its_colour() -> None:
    """JPEG stores brightness finely and colour coarsely, and red is three times as bright as blue."""
    left = []
    for channel in (0, 2):
        lamp = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        lamp[::2, ::2, channel] = 255
        left.append(float(_compressed(lamp, 50)[..., channel].std()))
    assert left[0] > 1.5 * left[1]


def test_patterns_repeat_without_seams() -> None:
    for pattern in PATTERNS:
        assert abs(pattern.mean()) < 1e-4 and abs(pattern.std() - 1) < 1e-4
        inside = np.abs(np.diff(pattern, axis=0)).mean()
        assert np.abs(pattern[0] - pattern[-1]).mean() < 1.5 * inside


def test_patterns_go_on_beyond_their_border() -> None:
    pattern, middle = PATTERNS[0], np.full((1, 3), 3.0)
    across = np.array([[-0.5, PATTERN - 0.5, 2 * PATTERN + 1.0]])
    between = (pattern[3, -1] + pattern[3, 0]) / 2
    assert np.allclose(sample(pattern, across, middle), [[between, between, pattern[3, 1]]], atol=1e-5)
    assert np.allclose(sample(pattern.T.copy(), middle, across), sample(pattern, across, middle))


@pytest.mark.parametrize(("height", "pitch"), [(1.2, 0.0), (2.2, 4.0)])
def test_the_road_is_found_behind_a_car(height: float, pitch: float) -> None:
    depth = level(height, pitch)
    depth[60:80, 60:100] = 6.0
    found = find_road(depth, FOCAL, dice())
    assert found is not None and found.height == pytest.approx(height, rel=0.02)
    assert np.degrees(np.arctan2(found.down[2], found.down[1])) == pytest.approx(pitch, abs=0.5)
    assert found.horizon(FOCAL) == pytest.approx(-FOCAL * np.tan(np.radians(pitch)), abs=1)


def test_a_wall_is_no_level() -> None:
    assert find_road(np.full((HEIGHT, WIDTH), 9.0, np.float32), FOCAL, dice()) is None


def test_what_is_set_beside_a_road_stands_on_it_and_hides_what_is_behind() -> None:
    before, seen = level(), 0
    road = find_road(before, FOCAL, dice())
    assert road is not None
    before[:20, :40] = np.nan
    for seed in range(12):
        image, depth = set_beside(gray(), before, road, dice(seed), PATTERNS)
        new = (image != 128).any(2)
        assert np.array_equal(depth[~new], before[~new], equal_nan=True)
        assert not (depth > before).any()
        above = 1.5 - depth[new] * road.rays[new][:, 1]
        assert (above > -0.05).all() and (above < 25).all()
        seen += new.mean()
    assert 0.1 < seen / 12 < 0.7


def test_sides_are_flat_and_upright() -> None:
    """What is one column of an upright plane is at one depth, for a camera that looks level."""
    flat, road = [], find_road(level(), FOCAL, dice())
    assert road is not None
    for seed in range(12):
        image, depth = set_beside(gray(), level(), road, dice(seed), PATTERNS)
        new = (image != 128).any(2)
        both = new[1:] & new[:-1]
        flat.append(np.abs(np.log(depth[1:][both] / depth[:-1][both])) < 1e-3)
    pairs = np.concatenate(flat)
    assert pairs.mean() > 0.95  # but where one stands behind another
    assert len(pairs) > HEIGHT * WIDTH


def test_other_asphalt_lies_on_the_road_alone() -> None:
    depth = level()
    depth[60:80, 60:100] = 5.0
    road, changed = find_road(depth, FOCAL, dice()), 0
    assert road is not None
    away = (depth > 0.95 * road.away) & (depth < 1.05 * road.away)
    for seed in range(6):
        image = repave(gray(), depth, road, dice(seed), PATTERNS)
        assert (image[~away] == 128).all()
        changed += (image[away] != 128).mean()
    assert changed / 6 > 0.7


def test_a_new_sky_covers_what_is_painted_on_the_old() -> None:
    depth = level()
    depth[30:40] = np.nan
    changed = 0
    for seed in range(8):
        image, after = in_other_sun(gray(), depth, dice(seed), PATTERNS, new_sky=True)
        assert np.isinf(after[:40]).all() and np.array_equal(after[50:], depth[50:])
        changed += (image[5:25] != 128).any(2).mean()
    assert changed / 8 > 0.9
    _, kept = in_other_sun(gray(), depth, dice(), PATTERNS, new_sky=False)
    assert np.array_equal(kept, depth, equal_nan=True)
