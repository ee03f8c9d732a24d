"""What an accepted file may have led to: numbers that can be true of some footage."""

import math
from typing import Any

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError

MOST_SIDE, MOST_PIXELS = 1 << 20, 1 << 27
MOST_CLASSES, MOST_RATE, MOST_METRES = 65_536, 100_000.0, 1e7


class Insane(Exception):
    """A file was accepted, and what came of it cannot be."""


def need(holds: bool, told: str) -> None:
    """Raise `Insane` unless it holds."""
    if not holds:
        raise Insane(told)


def finite(value: Any, told: str = "settings") -> Any:
    """Every number in a tree is finite."""
    if isinstance(value, dict):
        for key, inner in value.items():
            finite(inner, f"{told}.{key}")
    elif isinstance(value, (list, tuple)):
        for inner in value:
            finite(inner, told)
    elif isinstance(value, float):
        need(math.isfinite(value), f"{told} is {value}")
    return value


def image(pixels: np.ndarray) -> np.ndarray:
    """RGB, uint8 (H, W, 3)."""
    told = f"image {pixels.dtype} {pixels.shape}"
    need(pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size > 0, told)
    need(pixels.size <= 3 * MOST_PIXELS, told)
    return pixels


def depth(metres: np.ndarray | None) -> None:
    """float32 (H, W), finite, not negative."""
    if metres is not None:
        need(metres.dtype == np.float32 and metres.ndim == 2, f"depth {metres.dtype} {metres.shape}")
        need(bool(np.isfinite(metres).all() and (metres >= 0).all()), "depth is not finite or negative")


def camera(found: Camera | None) -> None:
    """Lengths of some real camera."""
    if found is not None:
        finite(found.to_dict(), "camera")
        need(max(found.width, found.height) <= MOST_SIDE, f"camera of {found.width}x{found.height}")
        need(
            1e-3 <= min(found.fx, found.fy) <= max(found.fx, found.fy) <= 1e7, f"fx {found.fx} fy {found.fy}"
        )


def clips(found: list[Clip], frames: int = 2) -> None:
    """Each of some clips, and a few frames of it, which may be refused."""
    for clip in found[:4]:
        need(isinstance(clip.name, str) and len(clip) > 0, f"{clip.name!r} of {len(clip)}")
        camera(clip.camera)
        rate, height = clip.frame_rate, clip.camera_height
        need(rate is None or 0 < rate <= MOST_RATE, f"frame rate {rate}")
        need(height is None or 0 < height < 100, f"camera height {height}")
        need(len(clip.class_names) <= MOST_CLASSES, f"{len(clip.class_names)} classes")
        for index in dict.fromkeys((0, len(clip) - 1, len(clip) // 2)):
            if frames <= 0:
                return
            _frame(clip, index)
            frames -= 1


def _frame(clip: Clip, index: int) -> None:
    pixels = image(clip.image(index))
    depth(clip.depth(index))
    clip.measured(index)
    clip.classes(index)
    other = min(index + 1, len(clip) - 1)
    metres, time = clip.distance(index, other), clip.time(index)
    need(metres is None or 0 <= metres <= MOST_METRES or math.isnan(metres), f"distance {metres}")
    need(time is None or math.isfinite(time), f"time {time}")
    mask = clip.ego_mask
    need(mask is None or (mask.dtype == bool and mask.ndim == 2), "mask")
    need(bool(clip.key(index)), f"no key of {pixels.shape}")


def some(reads: list) -> None:
    """Call each; one that is refused does not end the others, but the first refusal is raised in the end."""
    refusals = []
    for read in reads:
        try:
            read()
        except UserError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]
