"""What lights can be fixed to: things that stand above the road, and walls among them; never road or sky."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.blurs import blur, enlarge, shrink
from acdepth.weather.fields import luminance, part_below, running_max, sample, to_display
from acdepth.weather.scene import Scene

FARTHEST_THING = 70.0
"""[m]; depth networks are vague beyond."""
NEAREST_SKY = 10.0
"""[m]; what depth calls nearer is none, however plain: a white van beside the camera."""
STEEP = 0.7
"""Metres that a surface may go back for each metre that it rises: hills and roads go back farther."""
FLAT = 0.04
"""Part by which inverse depth of a wall may leave a straight line; crowns of trees bulge."""
LEAST_WALL = (4.0, 3.0)
"""Height and width [m] from which there may be windows."""
PLAIN = 4.0
"""Change of brightness over a picture's width that sky stays below; 255 gray levels are 1."""
BRIGHT = 0.65
"""Of the picture's bright end, from which sky may be; blue sky may be darker."""
SEEN_AT = 320
"""Width [px] to which larger pictures are shrunk to look for what stands, and for sky."""


@dataclass(frozen=True)
class Standing:
    """Where lights may be."""

    scene: Scene
    """The scene of every ``step``-th pixel: h and w."""
    step: int
    things: Tensor
    """(1, h, w) bool: steep surfaces above the road, near enough to be seen for what they are."""
    walls: Tensor
    """(1, h, w) bool: those of them that are flat, high and wide as houses are."""
    sky: Tensor
    """(1, h, w) bool: what the picture calls sky."""


def find_standing(scene: Scene, radiance: Tensor) -> Standing:
    """By depth and by the picture itself, linear (3, H, W): where either says sky or road, nothing stands."""
    step = max(1, round(scene.z.shape[-1] / SEEN_AT))
    # Groups at the border that lack their middle pixel are left out.
    scene, small = scene.every(step), shrink(radiance, step)
    height, width = scene.z.shape[-2:]
    soft = _softened(small[:, :height, :width])
    sky = _plain_sky(soft)
    rise = max(1, round(height / 48))
    metres = scene.z / scene.focal  # of a pixel
    back = (_shifted(scene.z, rise, 0) - _shifted(scene.z, -rise, 0)).abs()
    above = scene.camera_height - scene.y
    things = (
        (scene.ground < 0.3)
        & (scene.sky < 0.3)
        & ~sky
        & (back < STEEP * 2 * rise * metres)
        & (above > 0.3)
        & (scene.z < FARTHEST_THING)
    )
    aside = max(1, round(width / 48))
    inverse = 1 / scene.z
    bend = (_shifted(inverse, 0, aside) + _shifted(inverse, 0, -aside)) / 2 - inverse
    red, green, blue = soft.unbind(0)
    leaves = (green > 1.05 * torch.maximum(red, blue))[None]
    flat = things & (bend.abs() < FLAT * inverse) & (scene.z > 8) & ~leaves
    tall, wide = LEAST_WALL
    walls = flat & (_extent(flat, -2) * metres > tall) & (_extent(flat, -1) * metres > wide)
    return Standing(scene, step, things, walls, sky)


def find_sky(scene: Scene, standing: Standing) -> Tensor:
    """(1, H, W) in 0..1: sky by depth, or by the picture, where depth allows it."""
    seen = (standing.sky & (standing.scene.z > NEAREST_SKY)).to(scene.z.dtype)
    seen = blur(seen, 0.002 * seen.shape[-1])
    return torch.maximum(scene.sky, to_size(seen, standing.step, scene.z))


def to_size(small: Tensor, step: int, like: Tensor) -> Tensor:
    """What was found at every ``step``-th pixel, (1, h, w), at the size of (1, H, W)."""
    return enlarge(small, (step, step), like.shape[-2:])


def sky_seen(radiance: Tensor) -> Tensor:
    """(1, H, W) bool: bright or blue, and plain all the way up to the top of the picture (3, H, W)."""
    return _plain_sky(_softened(radiance))


def _softened(radiance: Tensor) -> Tensor:
    return blur(radiance, 0.004 * radiance.shape[-1])


def _plain_sky(soft: Tensor) -> Tensor:
    height, width = soft.shape[-2:]
    gray = to_display(luminance(soft))
    slope = torch.maximum(
        (_shifted(gray, 1, 0) - _shifted(gray, -1, 0)).abs(),
        (_shifted(gray, 0, 1) - _shifted(gray, 0, -1)).abs(),
    )
    bright = gray > BRIGHT * part_below(sample(gray).flatten(), 0.95)
    blue = (soft[2] > 1.3 * soft[0])[None] & (gray > 0.2)
    plain = (bright | blue) & (slope * width / 2 < PLAIN)
    # Wires and twigs do not end a sky.
    ended = running_max(blur(plain.float(), 0.02 * width) <= 0.5, -2)
    return ~ended & (torch.arange(height, device=soft.device).view(1, -1, 1) < 0.6 * height)


def _shifted(field: Tensor, down: int, across: int) -> Tensor:
    """Field (1, H, W) at places farther down and across, its border continued."""
    height, width = field.shape[-2:]
    reach = max(abs(down), abs(across))
    padded = F.pad(field[None], (reach,) * 4, mode="replicate")[0]
    return padded[:, reach + down : reach + down + height, reach + across : reach + across + width]


def _extent(inside: Tensor, axis: int) -> Tensor:
    """Length [px] of the unbroken stretch along an axis in which each pixel of (1, H, W) lies; 0 outside."""
    count = inside.shape[axis]
    shape = [1, 1, 1]
    shape[axis] = count
    place = torch.arange(count, device=inside.device, dtype=torch.float32).view(shape)
    before = running_max(torch.where(inside, -1.0, place), axis)
    # Seen from the other end.
    after = running_max(torch.where(inside, -1.0, count - 1 - place).flip(axis), axis).flip(axis)
    return torch.where(inside, count - 2 - after - before, 0)
