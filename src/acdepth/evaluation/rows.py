"""One line per frame and model: what every table, interval and picture is made from."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_text


@dataclass(frozen=True)
class FrameRow:
    """The metrics of one model on one frame."""

    model: str
    sequence: str
    """Name of its clip."""
    key: str
    """Name of the image in its data set."""
    index: int
    """Position in its sequence."""
    condition: Condition
    metrics: dict[str, float]
    """Over all pixels with truth in range: the customary seven, and those of edges where truth is dense."""
    classes: dict[str, dict[str, float]]
    """The same per class that has such pixels."""
    confidence: dict[str, Any] | None = None
    """How well confidence sorts the pixels (`acdepth.evaluation.sparsification`); None where none was asked
    for, or there is no error to sort by."""


def write_rows(path: Path, rows: Iterable[FrameRow]) -> None:
    """Write ``frames.jsonl``."""
    write_text(path, "".join(json.dumps(asdict(row), sort_keys=True) + "\n" for row in rows))


def read_rows(path: Path) -> list[FrameRow]:
    """Read ``frames.jsonl``.

    Raises:
        UserError: if the file is missing or a line is no row.
    """
    if not path.exists():
        raise UserError(path, "no such file", "run acdepth evaluate first")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            values = json.loads(line)
            rows.append(FrameRow(**{**values, "condition": Condition(values["condition"])}))
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{path}, line {number}", f"not a row of an evaluation ({error})") from error
    return rows
