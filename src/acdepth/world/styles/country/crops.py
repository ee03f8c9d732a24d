"""What grows on the fields: known to those who paint the ground and to those who put something on it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.patterns import hash01
from acdepth.world.solids import Triple


@dataclass(frozen=True)
class Crop:
    """A field of rows; lengths in metres."""

    colour: Triple
    between: Triple  # the rows
    period: float
    share: float  # of the period that a row takes
    grazed: bool = False


CROPS = (
    Crop((0.105, 0.155, 0.045), (0.08, 0.13, 0.04), 3.1, 0.5, grazed=True),  # meadow, mown in swaths
    Crop((0.155, 0.175, 0.06), (0.135, 0.165, 0.055), 5.3, 0.5, grazed=True),  # pasture
    Crop((0.40, 0.30, 0.12), (0.29, 0.215, 0.09), 0.6, 0.6),  # wheat
    Crop((0.46, 0.40, 0.05), (0.28, 0.31, 0.06), 0.9, 0.7),  # rape
    Crop((0.155, 0.105, 0.07), (0.085, 0.058, 0.04), 0.75, 0.55),  # ploughed
    Crop((0.075, 0.155, 0.045), (0.15, 0.105, 0.072), 0.75, 0.55),  # beet
    Crop((0.36, 0.29, 0.16), (0.24, 0.18, 0.105), 0.5, 0.5),  # stubble
)


def crop_of(block: Tensor, side: Tensor, strip: Tensor, seed: int) -> Tensor:
    """Number (N,) in `CROPS` of the fields beside blocks, on sides -1 or 1, in strips away from the road."""
    drawn = hash01(block, side + 2, strip + 3, torch.full_like(block, seed % 100_003))
    return (drawn * len(CROPS)).to(torch.int64)


def first_crop(block: int, side: int, seed: int) -> Crop:
    """What grows beside a block, next to the road."""
    at_block, at_side, nearest = torch.tensor([[block], [side], [0]]).float()
    return CROPS[int(crop_of(at_block, at_side, nearest, seed))]
