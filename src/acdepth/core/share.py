"""A part of work that several processes divide among themselves."""

from collections.abc import Callable
from dataclasses import dataclass


def _nobody() -> None:
    """There is no one to wait for."""


@dataclass(frozen=True)
class Share:
    """Piece k belongs to the process of ``rank`` k modulo ``count``."""

    rank: int = 0
    """Number of this process."""
    count: int = 1
    """Processes in all."""
    wait: Callable[[], object] = _nobody
    """Returns when all processes have called it."""

    @property
    def leads(self) -> bool:
        """Whether this process does what must be done once."""
        return self.rank == 0

    def has(self, piece: int) -> bool:
        """Whether a piece is this process's."""
        return piece % self.count == self.rank


ALL = Share()
"""Of a process that works alone."""
