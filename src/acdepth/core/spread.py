"""A few of many, evenly spread."""

from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


def spread(things: Sequence[Thing], most: int) -> list[Thing]:
    """At most so many things, evenly spread, each in the middle of its stretch."""
    count = min(most, len(things))
    return [things[(2 * place + 1) * len(things) // (2 * count)] for place in range(count)]
