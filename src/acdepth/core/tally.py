"""How many unreadable frames a long run puts up with."""

import logging
from collections.abc import Callable

from acdepth.core.errors import UserError

SKIPPED_PART = 0.01
"""At most this part of the frames may be skipped: a bad sector is no reason to stop, a broken copy is."""


class ReadTally:
    """Counts the frames of one run that cannot be read: up to 1 % of ``total`` is skipped, each with a
    warning, which goes to the log by default; one more stops the run."""

    def __init__(self, total: int, on_warning: Callable[[str], object] | None = None) -> None:
        self.total = total
        self.skipped: list[str] = []
        """What was wrong with each skipped frame."""
        self._on_warning = on_warning or logging.getLogger("acdepth").warning

    def skip(self, error: UserError) -> None:
        """Count one unreadable frame.

        Raises:
            UserError: if that makes more than 1 % of all frames.
        """
        self.skipped.append(str(error))
        count = len(self.skipped)
        if count > SKIPPED_PART * self.total:
            many = f"{count} of {self.total} frames cannot be read; at most 1 % may be skipped"
            raise UserError(error.where, f"{error.what} ({many})", error.remedy) from error
        self._on_warning(f"{error} (skipped, {count} so far)")
