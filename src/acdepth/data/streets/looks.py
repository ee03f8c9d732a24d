"""The same street as other cameras, lights and windscreens would show it: what a network must see through."""

import cv2
import numpy as np

from acdepth.core.encoding import jpeg
from acdepth.data.augment import LUMA

# How often an image gets each of them.
COLOURS_OF_OTHERS = 0.3
REFLECTIONS = 0.15
WITHOUT_COLOUR = 0.12
VEILS = 0.15
BLURS = 0.2
SHAKES = 0.1
SHARPENED = 0.1
NOISES = 0.3
JPEGS = 0.4
COVERS = 0.1


def change_looks(image: np.ndarray, dice: np.random.Generator, other: np.ndarray | None = None) -> np.ndarray:
    """Exposure, gamma, contrast, white balance, blur, noise, JPEG and what a windscreen does, drawn anew.

    Nothing moves, so depth stays. The ranges are those in which a person still sees the street.

    Args:
        image: RGB, uint8 (H, W, 3).
        dice: of every draw.
        other: another picture, uint8 (h, w, 3), whose colours it may take on and which the windscreen may
            mirror; None leaves that out.

    Returns:
        uint8 (H, W, 3).
    """
    x = image.astype(np.float32) / 255
    if other is not None:
        x = _among_others(x, other, dice)
    x = _in_other_light(x, dice)
    if dice.random() < VEILS:
        x = _veiled(x, dice)
    x = _through_another_lens(x, dice)
    if dice.random() < NOISES:
        x = x + dice.uniform(0.005, 0.05) * dice.standard_normal(x.shape, np.float32)
    changed = (x.clip(0, 1) * 255).astype(np.uint8)
    if dice.random() < JPEGS:
        changed = _compressed(changed, int(dice.integers(25, 90)))
    return _covered(changed, dice) if dice.random() < COVERS else changed


def _among_others(x: np.ndarray, other: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """With another picture's mean and deviation of each channel (Reinhard et al. 2001), or its reflection."""
    if dice.random() < COLOURS_OF_OTHERS:
        colours = other[::4, ::4].reshape(-1, 3).astype(np.float32) / 255
        mean, deviation = x.mean((0, 1)), x.std((0, 1)) + 1e-3
        wanted = np.clip(colours.std(0), deviation / 2, 2 * deviation)
        toned = (x - mean) / deviation * wanted + colours.mean(0)
        x = x + np.float32(dice.uniform(0.3, 1)) * (toned - x)
    if dice.random() < REFLECTIONS:
        share = np.float32(dice.uniform(0.05, 0.3))
        seen = cv2.resize(other, (x.shape[1], x.shape[0]))[:, :: dice.choice((-1, 1))].astype(np.float32)
        x = x + share * (seen / 255 - x)
    return x.clip(0, 1)


def _in_other_light(x: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    if dice.random() < 0.6:
        x = x ** np.float32(np.exp(dice.normal(0, 0.2)))
    x = x * np.float32(np.exp(dice.normal(0, 0.15)))
    mean = x.mean()
    x = (x - mean) * np.float32(np.exp(dice.normal(0, 0.2))) + mean
    gray = (x @ np.array(LUMA, np.float32))[..., None]
    colour = 0.0 if dice.random() < WITHOUT_COLOUR else dice.uniform(0.5, 1.4)
    x = gray + np.float32(colour) * (x - gray)
    return x * np.exp(dice.normal(0, 0.05, 3)).astype(np.float32)


def _veiled(x: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Haze or glare, thinner towards the bottom."""
    down = np.linspace(0, 1, len(x), dtype=np.float32)[:, None, None]
    share = np.float32(dice.uniform(0.05, 0.35)) * (1 - down * np.float32(dice.uniform(0, 1)))
    return x + share * (np.float32(dice.uniform(0.5, 1)) - x)


def _through_another_lens(x: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    kind = dice.random()
    if kind < BLURS:
        return cv2.GaussianBlur(x, (0, 0), dice.uniform(0.3, 1.5))
    if kind < BLURS + SHAKES:
        length = int(dice.integers(3, 8))
        line = np.zeros((length, length), np.float32)
        line[length // 2] = 1 / length
        return cv2.filter2D(x, -1, line if dice.random() < 0.6 else np.ascontiguousarray(line.T))
    if kind < BLURS + SHAKES + SHARPENED:
        return x + np.float32(dice.uniform(0.3, 1)) * (x - cv2.GaussianBlur(x, (0, 0), 1.0))
    return x


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    stored = np.frombuffer(jpeg(image, quality), np.uint8)
    return cv2.cvtColor(np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)


def _covered(image: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """With something like a bonnet at the bottom, behind which the road goes on."""
    height = len(image)
    rows = int(dice.integers(height // 12, height // 5))
    image[height - rows :] = image[height - rows :] * dice.uniform(0, 0.4) + dice.uniform(0, 60)
    return image
