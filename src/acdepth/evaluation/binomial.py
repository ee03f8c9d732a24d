"""How sure a part of counted answers is: Wilson's 95 % interval."""

import math
from typing import NamedTuple

DEVIATIONS = 1.959963984540054
"""Standard deviations of a normal distribution that hold 95 % of it."""


class Part(NamedTuple):
    """A part of some answers and its 95 % interval, all in 0..1."""

    part: float
    low: float
    high: float


def wilson(count: int, of: int) -> Part:
    """The part ``count / of`` with its 95 % interval (Wilson, JASA 1927; Newcombe, 1998, method 3).

    Unlike the mean plus and minus its standard error it stays within 0 and 1, and has a width where all
    answers are the same. It takes answers as independent.
    """
    if not 0 <= count <= of or of < 1:
        raise ValueError(f"{count} of {of} is no part")
    part, square = count / of, DEVIATIONS**2
    middle = part + square / (2 * of)
    reach = DEVIATIONS * math.sqrt(part * (1 - part) / of + square / (4 * of**2))
    whole = 1 + square / of
    # Rounding leaves ends of 0 and 1 a little beside them.
    low = 0.0 if count == 0 else (middle - reach) / whole
    high = 1.0 if count == of else (middle + reach) / whole
    return Part(part, low, high)
