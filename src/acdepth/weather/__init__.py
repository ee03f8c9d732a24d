"""Floor 1: night, rain, fog and snow in image space: (image, depth, generator, severity) to image."""

from acdepth.weather.simulate import WEATHERS, simulate

__all__ = ["WEATHERS", "simulate"]
