"""The student's input: colours against a slow twin, noise against its numbers."""

import colorsys

import pytest
import torch

from acdepth.data.augment import AugmentSettings, add_noise, augment, jitter_colours, make_coarse, turn_hue


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_hue_against_the_standard_library() -> None:
    image = torch.rand(1, 3, 9, 11, generator=generator(), dtype=torch.float64)
    image[0, :, 0] = 0.5  # gray has no hue and must stay
    for turn in (-0.05, 0.02, 0.3):
        turned = turn_hue(image, torch.full((1, 1, 1, 1), turn, dtype=torch.float64))
        for row in range(9):
            for column in range(11):
                hue, saturation, value = colorsys.rgb_to_hsv(*image[0, :, row, column].tolist())
                expected = torch.tensor(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value))
                assert torch.allclose(turned[0, :, row, column], expected.double(), atol=1e-6)


def test_nothing_is_changed_when_nothing_is_asked() -> None:
    image = torch.rand(2, 3, 8, 8, generator=generator())
    nothing = AugmentSettings(jitter=0, hue=0, noise_probability=0)
    assert torch.allclose(augment(image, generator(1), nothing), image, atol=1e-6)


def test_coarse_images_keep_their_light_and_lose_their_detail() -> None:
    image = torch.rand(64, 3, 16, 16, generator=generator())
    coarse = make_coarse(image, generator(1), 0.5)
    changed = (coarse != image).flatten(1).any(1)
    assert 16 < changed.sum() < 48
    assert torch.equal(coarse[~changed], image[~changed])
    detail = (image - image.roll(1, -1)).abs().mean((1, 2, 3))
    detail_left = (coarse - coarse.roll(1, -1)).abs().mean((1, 2, 3))
    assert (detail_left[changed] < 0.6 * detail[changed]).all()
    assert torch.allclose(coarse.mean((2, 3)), image.mean((2, 3)), atol=0.05)


def test_the_range_the_draws_and_the_generator() -> None:
    image = torch.rand(16, 3, 8, 8, generator=generator())
    first, again, other = (augment(image, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.min() >= 0 and first.max() <= 1
    changes = (first - image).mean((1, 2, 3))
    assert changes.unique().numel() == 16  # each image has draws of its own


def test_frames_of_a_clip_are_changed_alike_and_clips_are_not() -> None:
    frame = torch.rand(1, 3, 6, 6, generator=generator())
    clips = jitter_colours(frame.repeat(12, 1, 1, 1), generator(1), AugmentSettings(), alike=3)
    alone = jitter_colours(frame.repeat(4, 1, 1, 1), generator(1), AugmentSettings())
    assert torch.equal(clips, alone.repeat_interleave(3, 0))
    assert alone.mean((1, 2, 3)).unique().numel() == 4


def test_brightness_stays_within_its_range() -> None:
    gray = torch.full((200, 3, 4, 4), 0.5)
    factors = jitter_colours(gray, generator(), AugmentSettings())[:, 0, 0, 0] / 0.5
    assert 0.8 <= factors.min() < 0.83 and 1.17 < factors.max() <= 1.2 + 1e-6


@pytest.mark.parametrize("first", [False, True])
def test_noise_comes_after_the_colours_or_before_them(first: bool) -> None:
    image = torch.rand(4, 3, 8, 8, generator=generator())
    settings = AugmentSettings(noise_probability=1, noise_first=first)
    draws = generator(1)
    if first:
        expected = jitter_colours(add_noise(image, draws, settings), draws, settings)
    else:
        expected = add_noise(jitter_colours(image, draws, settings), draws, settings)
    assert torch.equal(augment(image, generator(1), settings), expected)


def test_noise_hits_half_of_the_images_with_the_drawn_strength() -> None:
    image = torch.full((400, 3, 16, 16), 0.5)
    deviation = (add_noise(image, generator(), AugmentSettings()) - image).std((1, 2, 3))
    noisy = deviation[deviation > 0]
    assert 160 < len(noisy) < 240
    assert 0.004 < noisy.min() < 0.009 and 0.045 < noisy.max() < 0.054


def test_the_published_noise() -> None:
    image = torch.full((50, 3, 32, 32), 0.5)
    settings = AugmentSettings(noise="published", noise_probability=1)
    noise = add_noise(image, generator(), settings) - image
    assert noise.mean().item() == pytest.approx(0.005, abs=5e-4)
    assert noise.std().item() == pytest.approx(0.045, abs=5e-4)
