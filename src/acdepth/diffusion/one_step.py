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
    """sqrt(alpha_bar) and sqrt(1 - alpha_bar) at `LAST`, of a model that was trained to predict noise."""
    predicted = scheduler.config["prediction_type"]
    if predicted != "epsilon":
        remedy = "one step needs a model that predicts noise ('epsilon'), as SD-Turbo does"
        raise UserError("scheduler", f"prediction_type is {predicted!r}", remedy)
    alpha_bar = float(scheduler.alphas_cumprod[LAST].double())
    return alpha_bar**0.5, (1 - alpha_bar) ** 0.5


def denoise_once(noisy: Tensor, noise: Tensor, signal_and_noise: tuple[float, float]) -> Tensor:
    """The clean latents that one step from `LAST` to the end arrives at.

    From the latents (B, C, H, W) that the network was given and the noise that it saw in them. The same as
    ``DDPMScheduler.step`` with a single inference step, without that method's draw from the global generator,
    whose variance is zero here. A difference of large numbers, so float32 and never bfloat16.
    """
    signal, deviation = signal_and_noise
    with torch.autocast(noisy.device.type, enabled=False):
        return (noisy.float() - deviation * noise.float()) / signal
