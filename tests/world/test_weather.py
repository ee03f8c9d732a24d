"""Conditions change the picture, not the world."""

import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.world.patterns import hash01, inside, pulse, sample_noise
from acdepth.world.weather import WEATHERS


def brightness(frame, condition):
    return frame.images[condition].float().mean().item() / 255


def test_every_condition_has_a_weather():
    assert set(WEATHERS) == set(Condition)


@pytest.mark.parametrize("condition", [Condition.NIGHT, Condition.NIGHT_RAIN])
def test_night_is_dark(frame, condition):
    assert 0.06 < brightness(frame, condition) < 0.22
    assert brightness(frame, Condition.CLEAR) > 0.33


def test_rain_is_duller_and_snow_is_brighter_than_clear(frame):
    assert brightness(frame, Condition.RAIN) < brightness(frame, Condition.CLEAR)
    assert brightness(frame, Condition.SNOW) > brightness(frame, Condition.CLEAR)


def test_fog_hides_what_is_far(frame):
    foggy, clear = (frame.images[c].float() for c in (Condition.FOG, Condition.CLEAR))
    near, far = (frame.depth > 0) & (frame.depth < 8), frame.depth > 60
    spread = [image[mask].std() for image in (foggy, clear) for mask in (near, far)]
    assert spread[1] < 0.35 * spread[0]
    assert spread[1] < 0.35 * spread[3]


def test_depth_and_classes_say_none_together(frame):
    assert torch.equal(frame.depth == 0, frame.classes == 0)
    assert set(frame.classes.unique().tolist()) == {0, 1, 2, 3}


def test_frames_have_their_own_noise(drive, frame):
    next_frame = drive.frame(2, [Condition.NIGHT])
    assert not torch.equal(next_frame.images[Condition.NIGHT], frame.images[Condition.NIGHT])


def test_pulse_is_the_mean_over_the_window():
    u = torch.linspace(-3, 3, 50)
    width = torch.full_like(u, 0.7)
    fine = torch.linspace(-0.35, 0.35, 20001)
    slow = ((u[:, None] + fine).remainder(1.0) - 0.35).abs().lt(0.15).float().mean(1)
    torch.testing.assert_close(pulse(u, 1.0, 0.2, 0.5, width), slow, atol=2e-4, rtol=0)


def test_inside_is_the_share_of_the_window():
    share = inside(torch.tensor([0.0, 0.5, 2.0]), 0.5, 1.5, torch.full((3,), 0.4))
    torch.testing.assert_close(share, torch.tensor([0.0, 0.5, 0.0]))


def test_hash_is_even():
    values = hash01(torch.arange(100)[:, None], torch.arange(100), torch.tensor(7))
    assert abs(values.mean() - 0.5) < 0.02
    assert abs(values.var() - 1 / 12) < 0.01


def test_noise_fades_with_footprint_and_repeats_after_a_tile():
    u, v = torch.rand(2, 500, generator=torch.Generator().manual_seed(0)) * 5
    fine, coarse = (sample_noise(u, v, 5.0, torch.full_like(u, w)) for w in (0.005, 0.6))
    assert (coarse.std(0) < 0.8 * fine.std(0)).all()
    again = sample_noise(u + 5.0, v - 10.0, 5.0, torch.full_like(u, 0.005))
    torch.testing.assert_close(again, fine, atol=2e-2, rtol=0)
