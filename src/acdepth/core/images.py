"""Reading pictures that people give us: RGB, 8 bit, or an error that says why not."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.prediction import PNG16_UNITS_PER_METRE

SMALLEST_SIDE = 16
"""Pixels; below this there is nothing to predict from."""


def read_image(path: Path) -> np.ndarray:
    """Read a photograph as RGB, uint8 (H, W, 3).

    Gray pictures become three equal channels; 16-bit pictures, transparency and anything truncated or tiny
    are refused, because each silent repair would change what the network sees.

    Raises:
        UserError: naming the file and the remedy.
    """
    pixels = _decode(path)
    if pixels.dtype != np.uint8:
        raise UserError(
            f"{path}: {pixels.dtype.itemsize * 8} bits per channel; save it with 8 bits per channel"
        )
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        raise UserError(f"{path}: has an alpha channel (RGBA); save it as RGB without transparency")
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        height, width = pixels.shape[:2]
        raise UserError(
            f"{path}: {width}x{height} pixels; an image needs at least {SMALLEST_SIDE} on each side"
        )
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB if pixels.ndim == 2 else cv2.COLOR_BGR2RGB)


def read_depth_png16(path: Path) -> np.ndarray:
    """Read 16-bit depth (1/256 m) as float32 (H, W) [m]; 0 where there is none.

    Raises:
        UserError: if the file is unreadable or is not a 16-bit gray PNG.
    """
    pixels = _decode(path)
    if pixels.dtype != np.uint16 or pixels.ndim != 2:
        raise UserError(f"{path}: not a 16-bit gray PNG; depth is stored as uint16 = metres * 256")
    return pixels.astype(np.float32) / PNG16_UNITS_PER_METRE


def read_classes(path: Path) -> np.ndarray:
    """Read a class map, uint8 (H, W).

    Raises:
        UserError: if the file is unreadable or is not an 8-bit gray PNG.
    """
    pixels = _decode(path)
    if pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise UserError(f"{path}: not an 8-bit gray PNG; a class map holds one number per pixel")
    return pixels


def _decode(path: Path) -> np.ndarray:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    if content[:2] == b"\xff\xd8" and b"\xff\xd9" not in content[-64:]:
        # OpenCV fills the missing part of a truncated JPEG with gray and says nothing.
        raise UserError(f"{path}: the JPEG ends too early; copy the file again")
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if pixels is None:
        raise UserError(f"{path}: not readable as an image; remove it or copy it again")
    return pixels
