"""Which images a batch is made of, told to whoever asks while it is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_drawn: ContextVar[list[str] | None] = ContextVar("drawn", default=None)


@contextmanager
def drawn_images() -> Iterator[list[str]]:
    """While it lasts, the names of images that batches are made of are added to the list."""
    names: list[str] = []
    token = _drawn.set(names)
    try:
        yield names
    finally:
        _drawn.reset(token)


def note_drawn(name: Callable[[], str]) -> None:
    """An image goes into a batch; its name is made only where somebody asks."""
    if (names := _drawn.get()) is not None:
        names.append(name())
