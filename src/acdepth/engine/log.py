"""``log.jsonl``: one line per interval, and the same lines on a resumed run."""

import json
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.core.files import reading, write_text
from acdepth.core.texts import parse_json, read_text


class RunLog:
    """Appends JSON lines to a file; on opening, drops what a killed run wrote past its last saved state."""

    def __init__(self, path: Path, resumed_step: int) -> None:
        self.path = path
        kept = [line for line in read_log(path) if line["step"] <= resumed_step]
        write_text(path, "".join(json.dumps(line) + "\n" for line in kept))

    def add(self, **values: Any) -> None:
        """Write one line; ``step`` must be among the values.

        Raises:
            UserError: if there is no space for it; a torn line is passed over when the run goes on.
        """
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(values) + "\n")
        except OSError as error:
            remedy = "free some space, and the same command goes on from its last saved state"
            raise UserError(self.path, f"cannot write ({error.strerror or error})", remedy) from error


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a log; a torn last line, left by a killed run, is passed over.

    Raises:
        UserError: if another line is none of a log.
    """
    if not path.exists():
        return []
    with reading(path, "a log"):
        lines = read_text(path).splitlines(keepends=True)
    try:
        return [parse_json(line) for line in lines if line.endswith("\n")]
    except ValueError as error:
        raise UserError(path, f"holds a line that is no JSON ({error})", "remove that line") from error


class Means:
    """Means of named numbers since the last time they were taken.

    Where a set lacks a name, it counts as 0, as a loss term before it begins, or not at all.
    """

    def __init__(self, missing_is_zero: bool = True) -> None:
        self.missing_is_zero = missing_is_zero
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._count = 0

    def add(self, values: dict[str, float]) -> None:
        """Count one more set of values."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        self._count += 1

    def __bool__(self) -> bool:
        """Whether anything was counted since."""
        return self._count > 0

    def to_dict(self) -> dict[str, Any]:
        """What was counted since, for JSON."""
        return {"sums": self._sums, "counts": self._counts, "count": self._count}

    def go_on(self, counted: dict[str, Any]) -> None:
        """Count on from what `to_dict` gave."""
        self._sums, self._counts, self._count = (counted[name] for name in ("sums", "counts", "count"))

    def take(self) -> dict[str, float]:
        """The means so far; counting starts again."""
        counts = dict.fromkeys(self._sums, self._count) if self.missing_is_zero else self._counts
        means = {name: total / counts[name] for name, total in self._sums.items()}
        self._sums, self._counts, self._count = {}, {}, 0
        return means
