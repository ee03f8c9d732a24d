"""What to do at a fault in a data set: stop, or note it and go on with the rest."""

from collections.abc import Callable

from acdepth.core.errors import UserError

OnFault = Callable[[UserError], object]
"""Told about each fault; what is at fault is then left out. `raise_fault` stops at the first."""


def raise_fault(fault: UserError) -> None:
    """Stop at the first fault."""
    raise fault
