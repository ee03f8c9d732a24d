"""Images that must not pass: controls of the table, and wrong ones that judges learn as none of these.

Judges learn colours of one condition on images of another, so they know what is wrong with two of the
controls. They learn no shuffled images: what they say of `SHUFFLED` tells what their answers are worth on
images unlike all that they learned.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.condition import Condition
from acdepth.translator.scoring.colours import jitter, match_colours, with_colours_of
from acdepth.translator.scoring.pictures import Pictures

COLOURS, SHUFFLED, RECOLOURED = "colours-only", "colours-shuffled", "truth-recoloured"
OTHER_COLOURS = "colours of another condition"
CONTROLS = (COLOURS, SHUFFLED, RECOLOURED)
PIECES = 8
"""Pieces along each side that `shuffle` moves: edges and the order of things go, colours and texture stay."""
BLUR = 8
"""Pixels that become one."""
NOISE = 0.25
"""Standard deviation, of images in 0..1."""


def build_controls(
    sources: Pictures, truth: Pictures | None, real: Pictures, generator: torch.Generator
) -> dict[str, Pictures]:
    """The controls of one condition, by name; row i of each is about source i.

    The first has the right colours and the wrong edges, the second the right colours and none of the edges,
    the third the right edges and the wrong colours.
    """
    colours = match_colours(sources, real, generator)
    controls = {COLOURS: colours, SHUFFLED: colours.changed(lambda image: shuffle(image, generator))}
    if truth is not None:
        controls[RECOLOURED] = with_colours_of(truth, sources)
    return controls


def shuffle(image: Tensor, generator: torch.Generator) -> Tensor:
    """Images (B, 3, H, W) cut into 8 x 8 pieces that change places; what is left over at the ends stays."""
    height, width = (side // PIECES for side in image.shape[-2:])
    whole = image[..., : PIECES * height, : PIECES * width]
    pieces = whole.unflatten(2, (PIECES, height)).unflatten(4, (PIECES, width)).movedim(4, 3).flatten(2, 3)
    orders = torch.stack([torch.randperm(PIECES**2, generator=generator) for _ in image])
    moved = torch.stack([of_one[:, order] for of_one, order in zip(pieces, orders, strict=True)])
    shuffled = image.clone()
    back = moved.unflatten(2, (PIECES, PIECES)).movedim(3, 4).flatten(4, 5).flatten(2, 3)
    shuffled[..., : PIECES * height, : PIECES * width] = back
    return shuffled


def _blur(image: Tensor, generator: torch.Generator) -> Tensor:
    size = image.shape[-2:]
    small = F.interpolate(image, [max(1, side // BLUR) for side in size], mode="bilinear", antialias=True)
    return F.interpolate(small, size, mode="bilinear")


def _add_noise(image: Tensor, generator: torch.Generator) -> Tensor:
    return (image + NOISE * torch.randn(image.shape, generator=generator)).clamp(0, 1)


WRONG: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "blurred": _blur,
    "noisy": _add_noise,
    "negative": lambda image, generator: 1 - image,
    "upside down": lambda image, generator: image.flip(-2),
    "other light": jitter,
    "other hues": lambda image, generator: image.roll(1, dims=1),
}
"""What judges learn as none of the conditions, beside `OTHER_COLOURS`."""


def build_wrong(real: Mapping[Condition, Pictures], generator: torch.Generator) -> Iterator[Pictures]:
    """Of each condition, every real image in the colours of another one, and in one of `WRONG` by turns."""
    for condition, pictures in real.items():
        others = Pictures.joined([other for name, other in real.items() if name is not condition])
        turns = np.arange(len(pictures)) % len(WRONG)
        changed = [
            pictures[np.flatnonzero(turns == place)].changed(lambda image, make=make: make(image, generator))
            for place, make in enumerate(WRONG.values())
            if (turns == place).any()
        ]
        yield Pictures.joined([match_colours(pictures, others, generator), *changed])
