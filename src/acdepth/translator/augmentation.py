"""Changes of what a discriminator sees, through which gradients reach the generator.

Differentiable augmentation (Zhao et al. 2020): where real images are few, a discriminator soon knows them by
heart. It sees real and made images changed in the same ways, so it cannot, and the generator does not learn
the changes, as they are none that it could take back.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from acdepth.translator.settings import Augmentation

BRIGHTNESS, CONTRAST, SATURATION = 0.5, (0.5, 1.5), (0.0, 2.0)
"""Largest shift of all colours; least and largest factor on their distance from the image's mean, and from
the pixel's own grey. Zhao et al.: these, of images in -1..1."""
SHIFT = 1 / 8
"""Largest translation, in parts of a side. Zhao et al.: 1/8."""
CUTOUT = 1 / 2
"""Sides of the window that is cut out, in parts of the image's. Zhao et al.: half."""

Images = Float[Tensor, "b 3 h w"]


def augment(image: Images, kinds: Sequence[Augmentation], generator: torch.Generator) -> Images:
    """Images in -1..1, each changed by draws of its own; what was shifted or cut away is grey, which is 0.

    The generator is on the CPU.
    """
    for kind in kinds:
        image = _KINDS[kind](image, generator)
    return image


def _colour(image: Images, generator: torch.Generator) -> Images:
    draws = torch.rand(3, len(image), 1, 1, 1, generator=generator).to(image.device)
    image = image + BRIGHTNESS * (2 * draws[0] - 1)
    grey, own = image.mean(1, keepdim=True), _between(SATURATION, draws[1])
    image = grey + own * (image - grey)
    mean = image.mean((1, 2, 3), keepdim=True)
    return mean + _between(CONTRAST, draws[2]) * (image - mean)


def _between(limits: tuple[float, float], draw: Tensor) -> Tensor:
    low, high = limits
    return low + (high - low) * draw


def _translation(image: Images, generator: torch.Generator) -> Images:
    height, width = image.shape[-2:]
    down, right = round(SHIFT * height), round(SHIFT * width)
    padded = F.pad(image, (right, right, down, down))
    tops, lefts = (_whole(2 * most + 1, len(image), generator) for most in (down, right))
    places = zip(padded, tops, lefts, strict=True)
    return torch.stack([one[:, top : top + height, left : left + width] for one, top, left in places])


def _cutout(image: Images, generator: torch.Generator) -> Images:
    """The window's middle may be any pixel, so at the border less than all of the window is cut out."""
    kept = torch.ones(len(image), 1, *image.shape[-2:])
    windows = []
    for side in image.shape[-2:]:
        size = round(CUTOUT * side)
        starts = [middle - size // 2 for middle in _whole(side, len(image), generator)]
        windows.append([slice(max(start, 0), start + size) for start in starts])
    for mask, rows, columns in zip(kept, *windows, strict=True):
        mask[:, rows, columns] = 0
    return image * kept.to(image.device)


def _whole(number: int, count: int, generator: torch.Generator) -> list[int]:
    """``count`` draws of 0 to ``number`` - 1."""
    return torch.randint(number, (count,), generator=generator).tolist()


_KINDS: dict[Augmentation, Callable[[Images, torch.Generator], Images]] = {
    "colour": _colour,
    "translation": _translation,
    "cutout": _cutout,
}
