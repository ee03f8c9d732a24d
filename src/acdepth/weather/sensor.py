"""The camera in bad light: lens, exposure, noise."""

import torch
from torch import Tensor

from acdepth.weather.bands import bands
from acdepth.weather.blurs import blur, enlarge, shrunk_blur
from acdepth.weather.draws import Draws
from acdepth.weather.fields import luminance, part_below, powered, sample


def bloom(radiance: Tensor, gain: Tensor, draws: Draws) -> None:
    """Let places of (3, H, W) that are bright when taken ``gain`` () times spill over, as lenses and sensors
    do."""
    width = radiance.shape[-1]
    least = 0.8 / gain
    narrow, wide = draws.uniform(0.004, 0.015) * width, draws.uniform(0.02, 0.08) * width
    near, steps = shrunk_blur(radiance.clamp(least, 20.8 / gain), narrow)
    near = near - least
    # The wide one begins where the narrow one ended.
    far = blur(near, (wide**2 - narrow**2) ** 0.5 / steps[1])
    halo = (draws.uniform(0.05, 0.35) * near).add_(far, alpha=draws.uniform(0.01, 0.15))
    radiance.add_(enlarge(halo, steps, radiance.shape[-2:]))


def exposure(radiance: Tensor, part: float, target: float) -> Tensor:
    """Factor () by which the darker ``part`` of a picture lies below ``target``, and most below white."""
    seen = luminance(sample(radiance)).flatten()
    level, bright = (part_below(seen, below).clamp_min(1e-5) for below in (part, 0.93))
    return torch.minimum(target / level, 1 / bright)


def capture(
    radiance: Tensor,
    draws: Draws,
    noise: float,
    softness: float,
    gain: Tensor | float = 1.0,
    stray: Tensor | float = 0.0,
) -> Tensor:
    """Turn linear light (3, H, W) into a picture in 0..1: lens, vignette, noise, tone curve.

    ``noise`` is its deviation in the dark before the tone curve; ``softness`` the blur of the lens [px];
    ``gain`` what light is multiplied by before 1 is white, and ``stray`` what is added then, () or (3, 1, 1).
    """
    _, height, width = radiance.shape
    radiance = blur(radiance, softness)
    gain, stray = (torch.as_tensor(one, device=draws.device) for one in (gain, stray))
    dark = draws.uniform(0, 0.35) / 2  # of the corners
    down = dark * torch.linspace(-1, 1, height, device=draws.device).view(1, -1, 1) ** 2
    across = 1 - dark * torch.linspace(-1, 1, width, device=draws.device).view(1, 1, -1) ** 2
    grain = _grain(height, width, draws)
    tone, colourful = draws.log_uniform(0.85, 1.2) / 2.2, draws.uniform(0.6, 1.15)
    for rows in bands(radiance):
        part = torch.addcmul(stray, radiance[:, rows], gain).mul_(across - down[:, rows])
        # Noise grows with the root of the light.
        deviation = part.clamp(0, 1).mul_(1.5).add_(0.3).sqrt_()
        part.addcmul_(grain[:, rows], deviation, value=noise)
        shown = powered(part.clamp_(0, 1), tone)
        # Nothing else is asked of the noise of these rows.
        torch.lerp(shown.mean(0, keepdim=True).expand_as(shown), shown, colourful, out=grain[:, rows]).clamp_(
            0, 1
        )
    return grain


def _grain(height: int, width: int, draws: Draws) -> Tensor:
    """Noise (3, H, W), partly gray, and coarse where a camera has smoothed it."""
    gray, colour = draws.randn(1, height, width), draws.randn(3, height, width)
    grain = colour.lerp_(gray, 1 - draws.uniform(0.2, 1.0))
    coarse = draws.uniform(0, 1.0)
    return blur(grain, coarse).mul_(1 + 2 * coarse) if coarse > 0.4 else grain
