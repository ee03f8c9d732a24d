"""``run.json``: what was run, with what, for how long; recipes write it for the report."""

from typing import Any, ClassVar

from acdepth.evaluation.schema import Record


class Story(Record):
    """The content of ``run.json``."""

    remedy: ClassVar[str] = "run the same command again"

    title: str
    made_by: dict[str, str]
    config: dict[str, Any]
    seconds: dict[str, float]
    """Per stage."""
    notes: list[str]
