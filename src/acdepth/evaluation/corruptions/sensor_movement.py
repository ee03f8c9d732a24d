"""Sensor and movement. Parameters: ImageNet-C (Hendrycks and Dietterich, ICLR 2019; the elastic transform as
its library for images of any size has it, Michaelis et al. 2019) and, of colour quantisation, 3D Common
Corruptions (Kar et al., CVPR 2022), from which RoboDepth has them; five severities each."""

import math

import cv2
import numpy as np
import torch

from acdepth.weather.draws import Draws

DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
"""Radius of the disk that a point becomes, softness of its edge [px]."""
GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
"""Deviation of the blur [px], how far pixels move [px], how many times they do."""
MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
"""Reach and deviation of the streaks [px]."""
ZOOM = ((12, 0.01), (16, 0.01), (11, 0.02), (13, 0.02), (11, 0.03))
"""Pictures that are averaged, the first as it is, and by how much each next is larger."""
WIDEST_ANGLE = 45.0
"""Degrees between a streak's direction and the middle one."""
ELASTIC = (12.5, 16.25, 21.25, 25.0, 30.0)
"""Factor on smoothed displacements."""
ELASTIC_REACH = 0.005
"""Largest displacement before smoothing, as part of the image's height."""
ELASTIC_SMOOTHING = 0.01
"""Deviation of the smoothing, as part of the height down and of the width across."""
BITS = (5, 4, 3, 2, 1)
"""Per channel."""


def smear(image: np.ndarray, reach: int, deviation: float, towards: float, draws: Draws) -> np.ndarray:
    """Draw (H, W) or (H, W, C) out along a line, as a camera in motion does that is fastest at the end.

    The line is twice as long as ``reach`` [px]; a half Gaussian of ``deviation`` [px] weighs places along it,
    and it differs from the direction ``towards`` [degrees] by up to `WIDEST_ANGLE`.
    """
    angle = math.radians(draws.uniform(towards - WIDEST_ANGLE, towards + WIDEST_ANGLE))
    places = np.arange(2 * reach + 1)
    weights = np.exp(-(places**2) / (2 * deviation**2))
    rows, columns = (np.rint(places * part).astype(int) for part in (math.sin(angle), math.cos(angle)))
    kernel = np.zeros((4 * reach + 1, 4 * reach + 1), np.float32)
    np.add.at(kernel, (2 * reach + rows, 2 * reach + columns), weights / weights.sum())
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def enlarge(image: np.ndarray, factor: float) -> np.ndarray:
    """The middle of (H, W) or (H, W, C) enlarged to its full size.

    As published, the middle is of whole pixels, its outermost ones stay whole, and what gets too large is cut
    at the right and below.
    """
    rows = []
    for axis, side in enumerate((image.shape[1], image.shape[0])):
        middle = math.ceil(side / factor)
        step = (middle - 1) / (round(middle * factor) - 1)
        rows.append([*np.eye(2)[axis] * step, (side - middle) // 2])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = image.shape[1], image.shape[0]
    return cv2.warpAffine(image, np.array(rows), size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def defocus_blur(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """A lens out of focus."""
    radius, softness = DEFOCUS[severity - 1]
    reach = max(8, radius)
    squares = np.arange(-reach, reach + 1) ** 2
    disk = (squares[:, None] + squares <= radius**2).astype(np.float32)
    side = 3 if radius <= 8 else 5
    return cv2.filter2D(image, -1, cv2.GaussianBlur(disk / disk.sum(), (side, side), sigmaX=softness))


def glass_blur(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Seen through frosted glass: blurred, each pixel that of a random neighbour, blurred again."""
    deviation, reach, times = GLASS[severity - 1]
    seen = _blurred(image, deviation)
    for _ in range(times):
        seen = seen.reshape(-1, 3)[_shuffled(image.shape[0], image.shape[1], reach, draws)]
    return _blurred(seen, deviation)


def motion_blur(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """The camera moves while it exposes, more across than up or down."""
    return smear(image, *MOTION[severity - 1], towards=0.0, draws=draws)


def zoom_blur(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """The camera moves ahead while it exposes."""
    count, step = ZOOM[severity - 1]
    enlarged = [enlarge(image, 1 + step * number) for number in range(count)]
    return (image + np.sum(enlarged, 0)) / (count + 1)


def elastic_transform(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """A lens, or air, that bends: pixels are displaced by a smooth random field."""
    height, width = image.shape[:2]
    reach = ELASTIC[severity - 1] * ELASTIC_REACH * height
    across, down = (_smoothed(reach * (2 * draws.rand(height, width).numpy() - 1)) for _ in range(2))
    rows, columns = np.indices((height, width), dtype=np.float32)
    return cv2.remap(image, columns + across, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def color_quant(image: np.ndarray, severity: int, draws: Draws) -> np.ndarray:
    """Few levels per channel: the lower bits of each byte are 0."""
    dropped = 8 - BITS[severity - 1]
    return (np.rint(255 * image).astype(np.uint8) >> dropped << dropped).astype(np.float32) / 255


def _shuffled(height: int, width: int, reach: int, draws: Draws) -> np.ndarray:
    """Where each pixel gets its colour from, (H, W) places in the flattened image.

    As published, pixels take the colour of a random neighbour one after the other, the last first; so one
    whose neighbour had its turn gets what that neighbour got. All are followed at once here.
    """
    places = np.arange(height * width).reshape(height, width)
    taken = places.copy()
    inner = np.s_[reach + 1 : height - reach + 1, reach + 1 : width - reach + 1]
    down, across = torch.randint(-reach, reach, (2, *places[inner].shape), generator=draws.generator).numpy()
    taken[inner] += down * width + across
    here, source = places, taken
    while (later := source > here).any():
        here, source = np.where(later, source, here), np.where(later, taken.reshape(-1)[source], source)
    return source


def _smoothed(field: np.ndarray) -> np.ndarray:
    height, width = (ELASTIC_SMOOTHING * side for side in field.shape)
    window = 2 * round(3 * width) + 1, 2 * round(3 * height) + 1
    return cv2.GaussianBlur(field, window, sigmaX=width, sigmaY=height, borderType=cv2.BORDER_REFLECT)


def _blurred(image: np.ndarray, deviation: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigmaX=deviation, borderType=cv2.BORDER_REPLICATE)


ALL = (defocus_blur, glass_blur, motion_blur, zoom_blur, elastic_transform, color_quant)
