"""The one exception that means: a person can mend this."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_PART = 700
"""Letters of what is told of a fault, which may quote a file: beyond that the middle is left out."""
UNSEEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ud800-\\udfff]"
)
"""What a terminal acts on instead of showing it: controls, among them escape sequences, what turns the
direction of writing, and the bytes of names that are no UTF-8."""


def shown(text: object) -> str:
    """A text that may hold what a stranger wrote, such as a file's name, fit for a terminal's line."""
    return UNSEEN.sub(_escaped, str(text))


def is_text(name: str) -> bool:
    """Whether a name can be written down as UTF-8; Linux allows any bytes."""
    return not re.search("[\ud800-\udfff]", name)


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a name, as Python keeps it
        return f"\\x{number - 0xDC00:02x}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


class UserError(Exception):
    """What is wrong, where, and what to do about it; as text, one line.

    The command line prints the line without a traceback and exits with code 2; in a program it is an ordinary
    exception. Everything else that escapes is a bug of ours and keeps its traceback.

    Args:
        where: file, flag or setting that is at fault; None where there is no such place.
        what: is wrong with it: a text, or an exception that says it.
        remedy: what to do; empty where ``what`` says it.
    """

    def __init__(self, where: Path | str | None, what: object, remedy: str = "") -> None:
        super().__init__(where, what, remedy)
        self.where = None if where is None else str(where)
        self.what = str(what)
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [_brief(part) for part in (self.what, self.remedy) if part]
        place = "" if self.where is None else f"{shown(self.where)}: "
        return place + "; ".join(parts)


def _brief(text: str) -> str:
    text = shown(" ".join(text.split()))
    if len(text) <= LONGEST_PART:
        return text
    return f"{text[: LONGEST_PART * 3 // 4]} ... {text[-LONGEST_PART // 4 :]}"


def first_line(error: BaseException) -> str:
    """What a library's error says first, without the place in its source; its kind where it says nothing."""
    said = (line.strip() for line in str(error).splitlines())
    told = (line for line in said if line and not line.startswith(("Exception from", "Check '")))
    return next(told, type(error).__name__)


OnFault = Callable[[UserError], object]
"""Told about each fault of a data set, which is then left out; `raise_fault` stops at the first."""


@contextmanager
def telling(on_fault: OnFault) -> Iterator[None]:
    """Tell the fault at which the block stops, and go on behind it."""
    try:
        yield
    except UserError as fault:
        on_fault(fault)


def raise_fault(fault: UserError) -> None:
    """Stop at the first fault."""
    raise fault
