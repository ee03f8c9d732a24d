"""Reading pictures that people give us: RGB, 8 bit, or an error that says why not."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from acdepth.core.complaints import with_complaints
from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.headers import JPEG_START, hole, jpeg_segments, stored_size
from acdepth.core.png_text import png_text
from acdepth.core.prediction import NO_METRES, PNG16_UNITS_PER_METRE

WRITTEN_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Of pictures that we write where a person chooses the name; in lower case, as those below."""
PICTURE_SUFFIXES = WRITTEN_SUFFIXES | {".avif", ".jfif", ".jp2", ".jpe", ".pgm", ".ppm"}
"""Of photographs that are read."""
UNREAD_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".jxl", ".gif", ".psd"}
    | {".dng", ".arw", ".cr2", ".cr3", ".nef", ".orf", ".raf", ".rw2"}
)
"""Of photographs that are not read, and never left out without a word."""
SAVE_AS_JPEG = "save it as JPEG"
SMALLEST_SIDE = 16
"""Pixels; below this there is nothing to predict from."""
EXIF_MARKS = (b"Exif\0\0", b"eXIf", b"EXIF")
"""What stands before EXIF in JPEG, PNG and WebP."""
MOST_PIXELS, LONGEST_SIDE = 1 << 27, 1 << 20
"""Of a picture; cameras give 1 to 100 million pixels, of which each takes some eight bytes here."""
REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
"""By how much a JPEG's sides can be decoded smaller: only the low frequencies of its blocks are made."""
TURNED_ASIDE = frozenset({5, 6, 7, 8})
"""EXIF's orientations that swap the sides."""
AVIF_BRANDS, HEIC_BRANDS = (b"avif", b"avis"), (b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1")
"""Main brands of pictures in the container of MP4, which cameras also write under the name of a JPEG."""

# Its messages about damaged files would stand beside ours, which name the file.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class Pixels(NamedTuple):
    """A photograph, perhaps smaller than it is."""

    array: np.ndarray
    """RGB, uint8 (h, w, 3)."""
    size: tuple[int, int]
    """(height, width) of the whole [px]."""


def read_image(path: Path) -> np.ndarray:
    """Read a photograph as RGB, uint8 (H, W, 3), upright as viewers show it (EXIF orientation).

    Gray pictures become three equal channels; 16-bit pictures, transparency and anything truncated or tiny
    are refused, because each silent repair would change what the network sees.

    Raises:
        UserError: naming the file and the remedy.
    """
    return decode_image(read_content(path), path)


def decode_image(content: bytes, path: Path | str) -> np.ndarray:
    """The photograph in the content of a file, or of a message, as `read_image` gives it.

    Raises:
        UserError: naming where it stands and the remedy.
    """
    turned, jpeg = any(mark in content for mark in EXIF_MARKS), content.startswith(JPEG_START)
    # OpenCV turns a picture upright only with flags that also hide alpha, which a JPEG cannot have.
    pixels = _decode(path, content, cv2.IMREAD_ANYCOLOR if jpeg and turned else cv2.IMREAD_UNCHANGED)
    height, width, *channels = pixels.shape
    if pixels.dtype != np.uint8:
        what = f"{pixels.dtype.itemsize * 8} bits per channel"
        raise UserError(path, what, "save it with 8 bits per channel")
    if channels == [4]:
        raise UserError(path, "has an alpha channel (RGBA)", "save it as RGB without transparency")
    if min(height, width) < SMALLEST_SIDE:
        remedy = f"an image needs at least {SMALLEST_SIDE} on each side"
        raise UserError(path, f"{width}x{height} pixels", remedy)
    if turned and not jpeg:
        pixels = _decode(path, content, cv2.IMREAD_ANYCOLOR)
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB if pixels.ndim == 2 else cv2.COLOR_BGR2RGB)


def decode_reduced(
    content: bytes, path: Path | str, needed: Callable[[tuple[int, int]], tuple[int, int]]
) -> Pixels:
    """As `decode_image`, of a JPEG that is much larger than needed only 1/2, 1/4 or 1/8 of its sides.

    Args:
        content: of the file.
        path: where it stands, for messages.
        needed: the (height, width) below which a photograph of a (height, width) may not be brought [px].

    Raises:
        UserError: as `decode_image`.
    """
    if (size := _jpeg_size(content)) is not None:
        least = needed(size)
        for factor, flag in REDUCED.items():
            height, width = size[0] // factor, size[1] // factor
            # Sides that do not divide would shift what the pixels show.
            if (height * factor, width * factor) == size and height >= least[0] and width >= least[1]:
                pixels = _decode(path, content, flag)
                if pixels.shape == (height, width, 3):
                    return Pixels(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), size)
                break
    whole = decode_image(content, path)
    return Pixels(whole, (whole.shape[0], whole.shape[1]))


def read_depth_png16(path: Path, without_scale: bool = False) -> np.ndarray:
    """Read 16-bit depth (1/256 m) as float32 (H, W) [m]; 0 where there is none.

    Args:
        path: of the PNG.
        without_scale: also take what a network without metres wrote, in its own unit.

    Raises:
        UserError: if the file is unreadable, is not a 16-bit gray PNG, or lacks metres that are needed.
    """
    content = read_content(path)
    pixels = _png16(path, content, "depth is stored as uint16 = metres * 256")
    factor = png_text(content, NO_METRES)
    if factor is None:
        return pixels.astype(np.float32) / PNG16_UNITS_PER_METRE
    if not without_scale:
        what = "its depth has no metres: a network that was trained without known lengths wrote it"
        raise UserError(path, what, "give measured depth, or say that it is not metric")
    with reading(path, "depth without scale", "write it again"):
        return pixels.astype(np.float32) / np.float32(factor)


def read_png16(path: Path, remedy: str) -> np.ndarray:
    """Read a 16-bit gray PNG, uint16 (H, W).

    Raises:
        UserError: with the ``remedy``, if the file is something else; or if it is unreadable.
    """
    return _png16(path, read_content(path), remedy)


def _png16(path: Path, content: bytes, remedy: str) -> np.ndarray:
    pixels = _decode(path, content)
    if pixels.dtype != np.uint16 or pixels.ndim != 2:
        raise UserError(path, "not a 16-bit gray PNG", remedy)
    return pixels


def read_gray(path: Path, remedy: str) -> np.ndarray:
    """Read an 8-bit gray PNG, uint8 (H, W).

    Raises:
        UserError: with the ``remedy``, if the file is something else; or if it is unreadable.
    """
    pixels = _decode(path, read_content(path))
    if pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise UserError(path, "not an 8-bit gray PNG", remedy)
    return pixels


def read_classes(path: Path) -> np.ndarray:
    """Read a class map, uint8 (H, W); errors are as of `read_gray`."""
    return read_gray(path, "a class map holds one number per pixel")


def read_painted(path: Path) -> np.ndarray:
    """Read what a person painted black and white, as shades of gray, uint8 (H, W).

    Paint programs save it as RGB, with a palette or with transparency, which is not looked at.

    Raises:
        UserError: if the file is unreadable or has more than 8 bits per channel.
    """
    pixels = _decode(path, read_content(path))
    if pixels.dtype != np.uint8:
        what = f"{pixels.dtype.itemsize * 8} bits per channel"
        raise UserError(path, what, "save it with 8 bits per channel")
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY)


def read_content(path: Path) -> bytes:
    """Read the file of a picture.

    Raises:
        UserError: if it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(path, error.strerror or error, "check its name, or copy it again") from error


def _decode(path: Path | str, content: bytes, flags: int = cv2.IMREAD_UNCHANGED) -> np.ndarray:
    """Pixels as OpenCV gives them; damage that a decoder sees is an error even if it goes on."""
    start = _start_of_scan(content) if content.startswith(JPEG_START) else None
    end = content.find(b"\xff\xd9", start or 0)
    if start is not None and end < 0:
        # OpenCV fills the missing part of a truncated JPEG with gray and says nothing.
        raise UserError(path, "the JPEG ends too early", "copy the file again")
    _refuse_too_large(path, content)
    if content[4:8] == b"ftyp":
        pixels, said = _decode_avif(path, content), []
    else:
        pixels, said = _decode_others(path, content, flags)
    if damage := [line for line in said if _tells_damage(line, content[start:end])]:
        raise UserError(path, f"the JPEG is damaged ({damage[0]})", "copy the file again")
    if zeros := hole(content, pixels, start or 0, end if start is not None else None):
        raise UserError(path, f"is damaged: {zeros} bytes of zeros in a row", "copy the file again")
    return pixels


def _refuse_too_large(path: Path | str, content: bytes) -> None:
    """A header of a few bytes may ask for any memory, so it is read before the decoder does."""
    size = stored_size(content)
    if size is None:
        if content[4:8] == b"ftyp" or not content:
            return  # whoever reads on tells more
        raise UserError(path, "not readable as an image", "remove it or copy it again")
    height, width = size
    if height * width > MOST_PIXELS or max(size) > LONGEST_SIDE:
        what = f"{width}x{height} pixels, at most {MOST_PIXELS >> 20} million are read"
        raise UserError(path, what, "scale it down")


def _decode_others(path: Path | str, content: bytes, flags: int) -> tuple[np.ndarray, list[str]]:
    """What OpenCV decodes, and what its decoders print."""
    try:
        pixels, said = with_complaints(
            lambda: cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None
        )
    except cv2.error as error:
        what = f"not readable as an image ({error.err or error.msg})"
        raise UserError(path, what, "remove it or copy it again") from error
    if pixels is None:
        reason = f" ({said[0]})" if said else ""
        raise UserError(path, f"not readable as an image{reason}", "remove it or copy it again")
    return pixels, said


def _tells_damage(line: str, scan: bytes) -> bool:
    """Whether a warning of libjpeg means wrong pixels; a camera that fills up with zeros has them right."""
    if extra := re.match(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9", line):
        return bool(scan[-int(extra[1]) :].strip(b"\0"))
    return line.startswith(("Corrupt JPEG data", "Premature end of JPEG"))


def _decode_avif(path: Path | str, content: bytes) -> np.ndarray:
    """Upright BGR or BGRA; OpenCV's reader leaves out how the camera was held."""
    if content[8:12] in HEIC_BRANDS:
        raise UserError(path, "HEIC is not read", f"{SAVE_AS_JPEG}, or let the phone do so (Most Compatible)")
    if content[8:12] not in AVIF_BRANDS:
        raise UserError(path, "not readable as an image", "remove it or copy it again")
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = np.asarray(ImageOps.exif_transpose(image))
    except (OSError, ValueError, SyntaxError, RuntimeError, Image.DecompressionBombError) as error:
        reason = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"  # it tells an address
        raise UserError(path, f"not readable as an image{reason}", "remove it or copy it again") from error
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR)


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """(height, width) of an upright JPEG by its header; None if it is none, or not plainly told."""
    if not content.startswith(JPEG_START):
        return None
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            aside = image.getexif().get(ExifTags.Base.Orientation) in TURNED_ASIDE
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (width, height) if aside else (height, width)


def _start_of_scan(content: bytes) -> int | None:
    """Where the pixels of a JPEG start; its length if they do not.

    An end marker before it belongs to the thumbnail in the EXIF, which a truncated photograph still has.
    Behind the one after it phones append what they like, such as a film.
    """
    return next((place for kind, place in jpeg_segments(content) if kind == 0xDA), len(content))
