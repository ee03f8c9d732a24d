"""``votes.csv``: one line per vote, on the disk before the next image is shown; and what votes add up to."""

import csv
import errno
import math
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from io import FileIO, StringIO
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

from acdepth.core.errors import UserError
from acdepth.core.files import reading, write_text, writing
from acdepth.core.texts import as_cell, from_cell, read_text
from acdepth.rating.pictures import Kind

DEVIATIONS = 1.959963984540054
"""Standard deviations of a normal distribution that hold 95 % of it."""


@dataclass(frozen=True)
class Vote:
    """What one person took one image for."""

    time: str
    """ISO 8601, UTC."""
    rater: str
    image: str
    """Name of the image in its folder."""
    truth: Kind
    vote: Kind
    seconds: float
    """From when the image was shown."""

    @property
    def right(self) -> bool:
        """Whether the image was what the person took it for."""
        return self.vote is self.truth


COLUMNS = tuple(field.name for field in fields(Vote))


class VoteFile:
    """All votes, in memory and on disk, for one thread at a time. Nothing is written before `begin`.

    Raises:
        UserError: if the file holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.votes = read_votes(self.path) if self.path.exists() else []

    def begin(self) -> None:
        """Make the file, or mend a last line that a kill left without its end; before the first vote."""
        if not self.path.exists() or not self.path.read_bytes().endswith(b"\n"):
            self._write(self.votes)

    @property
    def key(self) -> bytes:
        """What raters' secrets are made from, in a file beside the votes that only its owner reads."""
        file = self.path.with_name(f".{self.path.name}.key")
        with writing(file), suppress(FileExistsError):
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(secrets.token_bytes(32))
        with reading(file, "a key", "delete it; raters then choose new names"):
            key = file.read_bytes()
            if len(key) != 32:
                raise ValueError(f"{len(key)} bytes")
        return key

    def add(self, vote: Vote) -> None:
        """Append a vote, down to the disk; raises `UserError` if it could not be, and then does not count."""
        self._refuse_if_gone()
        try:
            with self.path.open("ab", buffering=0) as stream:
                _append(stream, _lines([vote]).encode())
        except OSError as error:
            what = f"cannot write ({error.strerror or error})"
            raise UserError(self.path, what, "free some space, then vote again") from error
        self.votes.append(vote)

    def drop(self, vote: Vote) -> None:
        """Take back a vote; raises `UserError` if the file could not be written, and then the vote stays."""
        self._refuse_if_gone()
        kept = [one for one in self.votes if one is not vote]
        self._write(kept)
        self.votes = kept

    def _write(self, votes: list[Vote]) -> None:
        write_text(self.path, ",".join(COLUMNS) + "\n" + _lines(votes))

    def _refuse_if_gone(self) -> None:
        """A new file in the place of one that was moved away would part the votes in two."""
        if not self.path.exists():
            raise UserError(self.path, "has gone while it was written to", "put it back, then vote again")


def read_votes(path: Path) -> list[Vote]:
    """Read a file of votes; blank lines are passed over, and a last line that a kill left in its middle.

    Raises:
        UserError: naming the line that is no vote.
    """
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise UserError(path, "no such file", "acdepth rate writes one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, f"not readable as text ({error})", "give the file of acdepth rate") from error
    lines = StringIO(text, newline="")
    reader = csv.reader(lines, strict=True)
    votes = []
    try:
        header = next(reader, [])
        if header != list(COLUMNS):
            what = f"its first line must be {','.join(COLUMNS)}, not {','.join(header)!r}"
            raise UserError(path, what, "give another file")
        for row in reader:
            if any(map(str.strip, row)):
                votes.append(_parse(row))
    except (csv.Error, ValueError) as error:
        torn = reader.line_num > 1 and not text.endswith("\n") and not lines.read(1)
        if not torn:
            what = "not readable as CSV" if isinstance(error, csv.Error) else "no vote"
            where = f"{path}, line {reader.line_num}"
            raise UserError(where, f"{what} ({error})", "mend or delete the line") from error
    return votes


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


@dataclass(frozen=True)
class Count:
    """Some answers of all of one sort."""

    count: int
    of: int

    @property
    def part(self) -> Part | None:
        """With its 95 % interval; None where there are no answers."""
        return wilson(self.count, self.of) if self.of else None


@dataclass(frozen=True)
class Tally:
    """How somebody, or all together, told real images from generated ones."""

    right: Count
    """Of all images, those taken for what they are; 0.5 is guessing."""
    generated_called_real: Count
    """Of the generated images, those taken for real."""
    real_called_real: Count
    """Of the real images, those taken for real: how readily the word is given at all."""
    seconds: float
    """Median per image."""


def tally(votes: Iterable[Vote]) -> Tally:
    """Add up some votes, at least one."""
    votes = list(votes)

    def called_real(truth: Kind) -> Count:
        of_kind = [vote for vote in votes if vote.truth is truth]
        return Count(sum(vote.vote is Kind.REAL for vote in of_kind), len(of_kind))

    return Tally(
        right=Count(sum(vote.right for vote in votes), len(votes)),
        generated_called_real=called_real(Kind.GENERATED),
        real_called_real=called_real(Kind.REAL),
        seconds=median_low(vote.seconds for vote in votes),
    )


def tally_raters(votes: Iterable[Vote]) -> dict[str, Tally]:
    """`tally` of each rater, in the order in which they began."""
    of_rater: dict[str, list[Vote]] = {}
    for vote in votes:
        of_rater.setdefault(vote.rater, []).append(vote)
    return {rater: tally(theirs) for rater, theirs in of_rater.items()}


def _parse(row: list[str]) -> Vote:
    time, rater, image, truth, vote, seconds = row
    image = from_cell(image)
    datetime.fromisoformat(time)
    took = float(seconds)
    if not math.isfinite(took) or took < 0 or not rater or not image:
        raise ValueError("a name is empty, or the seconds are no such number")
    return Vote(time, rater, image, Kind(truth), Kind(vote), took)


def _append(stream: FileIO, line: bytes) -> None:
    """Write a line to the end, down to the disk; on an error nothing of it stays."""
    end = stream.seek(0, os.SEEK_END)
    try:
        if stream.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(stream.fileno())
    except OSError:
        stream.truncate(end)
        raise


def _lines(votes: Iterable[Vote]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(
        astuple(replace(vote, image=as_cell(vote.image))) for vote in votes
    )
    return text.getvalue()
