"""Reading pictures that people give us: RGB, 8 bit, or an error that says why not."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.prediction import PNG16_UNITS_PER_METRE

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Of photographs; in lower case."""
SMALLEST_SIDE = 16
"""Pixels; below this there is nothing to predict from."""
EXIF_MARKS = (b"Exif\0\0", b"eXIf", b"EXIF")
"""What stands before EXIF in JPEG, PNG and WebP."""

# Its warnings about damaged files would stand beside ours, which name the file: errors alone are told.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def read_image(path: Path) -> np.ndarray:
    """Read a photograph as RGB, uint8 (H, W, 3), upright as viewers show it (EXIF orientation).

    Gray pictures become three equal channels; 16-bit pictures, transparency and anything truncated or tiny
    are refused, because each silent repair would change what the network sees.

    Raises:
        UserError: naming the file and the remedy.
    """
    return decode_image(_read(path), path)


def decode_image(content: bytes, path: Path | str) -> np.ndarray:
    """The photograph in the content of a file, or of a message, as `read_image` gives it.

    Raises:
        UserError: naming where it stands and the remedy.
    """
    pixels = _decode(path, content)
    height, width, *channels = pixels.shape
    if pixels.dtype != np.uint8:
        what = f"{pixels.dtype.itemsize * 8} bits per channel"
        raise UserError(path, what, "save it with 8 bits per channel")
    if channels == [4]:
        raise UserError(path, "has an alpha channel (RGBA)", "save it as RGB without transparency")
    if min(height, width) < SMALLEST_SIDE:
        remedy = f"an image needs at least {SMALLEST_SIDE} on each side"
        raise UserError(path, f"{width}x{height} pixels", remedy)
    if any(mark in content for mark in EXIF_MARKS):
        # OpenCV turns a picture upright only with flags that also hide alpha, so it is decoded once more.
        pixels = _decode(path, content, cv2.IMREAD_ANYCOLOR)
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB if pixels.ndim == 2 else cv2.COLOR_BGR2RGB)


def read_depth_png16(path: Path) -> np.ndarray:
    """Read 16-bit depth (1/256 m) as float32 (H, W) [m]; 0 where there is none.

    Raises:
        UserError: if the file is unreadable or is not a 16-bit gray PNG.
    """
    pixels = read_png16(path, "depth is stored as uint16 = metres * 256")
    return pixels.astype(np.float32) / PNG16_UNITS_PER_METRE


def read_png16(path: Path, remedy: str) -> np.ndarray:
    """Read a 16-bit gray PNG, uint16 (H, W).

    Raises:
        UserError: with the ``remedy``, if the file is something else; or if it is unreadable.
    """
    pixels = _decode(path, _read(path))
    if pixels.dtype != np.uint16 or pixels.ndim != 2:
        raise UserError(path, "not a 16-bit gray PNG", remedy)
    return pixels


def read_classes(path: Path) -> np.ndarray:
    """Read a class map, uint8 (H, W).

    Raises:
        UserError: if the file is unreadable or is not an 8-bit gray PNG.
    """
    pixels = _decode(path, _read(path))
    if pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise UserError(path, "not an 8-bit gray PNG", "a class map holds one number per pixel")
    return pixels


def _read(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(path, error.strerror or error, "check its name, or copy it again") from error


def _decode(path: Path | str, content: bytes, flags: int = cv2.IMREAD_UNCHANGED) -> np.ndarray:
    if content[:2] == b"\xff\xd8" and _is_cut_jpeg(content):
        # OpenCV fills the missing part of a truncated JPEG with gray and says nothing.
        raise UserError(path, "the JPEG ends too early", "copy the file again")
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None
    if pixels is None:
        raise UserError(path, "not readable as an image", "remove it or copy it again")
    return pixels


def _is_cut_jpeg(content: bytes) -> bool:
    """Whether no end marker follows the start of the pixels.

    A marker before it belongs to the thumbnail in the EXIF, which a truncated photograph still has. Behind
    the end marker phones append what they like, such as a film.
    """
    place = 2
    while (place := content.find(b"\xff", place)) >= 0:
        kind = content[place + 1 : place + 2]
        if kind == b"\xda":  # start of scan
            return content.find(b"\xff\xd9", place) < 0
        if kind == b"\xff":  # padding
            place += 1
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return True
