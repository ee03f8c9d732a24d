"""Fog: light lost on the way, and light of the air instead (Koschmieder's law)."""

import torch
from torch import Tensor

from acdepth.weather.bands import bands
from acdepth.weather.blurs import blur
from acdepth.weather.draws import Draws
from acdepth.weather.fields import luminance, part_below, sample, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture

CONTRAST_THRESHOLD = 3.0
"""-ln 0.05: at the meteorological visibility a twentieth of the contrast is left."""


def fog(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A foggy picture (3, H, W) in 0..1 from linear daylight (3, H, W), which is overwritten."""
    _, height, width = radiance.shape
    visibility = draws.log_uniform(25, 120) * 4 ** (1 - severity)
    patches = smooth_noise(draws, height, width, cells=draws.uniform(1, 5))
    density, uneven = CONTRAST_THRESHOLD / visibility, draws.uniform(0, 0.9)
    gray = luminance(sample(radiance)).flatten()
    if draws.chance(0.5):
        level = draws.log_uniform(0.08, 0.95)
    else:
        level = part_below(gray, 0.9) * draws.uniform(0.7, 1.1)
    air = level * draws.colour((1.0, 1.0, 1.0), (0.92, 0.96, 1.0), (1.0, 0.97, 0.9), spread=0.04)
    brightness = smooth_noise(draws, height, width, cells=2).mul_(0.2).add_(0.9)
    # Light scattered forwards blurs what is far.
    scattered, left = blur(radiance, draws.uniform(0.005, 0.02) * width), draws.uniform(0.6, 1.0)
    for rows in bands(radiance):
        through = patches[:, rows].mul_(-2 * uneven * density).sub_(density * (1 - uneven))
        through.mul_(scene.z[:, rows].clamp_max(150)).exp_()
        softened = torch.lerp(scattered[:, rows], radiance[:, rows], through).mul_(through * left)
        airlight = brightness[:, rows].mul_(1 - through)
        torch.addcmul(softened, air, airlight, out=radiance[:, rows])
    return capture(radiance, draws, draws.log_uniform(0.001, 0.01), draws.uniform(0, 0.8))
