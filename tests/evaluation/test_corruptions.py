"""Each kind of corruption against numbers worked by hand, or a slow twin."""

import numpy as np
import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.evaluation.corruptions import GROUPS, KINDS, SEVERITIES, corrupt
from acdepth.evaluation.corruptions.kinds import to_bytes
from acdepth.evaluation.corruptions.patterns import frost_pattern, plasma
from acdepth.evaluation.corruptions.sensor_movement import _shuffled, enlarge, smear
from acdepth.weather.draws import Draws

CERTAIN = {
    "brightness",
    "contrast",
    "defocus_blur",
    "zoom_blur",
    "color_quant",
    "pixelate",
    "jpeg_compression",
}
"""Kinds that draw nothing."""
UNEVEN = {"glass_blur", "fog", "frost", "snow", "motion_blur", "pixelate"}
"""Kinds whose published strength does not grow with each severity, or varies with what is drawn or seen."""


def draws(seed: int = 0) -> Draws:
    return Draws(make_generator(seed, "test"), "cpu")


def gray(value: float, height: int = 64, width: int = 96) -> np.ndarray:
    return np.full((height, width, 3), value, np.float32)


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    """A picture of smooth shades, sharp edges and fine grain, uint8 (64, 96, 3)."""
    rows, columns = np.mgrid[0:64, 0:96]
    shades = (
        np.stack([rows * 2, columns * 2, 150 - rows], -1) + 20 * ((columns // 8 + rows // 8) % 2)[..., None]
    )
    grain = torch.randint(0, 25, (64, 96, 1), generator=make_generator(0, "grain")).numpy()
    return (shades + grain).clip(0, 255).astype(np.uint8)


def test_there_are_the_published_eighteen_in_three_groups():
    assert len(KINDS) == 18 and [len(kinds) for kinds in GROUPS.values()] == [6, 6, 6]
    assert list(KINDS) == [kind for kinds in GROUPS.values() for kind in kinds]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_changed_alike_by_equal_generators_and_more_by_higher_severities(kind, street):
    changed = [corrupt(street, kind, severity, make_generator(1)) for severity in SEVERITIES]
    again = corrupt(street, kind, 3, make_generator(1))
    assert again.dtype == np.uint8 and again.shape == street.shape
    assert np.array_equal(again, changed[2])
    assert np.array_equal(again, corrupt(street, kind, 3, make_generator(2))) == (kind in CERTAIN)
    distances = [np.abs(one.astype(int) - street).mean() for one in changed]
    assert min(distances) > 1
    assert kind in UNEVEN or distances == sorted(distances)


@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_odd_and_flat_pictures_are_taken(kind):
    for picture in (np.zeros((16, 16, 3), np.uint8), np.full((17, 33, 3), 255, np.uint8)):
        for severity in (1, 5):
            assert corrupt(picture, kind, severity, make_generator(0)).shape == picture.shape


def test_no_other_severity():
    with pytest.raises(ValueError, match="severity 6"):
        corrupt(np.zeros((16, 16, 3), np.uint8), "fog", 6, make_generator(0))


def test_brightness_keeps_hue_and_saturation():
    picture = np.array([[[0.2, 0.4, 0.1], [0.0, 0.0, 0.0], [0.9, 0.9, 0.3]]], np.float32)
    # Severity 2 adds 0.2 to the largest channel: 0.4 becomes 0.6, 0 becomes 0.2, 0.9 is cut off at 1.
    expected = [[0.3, 0.6, 0.15], [0.2, 0.2, 0.2], [1, 1, 1 / 3]]
    assert KINDS["brightness"](picture, 2, draws())[0] == pytest.approx(np.array(expected), abs=1e-6)


def test_contrast_draws_to_the_mean():
    picture = np.array([[[0.0, 0.2, 1.0], [1.0, 0.6, 1.0]]], np.float32)
    expected = [[0.45, 0.38, 1.0], [0.55, 0.42, 1.0]]  # severity 4 leaves a tenth
    assert KINDS["contrast"](picture, 4, draws())[0] == pytest.approx(np.array(expected), abs=1e-6)


def test_the_dark_is_stretched_squared_and_noisy():
    picture = gray(0.55)
    picture[:, :32], picture[:, 32:64] = 0.1, 1.0
    dimmed = KINDS["dark"](picture, 3, draws())
    # (0.55 - 0.1) / 0.9 squared is 1/4, and white becomes 0.4 in severity 3.
    for part, mean in ((np.s_[:, :32], 0.0), (np.s_[:, 32:64], 0.4), (np.s_[:, 64:], 0.1)):
        assert dimmed[part].mean() == pytest.approx(mean, abs=0.003)
    # Photons: 0.4 of 120, whose relative noise is 1 / sqrt(48); electronics: 0.018.
    assert dimmed[:, 32:64].std() == pytest.approx(np.hypot(0.4 / np.sqrt(48), 0.018), rel=0.05)


def test_noise_has_the_published_spread():
    assert KINDS["gaussian_noise"](gray(0.5), 3, draws()).std() == pytest.approx(0.18, rel=0.03)
    # 0.5 of 12 photons: variance 6 / 12 squared.
    assert KINDS["shot_noise"](gray(0.5), 3, draws()).std() == pytest.approx(np.sqrt(6) / 12, rel=0.03)
    # 0.2 of 25 photons and 0.7 times 0.18; nothing is cut off so low.
    iso = KINDS["iso_noise"](gray(0.2), 3, draws())
    assert iso.std() == pytest.approx(np.hypot(np.sqrt(5) / 25, 0.126), rel=0.03)
    assert KINDS["shot_noise"](gray(0.5), 3, draws()).mean() == pytest.approx(0.5, abs=0.01)


def test_impulses_are_half_black_and_half_white():
    changed = KINDS["impulse_noise"](gray(0.5), 5, draws())
    assert [(changed == value).mean() for value in (0, 1)] == pytest.approx([0.135, 0.135], abs=0.01)
    assert set(np.unique(changed)) == {0.0, 0.5, 1.0}


def test_colours_keep_their_upper_bits():
    picture = np.array([[[0, 127, 128], [191, 192, 255]]], np.float32) / 255
    one_bit, two_bits = (to_bytes(KINDS["color_quant"](picture, severity, draws())) for severity in (5, 4))
    assert one_bit.tolist() == [[[0, 0, 128], [128, 128, 128]]]
    assert two_bits.tolist() == [[[0, 64, 128], [128, 192, 192]]]


def test_large_pixels_are_means():
    picture = np.repeat(np.arange(64, dtype=np.float32).reshape(8, 8, 1) / 64, 3, 2)
    changed = KINDS["pixelate"](picture, 2, draws())  # half of the pixels per side
    means = picture.reshape(4, 2, 4, 2, 3).mean((1, 3))
    assert changed == pytest.approx(means.repeat(2, 0).repeat(2, 1), abs=1e-6)
    # Severity 4, 0.3 of 8 pixels, leaves two.
    quarters = picture.reshape(2, 4, 2, 4, 3).mean((1, 3))
    assert KINDS["pixelate"](picture, 4, draws()) == pytest.approx(
        quarters.repeat(4, 0).repeat(4, 1), abs=1e-6
    )
    # Where parts are uneven, none shares a pixel: 10 make 6, of 2, 1, 2, 2, 1 and 2.
    ramp = np.repeat(np.arange(10, dtype=np.float32).reshape(1, 10, 1), 3, 2).repeat(10, 0)
    assert np.unique(KINDS["pixelate"](ramp, 1, draws())).tolist() == [0.5, 2, 3.5, 5.5, 7, 8.5]


def test_a_point_out_of_focus_is_a_disk():
    picture = gray(0)
    picture[32, 48] = 1
    disk = KINDS["defocus_blur"](picture, 3, draws())[..., 0]
    assert disk.sum() == pytest.approx(1, abs=1e-4)
    rows, columns = np.nonzero(disk > 0.5 * disk.max())
    assert np.hypot(rows - 32, columns - 48).max() == pytest.approx(6, abs=1)
    assert len(rows) == pytest.approx(np.pi * 36, rel=0.15)


def test_a_point_in_motion_is_a_half_gaussian_line():
    picture = gray(0)[..., 0]
    picture[32, 48] = 1
    line = smear(picture, 10, 3.0, 0.0, draws())
    assert line.sum() == pytest.approx(1, abs=1e-5)
    rows, columns = np.nonzero(line > 1e-4)
    # The camera sees at each place what lies ahead of it, within 45 degrees of straight across.
    assert columns.max() == 48 and np.all(np.abs(rows - 32) <= 48 - columns + 1)
    assert line.max() == line[32, 48] == pytest.approx(2 / (np.sqrt(2 * np.pi) * 3 + 1), rel=0.02)


def test_enlarging_stretches_whole_pixels_of_the_middle():
    columns = np.tile(np.arange(9, dtype=np.float32), (5, 1))
    # Of 9 columns 5, from the third, become 10, of which the last is cut off.
    assert enlarge(columns, 2.0)[2] == pytest.approx(2 + np.arange(9) * 4 / 9, abs=0.02)
    assert np.array_equal(enlarge(columns, 1.0), columns)


def test_moving_ahead_draws_all_but_the_middle_outwards():
    ramp = np.repeat(np.tile(np.arange(201, dtype=np.float32), (41, 1))[..., None], 3, 2)
    zoomed = KINDS["zoom_blur"](ramp, 5, draws())[20, :, 0]
    # The mean of 1 and of 1 / (1 + 0.03 n) for n from 0 to 10 shrinks distances from the middle.
    shrunk = (1 + sum(1 / (1 + 0.03 * number) for number in range(11))) / 12
    assert zoomed == pytest.approx(100 + (np.arange(201) - 100) * shrunk, abs=0.5)


def test_glass_moves_pixels_as_the_published_loop_does():
    height, width, reach = 14, 19, 2
    found = _shuffled(height, width, reach, draws(3))
    inner = [range(side - reach, reach, -1) for side in (height, width)]
    shape = (2, len(inner[0]), len(inner[1]))
    down, across = torch.randint(-reach, reach, shape, generator=draws(3).generator).numpy()
    taken = np.arange(height * width).reshape(height, width)
    for row in inner[0]:
        for column in inner[1]:
            place = row - reach - 1, column - reach - 1
            taken[row, column] = taken[row + down[place], column + across[place]]
    assert np.array_equal(found, taken)
    assert (found != np.arange(height * width).reshape(height, width)).any()


def test_the_elastic_transform_moves_a_pixel_or_two():
    ramp = np.repeat(np.tile(np.arange(320, dtype=np.float32) / 320, (192, 1))[..., None], 3, 2)
    moved = 320 * (KINDS["elastic_transform"](ramp, 3, draws()) - ramp)[10:-10, 10:-10, 0]
    # Uniform in ±0.96 px, smoothed by Gaussians of 3.2 and 1.92 px, times 21.25.
    deviation = 21.25 * 0.96 / np.sqrt(3) / np.sqrt(4 * np.pi * 3.2 * 1.92)
    assert moved.std() == pytest.approx(deviation, rel=0.1)


def test_clouds_fill_their_range_and_are_finer_where_they_decay_slowly():
    fast, slow = plasma(60, 2.0, draws()), plasma(60, 1.4, draws())
    assert fast.shape == (64, 64) and (fast.min(), fast.max()) == (0, 1)
    steps = [np.abs(np.diff(clouds, axis=1)).mean() for clouds in (fast, slow)]
    assert steps[1] > 2 * steps[0]
    # Opposite edges fit: the step across them is one like all others.
    assert np.abs(slow[:, 0] - slow[:, -1]).mean() < 2 * steps[1]


def test_fog_hides_by_its_thickness():
    dark, bright = gray(0.5), gray(0.8)
    dark[0, 0] = bright[0, 0] = 1.0
    foggy = [KINDS["fog"](picture, 1, draws()) for picture in (dark, bright)]
    # The brightest is 1 and the thickness 1.5: contrast shrinks to 1 / 2.5, and nothing gets brighter than 1.
    assert (foggy[1] - foggy[0])[1:] == pytest.approx(0.3 / 2.5, abs=1e-6)
    assert foggy[0].min() >= 0.2 and foggy[1].max() <= 1.0001
    assert foggy[0].std() > 0.05


def test_frost_is_bright_bluish_and_fine():
    patterns = [frost_pattern(64, 96, draws(seed)) for seed in range(4)]
    means = [pattern.mean() for pattern in patterns]
    assert min(means) > 0.45 and max(means) < 0.85 and max(means) - min(means) > 0.02
    for pattern in patterns:
        red, _, blue = pattern.mean((0, 1))
        assert red < blue
        assert 0.06 < pattern.mean(-1).std() < 0.17  # as the photographs of ImageNet-C


def test_snow_whitens_and_falls():
    snowy = KINDS["snow"](gray(0.2), 1, draws())
    # Without flakes 0.8 of it and 0.2 of 1.5 * 0.2 + 0.5.
    assert snowy.min() == pytest.approx(0.8 * 0.2 + 0.2 * 0.8, abs=0.01)
    flakes = snowy[..., 0] - snowy.min()
    # Streaks from above: along columns they change less than across.
    assert np.abs(np.diff(flakes, axis=0)).mean() < np.abs(np.diff(flakes, axis=1)).mean()


def test_few_bytes_leave_blocks(street):
    changed = corrupt(street, "jpeg_compression", 5, make_generator(0)).astype(int).mean(-1)
    steps = np.abs(np.diff(changed, axis=1)).mean(0)
    at_blocks = steps[7::8].mean()
    assert at_blocks > 1.5 * np.delete(steps, np.s_[7::8]).mean()
