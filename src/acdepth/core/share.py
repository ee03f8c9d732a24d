"""A part of work that several processes divide among themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from acdepth.core.errors import UserError


@dataclass(frozen=True)
class Share:
    """Piece k belongs to the process of ``rank`` k modulo ``count``."""

    rank: int = 0
    """Number of this process."""
    count: int = 1
    """Processes in all."""
    wait: Callable[[], object] = lambda: None
    """Returns when all processes have called it."""
    tell: Callable[[Any], Any] = lambda value: value
    """Returns in every process what the first one called it with."""

    @property
    def leads(self) -> bool:
        """Whether this process does what must be done once."""
        return self.rank == 0

    def has(self, piece: int) -> bool:
        """Whether a piece is this process's."""
        return piece % self.count == self.rank

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """The first process goes through the block, then all others; where it fails, they fail with it."""
        if not self.leads and (failure := self.tell(None)):
            raise failure
        try:
            yield
        except Exception as error:
            if self.leads:
                known = isinstance(error, UserError)
                self.tell(error if known else RuntimeError(f"the first process failed: {error!r}"))
            raise
        if self.leads:
            self.tell(None)


ALL = Share()
"""Of a process that works alone."""
