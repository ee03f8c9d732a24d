"""Fog: light lost on the way, and light of the air instead (Koschmieder's law)."""

from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur, luminance, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture

CONTRAST_THRESHOLD = 3.0
"""-ln 0.05: at the meteorological visibility a twentieth of the contrast is left."""


def fog(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A foggy picture (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    _, height, width = radiance.shape
    visibility = draws.log_uniform(25, 120) * 4 ** (1 - severity)
    patches = smooth_noise(draws, height, width, cells=draws.uniform(1, 5))
    density = CONTRAST_THRESHOLD / visibility * (1 + draws.uniform(0, 0.9) * (2 * patches - 1))
    through = (-density * scene.z.clamp_max(150)).exp()
    gray = luminance(radiance)
    level = (
        draws.log_uniform(0.08, 0.95)
        if draws.chance(0.5)
        else float(gray.quantile(0.9)) * draws.uniform(0.7, 1.1)
    )
    air = level * draws.colour((1.0, 1.0, 1.0), (0.92, 0.96, 1.0), (1.0, 0.97, 0.9), spread=0.04)
    air = air * (0.9 + 0.2 * smooth_noise(draws, height, width, cells=2))
    # Light scattered forwards blurs what is far.
    scattered = blur(radiance, draws.uniform(0.005, 0.02) * width)
    softened = radiance * through + scattered * (1 - through)
    faded = softened * draws.uniform(0.6, 1.0) * through + air * (1 - through)
    return capture(faded, draws, draws.log_uniform(0.001, 0.01), draws.uniform(0, 0.8))
