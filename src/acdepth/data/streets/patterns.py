"""Noise of which leaves, asphalt, shadows and clouds are made."""

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np

T = TypeVar("T")

PATTERN = 512
"""Side of a pattern [px]."""
ROUGHNESSES = (0.7, 1.0, 1.3, 1.7)
"""Exponents of the patterns' spectra: from leaves to clouds."""


def draw_patterns(seed: int) -> list[np.ndarray]:
    """Fractal noise that repeats without seams, float32 (`PATTERN`, `PATTERN`), mean 0, deviation 1."""
    dice = np.random.default_rng(seed)
    down, right = np.fft.fftfreq(PATTERN)[:, None], np.fft.rfftfreq(PATTERN)[None]
    frequency = np.hypot(down, right)
    frequency[0, 0] = np.inf
    patterns = []
    for roughness in ROUGHNESSES:
        spectrum = np.fft.rfft2(dice.standard_normal((PATTERN, PATTERN))) / frequency**roughness
        noise = np.fft.irfft2(spectrum, (PATTERN, PATTERN))
        patterns.append(((noise - noise.mean()) / noise.std()).astype(np.float32))
    return patterns


def sample(pattern: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A pattern at places (H, W) [px], outside of which it goes on."""
    x, y = ((one % PATTERN).astype(np.float32) for one in (x, y))
    return cv2.remap(pattern, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def rolled(pattern: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """The same from anywhere on."""
    return np.roll(pattern, dice.integers(0, PATTERN, 2), (0, 1))


def between(dice: np.random.Generator, least: float, most: float) -> float:
    """Any size of these, each doubling as likely."""
    return float(np.exp(dice.uniform(np.log(least), np.log(most))))


def one_of(some: Sequence[T], dice: np.random.Generator) -> T:
    """Any of them."""
    return some[int(dice.integers(len(some)))]
