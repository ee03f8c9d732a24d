"""The single denoising step of SD-Turbo and img2img-turbo, and what it is told about each condition."""

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError

LAST = 999
"""The timestep of the one step: as far from a clean image as the schedule goes. ACDepth: t = 999."""
PROMPTS: dict[Condition, str] = {
    Condition.CLEAR: "driving in the day",
    Condition.NIGHT: "driving in the night",
    Condition.RAIN: "driving in heavy rain",
    Condition.NIGHT_RAIN: "driving in heavy rain at night",
    Condition.FOG: "driving in dense fog",
    Condition.SNOW: "driving in heavy snow",
}
"""Day, night and rain: the words of img2img-turbo, on which ACDepth builds; the rest is ours."""


def signal_and_noise(scheduler: DDPMScheduler) -> tuple[float, float]:
    """sqrt(alpha_bar) and sqrt(1 - alpha_bar) at `LAST`.

    Raises:
        UserError: if the model was trained to predict something else than noise.
    """
    if scheduler.config["prediction_type"] != "epsilon":
        raise UserError(
            "scheduler",
            f"prediction_type is {scheduler.config['prediction_type']!r}",
            "one step needs a model that predicts noise ('epsilon'), as SD-Turbo does",
        )
    alpha_bar = float(scheduler.alphas_cumprod[LAST].double())
    return alpha_bar**0.5, (1 - alpha_bar) ** 0.5


def denoise_once(noisy: Tensor, noise: Tensor, signal_and_noise: tuple[float, float]) -> Tensor:
    """The clean latents that one step from `LAST` to the end arrives at.

    The same as ``DDPMScheduler.step`` with a single inference step, without that method's draw from the
    global generator, whose variance is zero here.

    Args:
        noisy: (B, C, H, W) latents that the network was given.
        noise: (B, C, H, W) noise that it saw in them.
        signal_and_noise: of the schedule.

    Returns:
        (B, C, H, W) float32: a difference of large numbers, so never in bfloat16.
    """
    signal, deviation = signal_and_noise
    with torch.autocast(noisy.device.type, enabled=False):
        return (noisy.float() - deviation * noise.float()) / signal
