"""What the header of a picture says of its size, without decoding it, and holes in what stands behind."""

import io
import re
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, TiffImagePlugin

SECTOR = 512
"""Bytes of zeros in a row that no coder writes, and that a copy which was broken off leaves."""
JPEG_START = b"\xff\xd8"
JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers behind which a JPEG tells its size."""
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WIDTH, HEIGHT, COMPRESSION = 256, 257, 259
PLACES, LENGTHS = (273, 324), (279, 325)
"""Tags of a TIFF: of its strips and of its tiles."""
PORTABLE = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*(\d{1,10})\s+(\d{1,10})")
"""How a PPM or PGM begins: width and height."""
UNCODED = frozenset({1, 32773})
"""Compressions of a TIFF that may well give zeros: none, and runs of bytes."""


def stored_size(content: bytes) -> tuple[int, int] | None:
    """(height, width) of a picture as it is stored; None where its header tells none."""
    if content.startswith(b"\x89PNG"):
        return _pair(content[16:24], 4, "big")
    if content.startswith(JPEG_START):
        return _jpeg_size(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_size(content)
    if content.startswith(b"BM"):
        size = _pair(content[18:26], 4, "little", signed=True)
        return size and (abs(size[0]), abs(size[1]))
    if content.startswith(TIFF_STARTS):
        tags = _tiff_tags(content)
        sides = [tags.get(tag) for tag in (HEIGHT, WIDTH)]
        return (int(sides[0]), int(sides[1])) if all(isinstance(side, int) for side in sides) else None  # pyright: ignore
    if found := PORTABLE.match(content):
        return int(found[2]), int(found[1])
    for kind, skipped, swapped in ((b"ihdr", 4, True), (b"ispe", 8, False)):  # JPEG 2000, AVIF
        if content[4:8] in (b"jP  ", b"ftyp") and (place := content.find(kind, 0, 1 << 16)) >= 0:
            size = _pair(content[place + skipped : place + skipped + 8], 4, "big")
            return size and ((size[1], size[0]) if swapped else size)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content)) as image:
            return image.height, image.width
    except Image.DecompressionBombError:
        return 1 << 31, 1 << 31
    except Exception:  # what Pillow raises at damage is not told: struct, zlib, syntax, value, runtime, ...
        return None


def hole(content: bytes, pixels: np.ndarray, start: int = 0, end: int | None = None) -> int:
    """Bytes of zeros in a row that no coder wrote, where a picture's pixels stand coded; 0 if there are none.

    Of a BMP, and of others whose pixels are stored as they are, nothing can be said.

    Args:
        content: of the file.
        pixels: (H, W, ...), as they were decoded.
        start: of a JPEG: where its pixels begin.
        end: of a JPEG: where they end.
    """
    longest = max((_longest_run(content, part) for part in _coded(content, start, end)), default=0)
    # Codes of whole bits may be zeros where all is of one colour; arithmetic coders never write so many.
    if longest and not _is_arithmetic(content):
        return longest if _flat_blocks(pixels) < longest // 8 else 0
    return longest


def _is_arithmetic(content: bytes) -> bool:
    return content[4:8] in (b"ftyp", b"jP  ") or (content[:4] == b"RIFF" and b"VP8 " in content[12 : 1 << 16])


def _flat_blocks(pixels: np.ndarray) -> int:
    """How many blocks of 8 by 8 pixels (H, W, ...) are of one colour: they code into next to nothing."""
    plane = pixels if pixels.ndim == 2 else pixels[..., 1]
    height, width = (side // 8 * 8 for side in plane.shape)
    blocks = plane[:height, :width].reshape(height // 8, 8, width // 8, 8)
    return int((blocks.max((1, 3)) == blocks.min((1, 3))).sum())


def _longest_run(content: bytes, part: slice) -> int:
    """Of zeros; a camera may fill up with them at the end."""
    coded = content[part].rstrip(b"\0")
    longest, place = 0, 0
    while (place := coded.find(bytes(max(SECTOR, longest + 1)), place)) >= 0:
        longest = len(coded) - place - len(coded[place:].lstrip(b"\0"))
        place += longest
    return longest


def _coded(content: bytes, start: int, end: int | None) -> Iterator[slice]:
    """Where pixels stand that went through a coder."""
    if content.startswith(JPEG_START):
        yield slice(start, end)
    elif content.startswith(TIFF_STARTS):
        tags = _tiff_tags(content)
        if tags.get(COMPRESSION, 1) in UNCODED:
            return
        for places, lengths in zip(PLACES, LENGTHS, strict=True):
            pairs = zip(_numbers(tags.get(places)), _numbers(tags.get(lengths)), strict=False)
            yield from (slice(place, place + length) for place, length in pairs)
    else:
        for mark in (b"VP8 ", b"VP8L", b"ALPH", b"jp2c", b"mdat"):
            place = content.find(mark, 0, 1 << 16)
            if place >= 0:
                yield slice(place, None)
                return


def _numbers(value: object) -> list[int]:
    values = value if isinstance(value, tuple) else (value,)
    return [one for one in values if isinstance(one, int)]


def _pair(content: bytes, length: int, order: str, signed: bool = False) -> tuple[int, int] | None:
    """(height, width) of two numbers, the width first."""
    if len(content) < 2 * length:
        return None
    width, height = (
        int.from_bytes(part, order, signed=signed)  # pyright: ignore[reportArgumentType]
        for part in (content[:length], content[length : 2 * length])
    )
    return height, width


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    for kind, place in jpeg_segments(content):
        if kind in JPEG_SIZES:
            height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
            return int.from_bytes(height, "big"), int.from_bytes(width, "big")
    return None


def jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Kind and place of each segment of a JPEG up to its pixels, those of a first scan included."""
    place = 2
    while (place := content.find(b"\xff", place)) >= 0 and place + 1 < len(content):
        kind = content[place + 1]
        if kind == 0xFF:  # padding
            place += 1
            continue
        yield kind, place
        if kind == 0xDA:
            return
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")


def _webp_size(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X" and len(content) >= 30:
        return 1 + int.from_bytes(content[27:30], "little"), 1 + int.from_bytes(content[24:27], "little")
    if kind == b"VP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF)
    size = _pair(content[26:30], 2, "little")
    return (size[0] & 0x3FFF, size[1] & 0x3FFF) if kind == b"VP8 " and size else None


def _tiff_tags(content: bytes) -> TiffImagePlugin.ImageFileDirectory_v2 | dict[int, object]:
    """Tags of the first picture; none where they are damaged."""
    try:
        with warnings.catch_warnings(action="ignore"):
            stream, is_big = io.BytesIO(content), content[2] in b"+" or content[3] in b"+"
            tags = TiffImagePlugin.ImageFileDirectory_v2(content[: 16 if is_big else 8])
            stream.seek(tags.next)
            tags.load(stream)
            return {tag: tags[tag] for tag in (WIDTH, HEIGHT, COMPRESSION, *PLACES, *LENGTHS) if tag in tags}
    except Exception:  # see stored_size
        return {}
