"""A part of work that several processes divide among themselves."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from acdepth.core.errors import UserError

Piece = TypeVar("Piece")


class Lost(UserError):
    """Another of the processes that share some work has ended early."""


@dataclass(frozen=True)
class Share:
    """Piece k belongs to the process of ``rank`` k modulo ``count``."""

    rank: int = 0
    """Number of this process."""
    count: int = 1
    """Processes in all."""
    gather: Callable[[Any], list[Any]] = lambda value: [value]
    """Returns in every process what each of them called it with, by rank: when all have called it."""

    @property
    def leads(self) -> bool:
        """Whether this process does what must be done once."""
        return self.rank == 0

    def has(self, piece: int) -> bool:
        """Whether a piece is this process's."""
        return piece % self.count == self.rank

    def part(self, pieces: Sequence[Piece], together: int = 1) -> list[Piece]:
        """This process's of some pieces, in order; so many beside each other are never parted."""
        return [piece for number, piece in enumerate(pieces) if self.has(number // together)]

    def sorted(self, pieces: list[Piece], number: Callable[[Piece], int]) -> list[Piece]:
        """Pieces of all processes in one order, where each has its own in that order."""
        return sorted((piece for some in self.gather(pieces) for piece in some), key=number)

    def tell(self, value: Any) -> Any:
        """Returns in every process what the first one called it with."""
        return self.gather(value if self.leads else None)[0]

    def wait(self) -> None:
        """Returns when all processes have called it."""
        self.gather(None)

    def title(self, name: str) -> str:
        """Of a progress bar, which each process has."""
        return name if self.count == 1 else f"{name}, process {self.rank + 1} of {self.count}"

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
