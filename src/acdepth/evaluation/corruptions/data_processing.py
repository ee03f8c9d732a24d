"""Data and processing. Parameters: ImageNet-C (Hendrycks and Dietterich, ICLR 2019) and, of ISO noise, 3D
Common Corruptions (Kar et al., CVPR 2022), from which RoboDepth has them; five severities each."""

import cv2
import numpy as np
import torch

from acdepth.core.encoding import jpeg
from acdepth.weather.draws import Draws

GAUSSIAN = (0.08, 0.12, 0.18, 0.26, 0.38)
"""Deviation, in parts of white."""
IMPULSE = (0.03, 0.06, 0.09, 0.17, 0.27)
"""Part of all values that become 0 or 1."""
SHOT = (60, 25, 12, 5, 3)
"""Photons that white has."""
ISO_PHOTONS = 25
"""Photons that white has, in all severities."""
ISO = tuple(0.7 * deviation for deviation in GAUSSIAN)
"""Deviation of the electronics' noise, in parts of white."""
PIXELATE = (0.6, 0.5, 0.4, 0.3, 0.25)
"""Height and width that are left."""
JPEG = (25, 18, 15, 10, 7)
"""Quality, of 100."""


def add_gaussian(image: np.ndarray, deviation: float, draws: Draws) -> np.ndarray:
    """Add normal noise of a deviation, in parts of white, to (H, W, 3)."""
    return image + np.float32(deviation) * draws.randn(*image.shape).numpy()


def count_photons(image: np.ndarray, white: float, draws: Draws) -> np.ndarray:
    """Light (H, W, 3) as a sensor counts it that gets ``white`` photons where the image is white."""
    counted = torch.poisson(torch.from_numpy(image * np.float32(white)), generator=draws.generator)
    return counted.numpy() / np.float32(white)


def gaussian_noise(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Noise of electronics."""
    return add_gaussian(image, GAUSSIAN[severity - 1], draws)


def impulse_noise(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Bits lost: single values are black or white."""
    part = IMPULSE[severity - 1]
    drawn = draws.rand(*image.shape).numpy()
    return np.where(drawn < part, (drawn < part / 2).astype(np.float32), image)


def shot_noise(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Noise of light itself, where there are few photons."""
    return count_photons(image, SHOT[severity - 1], draws)


def iso_noise(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """A sensor of high sensitivity: noise of light and of electronics."""
    counted = count_photons(image, ISO_PHOTONS, draws).clip(0, 1)
    return add_gaussian(counted, ISO[severity - 1], draws)


def pixelate(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Shrunk, then enlarged without smoothing."""
    height, width = image.shape[:2]
    part = PIXELATE[severity - 1]
    small = _means(_means(image, 0, int(height * part)), 1, int(width * part))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


def jpeg_compression(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Stored in too few bytes."""
    content = jpeg(np.rint(255 * image).astype(np.uint8), JPEG[severity - 1])
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def _means(image: np.ndarray, axis: int, count: int) -> np.ndarray:
    """The mean of each of ``count`` parts along an axis; as published, each pixel belongs to one of them."""
    side = image.shape[axis]
    starts = (np.arange(count) * side / count + 0.5).astype(int)
    lengths = np.diff(starts, append=side).astype(np.float32)
    sums = np.add.reduceat(image, starts, axis)
    return sums / np.expand_dims(lengths, tuple(other for other in range(3) if other != axis))


ALL = (gaussian_noise, impulse_noise, shot_noise, iso_noise, pixelate, jpeg_compression)
