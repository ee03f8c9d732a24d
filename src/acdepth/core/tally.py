"""How many unreadable frames a long run puts up with."""

import logging
from collections.abc import Callable

from acdepth.core.errors import UserError
from acdepth.core.share import Share

SKIPPED_PART = 0.01
"""At most this part of the frames may be skipped: a bad sector is no reason to stop, a broken copy is."""
LEAST_FOR_ONE = 20
"""From so many frames on, one at least may be skipped: a single bad frame costs a short video no more than it
costs a long one. Of fewer, each counts."""


class ReadTally:
    """Counts the frames of one run that cannot be read: up to 1 % of ``total`` is skipped, and of
    `LEAST_FOR_ONE` at least one, each with a warning, which goes to the log by default; one more stops the
    run."""

    def __init__(self, total: int, on_warning: Callable[[str], object] | None = None) -> None:
        self.total = total
        self.skipped: list[str] = []
        """What was wrong with each skipped frame."""
        self._last: UserError | None = None
        self._on_warning = on_warning or logging.getLogger("acdepth").warning

    def skip(self, error: UserError) -> None:
        """Count one unreadable frame.

        Raises:
            UserError: if that makes more than may be skipped.
        """
        self.skipped.append(str(error))
        self._refuse_too_many(error)
        self._on_warning(f"{error} (skipped, {len(self.skipped)} so far)")

    def gather(self, share: Share) -> None:
        """Count what all processes skipped, each of its part, where ``total`` is of all parts.

        Raises:
            UserError: in all of them, if together it is more than may be skipped.
        """
        told = share.gather((self.skipped, self._last))
        self.skipped = [one for skipped, _ in told for one in skipped]
        if last := next((error for _, error in told if error), None):
            self._refuse_too_many(last)

    def _refuse_too_many(self, error: UserError) -> None:
        self._last, count = error, len(self.skipped)
        most = max(int(SKIPPED_PART * self.total), int(self.total >= LEAST_FOR_ONE))
        if count > most:
            many = f"{count} of {self.total} frames cannot be read so far, {most or 'none'} may be skipped"
            raise UserError(error.where, f"{error.what} ({many})", error.remedy) from error
