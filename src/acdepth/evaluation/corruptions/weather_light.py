"""Weather and lighting. Parameters: ImageNet-C (Hendrycks and Dietterich, ICLR 2019) and, of the dark, 3D
Common Corruptions (Kar et al., CVPR 2022), from which RoboDepth has them; five severities each."""

import cv2
import numpy as np

from acdepth.evaluation.corruptions.data_processing import add_gaussian, count_photons
from acdepth.evaluation.corruptions.patterns import frost_pattern, plasma
from acdepth.evaluation.corruptions.sensor_movement import enlarge, smear
from acdepth.weather.draws import Draws

BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Added to the value of HSV."""
DARK = ((0.60, 600, 0.008), (0.50, 250, 0.012), (0.40, 120, 0.018), (0.30, 50, 0.026), (0.20, 30, 0.038))
"""What white becomes, photons that white has, deviation of the noise."""
DARK_GAMMA = 2.0
FOG = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))
"""Thickness, and how fast its structure fades towards fine scales."""
FROST = ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))
"""Parts of picture and frost."""
SNOW = (
    (0.1, 0.3, 3.0, 0.5, 10, 4.0, 0.8),
    (0.2, 0.3, 2.0, 0.5, 12, 4.0, 0.7),
    (0.55, 0.3, 4.0, 0.9, 12, 8.0, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8.0, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12.0, 0.55),
)
"""Mean and deviation of noise whose peaks above a threshold (the fourth) are flakes, how many times it is
enlarged; reach and deviation of the flakes' streaks [px]; part of the picture that stays as it is."""
CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)
"""What is left of it."""


def brightness(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Too much light: a higher value at the same hue and saturation."""
    value = image.max(-1, keepdims=True)
    brighter = (value + BRIGHTNESS[severity - 1]).clip(max=1)
    return np.divide(image, value, out=np.ones_like(image), where=value > 0) * brighter


def dark(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Too little light, and the noise that comes with it."""
    white, photons, deviation = DARK[severity - 1]
    low, high = float(image.min()), float(image.max())
    # An image of one gray has no range to stretch; it gets black.
    dimmed = white * ((image - low) / max(high - low, 1e-6)) ** DARK_GAMMA
    return add_gaussian(count_photons(dimmed, photons, draws).clip(0, 1), deviation, draws)


def fog(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """A cloudy veil that knows no depth."""
    thickness, decay = FOG[severity - 1]
    height, width = image.shape[:2]
    veil = plasma(max(height, width), decay, draws)[:height, :width, None]
    brightest = image.max()
    return (image + thickness * veil) * brightest / (brightest + thickness)


def frost(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Ice on the lens; drawn, where ImageNet-C has photographs."""
    picture, ice = FROST[severity - 1]
    return picture * image + ice * frost_pattern(image.shape[0], image.shape[1], draws)


def snow(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Streaks of flakes from above before a whitened picture."""
    mean, deviation, zoom, threshold, reach, streak, kept = SNOW[severity - 1]
    flakes = enlarge(mean + deviation * draws.randn(*image.shape[:2]).numpy(), zoom)
    flakes = np.where(flakes < threshold, 0, flakes).clip(0, 1).astype(np.float32)
    flakes = smear(flakes, reach, streak, -90.0, draws)[..., None]
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    whitened = kept * image + (1 - kept) * np.maximum(image, 1.5 * gray + 0.5)
    return whitened + flakes + np.rot90(flakes, 2)


def contrast(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """All colours nearer to the picture's mean."""
    mean = image.mean((0, 1), keepdims=True)
    return mean + CONTRAST[severity - 1] * (image - mean)


ALL = (brightness, dark, fog, frost, snow, contrast)
