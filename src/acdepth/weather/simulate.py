"""The one door to simulated weather."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.weather.draws import Draws
from acdepth.weather.fields import to_linear
from acdepth.weather.fog import fog
from acdepth.weather.night import night
from acdepth.weather.rain import night_rain, rain
from acdepth.weather.scene import Scene, understand
from acdepth.weather.snow import snow

Weather = Callable[[Tensor, Scene, Draws, float], Tensor]

WEATHERS: dict[Condition, Weather] = {
    Condition.NIGHT: night,
    Condition.RAIN: rain,
    Condition.NIGHT_RAIN: night_rain,
    Condition.FOG: fog,
    Condition.SNOW: snow,
}


def simulate(
    image: Tensor,
    depth: Tensor,
    condition: Condition,
    generators: Sequence[torch.Generator],
    severity: tuple[float, float] = (0.3, 1.0),
) -> Tensor:
    """Clear images (B, 3, H, W) in 0..1 as they might look in another condition.

    Everything about the weather is drawn anew for each image from its own generator, over wide ranges: a
    student that has seen all of it should not be surprised by a real night. No image depends on the others.

    Args:
        image: taken in clear weather.
        depth: (B, 1, H, W) [m]; need not be exact.
        condition: any but clear.
        generators: B generators on the CPU.
        severity: least and largest strength in 0..1, drawn uniformly per image.
    """
    weather = WEATHERS[condition]
    draws = [Draws(generator, image.device) for generator in generators]
    strengths = [one.uniform(*severity) for one in draws]
    scenes = understand(depth, draws)
    each = zip(image, scenes, draws, strengths, strict=True)
    return torch.stack([weather(to_linear(pixels), scene, draw, by) for pixels, scene, draw, by in each])
