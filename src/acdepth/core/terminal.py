"""What is printed, in signs that the terminal, file or pipe at the other end can take."""

import codecs
import sys
import unicodedata
from io import TextIOWrapper

READABLE = "acdepth.readable"
"""Name of the way in which characters are written that an encoding lacks."""
PLAIN = dict(zip("↓↑–—−×·•°“”„‘’√≈δ█░│▲▼←", "v^---x**'\"\"\"''~~d#.|^v<", strict=True)) | {
    **{"→": "->", "±": "+-", "≤": "<=", "≥": ">="},
}
"""What stands for signs of ours that have no relative among plain letters."""


def print_anywhere() -> None:
    """Let no output fail for a character: what standard output and error cannot encode is written plainly.

    Windows' consoles know 256 characters and a POSIX locale 128; and a file's name may hold bytes that are no
    text at all, which no encoding has.
    """
    codecs.register_error(READABLE, _readable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=READABLE)


def _readable(error: UnicodeError) -> tuple[str, int]:
    """The nearest that every encoding has, for as many characters as could not be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    if letters:
        return letters
    byte = ord(character) - 0xDC00  # how Python keeps a byte that is no text
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else f"\\u{ord(character):04x}"
