"""Night, rain, fog and snow in image space: (image, depth, generator, severity) to image.

>>> import torch
>>> from acdepth import Condition
>>> from acdepth.weather import simulate
>>> street, depth = torch.full((1, 3, 32, 64), 0.5), torch.full((1, 1, 32, 64), 20.0)
>>> night = simulate(street, depth, Condition.NIGHT, [torch.Generator().manual_seed(0)])
>>> night.shape, bool(night.mean() < street.mean())
(torch.Size([1, 3, 32, 64]), True)
"""

from acdepth.weather.simulate import WEATHERS, simulate

__all__ = ["WEATHERS", "simulate"]
