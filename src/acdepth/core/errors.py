"""The one exception that means: a person can mend this."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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
        place = "" if self.where is None else f"{self.where}: "
        return " ".join(f"{place}{self.what}{self.remedy and f'; {self.remedy}'}".split())


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
