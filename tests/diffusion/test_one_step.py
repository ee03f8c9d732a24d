"""One step from noise to image, against diffusers' own scheduler."""

import pytest
import torch
from diffusers import DDPMScheduler

from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.diffusion.one_step import LAST, denoise_once, signal_and_noise
from acdepth.diffusion.tiny import sd_turbo_schedule


def latents(seed: int) -> torch.Tensor:
    return torch.randn(2, 4, 3, 5, generator=make_generator(seed))


def test_one_step_is_that_of_diffusers():
    scheduler = sd_turbo_schedule()
    scheduler.set_timesteps(1)
    assert scheduler.timesteps.tolist() == [LAST]
    noisy, noise = latents(0), latents(1)
    expected = scheduler.step(noise, scheduler.timesteps[0], noisy, return_dict=False)[0]
    found = denoise_once(noisy, noise, signal_and_noise(scheduler))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_noise_that_was_added_is_taken_away():
    scheduler = sd_turbo_schedule()
    clean, noise = latents(0), latents(1)
    noisy = scheduler.add_noise(clean, noise, torch.tensor([LAST, LAST]))
    torch.testing.assert_close(
        denoise_once(noisy, noise, signal_and_noise(scheduler)), clean, atol=1e-5, rtol=1e-4
    )


def test_the_difference_of_large_numbers_stays_in_float32():
    schedule = signal_and_noise(sd_turbo_schedule())
    noisy, noise = latents(0).bfloat16(), latents(1).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = denoise_once(noisy, noise, schedule)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, denoise_once(noisy.float(), noise.float(), schedule))


def test_a_model_that_predicts_something_else_is_refused():
    with pytest.raises(UserError, match="prediction_type is 'v_prediction'; one step needs a model"):
        signal_and_noise(DDPMScheduler(prediction_type="v_prediction"))
