"""Pictures as the content of files."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.errors import UserError

LONGEST = {".jpg": 65_500, ".jpeg": 65_500, ".jpe": 65_500, ".webp": 16_383}
"""Pixels on a side that a kind of file has room for, where that is few; by suffix."""


def encode(
    suffix: str, pixels: np.ndarray, options: Sequence[int] = (), where: Path | str = "image"
) -> bytes:
    """A picture as the content of a file.

    Args:
        suffix: says the kind, such as ``.png``.
        pixels: (H, W) gray, (H, W, 3) RGB or (H, W, 4) RGBA; uint8, or uint16 where the kind has it.
        options: OpenCV's, as flags and values in turns.
        where: the file, for the message.

    Raises:
        UserError: if it is too long for this kind, or there is no such kind.
    """
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(pixels.shape[2] if pixels.ndim == 3 else 1)
    try:
        ordered = pixels if order is None else cv2.cvtColor(pixels, order)
        done, content = cv2.imencode(suffix.lower(), ordered, list(options))
    except cv2.error:
        done, content = False, np.empty(0, np.uint8)
    if done:
        return content.tobytes()
    height, width = pixels.shape[:2]
    most = LONGEST.get(suffix.lower())
    if most and max(height, width) > most:
        what = f"{width}x{height} pixels, but {suffix} has room for {most} on a side"
        raise UserError(where, what, "write .png, or smaller pictures")
    raise UserError(where, "no image can be written under this name", "use .png or .jpg")


def jpeg(image: np.ndarray, quality: int, where: Path | str = "image") -> bytes:
    """An image, uint8 (H, W, 3) RGB, as a JPEG of a quality of 100; errors are as of `encode`."""
    return encode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality), where)
