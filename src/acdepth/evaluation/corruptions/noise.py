"""Noise of sensors, drawn for one image."""

import numpy as np
import torch

from acdepth.weather.draws import Draws


def add_gaussian(image: np.ndarray, deviation: float, draws: Draws) -> np.ndarray:
    """Add normal noise of a deviation, in parts of white, to (H, W, 3)."""
    return image + np.float32(deviation) * draws.randn(*image.shape).numpy()


def count_photons(image: np.ndarray, white: float, draws: Draws) -> np.ndarray:
    """Light (H, W, 3) as a sensor counts it that gets ``white`` photons where the image is white."""
    counted = torch.poisson(torch.from_numpy(image * np.float32(white)), generator=draws.generator)
    return counted.numpy() / np.float32(white)
