"""What a check without measured depth says: ``unlabelled.json``."""

from typing import ClassVar, Literal

from acdepth.evaluation.schema import Number, Record

Verdict = Literal["works", "doubtful", "degenerate"]
"""Of the whole check: depth may be used; look before you use it; it is no depth."""
Finding = Literal["works", "doubtful", "degenerate", "unknown"]
"""Of one number; unknown where the footage cannot tell."""


class Measure(Record):
    """One number of the check."""

    value: Number | None
    """In the unit that ``in_words`` says; null where the footage cannot tell."""
    finding: Finding
    in_words: str
    """What the number means, in one sentence with the number in it."""
    reason: str = ""
    """What is wrong, as in the sentence of the whole; empty where nothing is."""
    advice: str = ""
    """What to try; empty where nothing is wrong or nobody knows."""


class UnlabelledCheck(Record):
    """The content of ``unlabelled.json``, and what `check_unlabelled` returns."""

    remedy: ClassVar[str] = "run acdepth check again"

    format: int = 1
    verdict: Verdict
    in_words: str
    """``works``, ``doubtful: ...`` or ``degenerate: ...; try ...``."""
    score: Number
    """How far depth may be off, as a part of it, by all that was seen: lower is better, 1 is useless. It
    orders networks on the same footage; it is no absRel, and 1 where the images tell no motion."""
    measures: dict[str, Measure]
    """By name, in the order in which they are shown."""
    model: str
    """Name of what was checked."""
    sha256: str | None
    """Of its checkpoint."""
    frames: int
    """That were looked at."""
    pairs: int
    """Of neighbouring frames, of which motion could be told."""
    sheet: str | None = None
    """Name of the picture sheet beside the file; null where none was made."""
