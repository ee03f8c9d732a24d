"""The camera in bad light: lens, exposure, noise."""

import torch
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur, luminance, to_display


def bloom(radiance: Tensor, draws: Draws) -> Tensor:
    """Let bright places of (3, H, W) spill over, as lenses and sensors do."""
    width = radiance.shape[-1]
    bright = (radiance - 0.8).clamp(0, 20)
    near = blur(bright, draws.uniform(0.004, 0.015) * width)
    far = blur(bright, draws.uniform(0.02, 0.08) * width)
    return radiance + draws.uniform(0.05, 0.35) * near + draws.uniform(0.01, 0.15) * far


def expose(radiance: Tensor, part: float, target: float) -> Tensor:
    """Scale light so that the darker ``part`` of the picture lies below ``target``, most below white."""
    seen = luminance(radiance)[0, ::3, ::3].flatten()
    level, bright = (max(float(value), 1e-5) for value in seen.quantile(seen.new_tensor([part, 0.93])))
    return radiance * min(target / level, 1 / bright)


def capture(radiance: Tensor, draws: Draws, noise: float, softness: float) -> Tensor:
    """Turn linear light (3, H, W), 1 is white, into a picture in 0..1: vignette, blur, noise, tone curve.

    ``noise`` is its deviation in the dark before the tone curve; ``softness`` the blur of the lens [px].
    """
    _, height, width = radiance.shape
    radiance = blur(radiance, softness) * _vignette(height, width, draws)
    radiance = radiance + noise * _grain(radiance, draws)
    shown = to_display(radiance) ** draws.log_uniform(0.85, 1.2)
    gray = shown.mean(0, keepdim=True)
    return torch.lerp(gray, shown, draws.uniform(0.6, 1.15)).clamp(0, 1)


def _grain(radiance: Tensor, draws: Draws) -> Tensor:
    """Noise that grows with the root of the light; partly gray, and coarse where a camera has smoothed it."""
    _, height, width = radiance.shape
    gray, colour = draws.randn(1, height, width), draws.randn(3, height, width)
    grain = torch.lerp(gray.expand_as(colour), colour, draws.uniform(0.2, 1.0))
    coarse = draws.uniform(0, 1.0)
    if coarse > 0.4:
        grain = blur(grain, coarse) * (1 + 2 * coarse)
    return grain * (0.3 + 1.5 * radiance.clamp(0, 1)).sqrt()


def _vignette(height: int, width: int, draws: Draws) -> Tensor:
    rows = torch.linspace(-1, 1, height, device=draws.device).view(1, -1, 1)
    columns = torch.linspace(-1, 1, width, device=draws.device).view(1, 1, -1)
    return 1 - draws.uniform(0, 0.35) * (rows**2 + columns**2) / 2
