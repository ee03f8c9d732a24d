"""Short texts in PNG files (tEXt chunks), each under a keyword."""

import struct
import zlib
from collections.abc import Iterator

HEADER_END = 33
"""Bytes of the signature and of the first chunk, which says the size."""


def with_png_text(png: bytes, keyword: str, text: str) -> bytes:
    """The file with a text more; keyword and text are Latin-1."""
    chunk = b"tEXt" + keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:HEADER_END] + whole + png[HEADER_END:]


def png_text(png: bytes, keyword: str) -> str | None:
    """The text under a keyword; None if there is none."""
    wanted = keyword.encode("latin-1")
    for kind, body in _chunks(png):
        name, _, text = body.partition(b"\0")
        if kind == b"tEXt" and name == wanted:
            return text.decode("latin-1")
    return None


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk before the pixels."""
    place = 8
    while len(kind := png[place + 4 : place + 8]) == 4 and kind != b"IDAT":
        length = int.from_bytes(png[place : place + 4], "big")
        yield kind, png[place + 8 : place + 8 + length]
        place += 12 + length
