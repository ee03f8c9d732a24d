"""Many images decoded into one file by several processes, part by part: killed, it goes on where it was."""

import json
import os
import zlib
from collections.abc import Callable, Generator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from acdepth.core.crop import Resize
from acdepth.core.errors import UserError
from acdepth.core.files import write_text, writing
from acdepth.core.progress import progress
from acdepth.core.tally import ReadTally
from acdepth.core.workers import worker_pool

FRAMES_PER_PART = 64
"""What is at most lost by a kill, per process."""
PARTS_PER_WORKER = 8
"""For fewer a process takes longer to start than it saves."""


class Decoded(NamedTuple):
    """One image, ready to be written."""

    image: np.ndarray
    """uint8 (H, W, 3)."""
    source_size: tuple[int, int]
    """(height, width) of the original [px]."""


class Reader(Protocol):
    """Where the images come from. Each process gets it once, so it must be picklable."""

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of what `read` gives."""
        ...

    @property
    def resize(self) -> Resize:
        """How the images come to this size."""
        ...

    def __len__(self) -> int: ...

    def read(self, number: int) -> Decoded | UserError:
        """One image, or what is wrong with it if it may be skipped; an error that is raised ends the work."""
        ...


class Part(NamedTuple):
    """What is known of images that are decoded; as JSON, a line of the journal."""

    numbers: list[int]
    """Of the images that could be read."""
    source_sizes: list[tuple[int, int]]
    """(height, width) [px] of each of them."""
    brightness: list[float]
    """Mean value of each of them, 0 to 255."""
    checks: list[int]
    """CRC-32 of each of them."""
    faults: list[tuple[str | None, str, str]]
    """What is wrong with each of the others: the fields of a `UserError`."""


def decode(reader: Reader, images: Path, stamp: str, workers: int | None = None) -> Part:
    """Write all images that can be read into one file; its bytes do not depend on workers and kills.

    Each part is decoded to where it belongs if no image is skipped, and moved down if some are. In order,
    they are then flushed to disk and noted in a journal (`journal_of`), which the caller removes in the end;
    what is noted is not decoded again.

    Args:
        reader: of the images.
        images: file for them; only one process may call this for it.
        stamp: changes when the images do, which makes a journal void.
        workers: processes; by default one per core, if there is enough to do.

    Raises:
        UserError: if more than 1 % of the images would be skipped, or the disk is full.
    """
    journal, size = journal_of(images), int(np.prod(reader.image_size)) * 3
    with writing(images):
        images.parent.mkdir(parents=True, exist_ok=True)
        parts = _begin(journal, images, json.dumps([stamp, FRAMES_PER_PART, "crc32"]), size)
        tally = ReadTally(len(reader))
        _skip(parts, tally)
        rows = sum(len(part.numbers) for part in parts)
        with (
            journal.open("a", encoding="utf-8") as lines,
            progress("prepare", len(reader), rows + len(tally.skipped), unit="image") as advance,
            closing(_decoded(reader, images, len(parts), workers)) as found,
        ):
            for part in found:
                _skip([part], tally)
                _close_gaps(images, part.numbers, rows, size)
                rows += len(part.numbers)
                lines.write(json.dumps(part) + "\n")
                lines.flush()
                os.fsync(lines.fileno())
                parts.append(part)
                advance(len(part.numbers) + len(part.faults))
        with images.open("r+b") as stream:
            stream.truncate(rows * size)
            os.fsync(stream.fileno())
    return Part(*(list(chain.from_iterable(values)) for values in zip(*parts, strict=True)))


def journal_of(images: Path) -> Path:
    """Where it is noted which parts of a file are decoded."""
    return images.with_suffix(".parts.jsonl")


def _begin(journal: Path, images: Path, head: str, size: int) -> list[Part]:
    """The parts that are decoded, with a journal of just these; images of ``size`` bytes."""
    parts = _noted(journal, head)
    length = images.stat().st_size if images.exists() else 0
    if not parts or length < size * sum(len(part.numbers) for part in parts):
        parts = []
        images.unlink(missing_ok=True)  # whoever reads the former file keeps it
        images.touch()
    write_text(journal, "".join(f"{line}\n" for line in (head, *map(json.dumps, parts))))
    return parts


def _noted(journal: Path, head: str) -> list[Part]:
    if not journal.exists():
        return []
    try:
        first, *lines = journal.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        if first != f"{head}\n":
            return []
        return [Part(*json.loads(line)) for line in lines if line.endswith("\n")]  # a kill may tear the last
    except (ValueError, TypeError):
        return []  # damaged: all is decoded again


def _skip(parts: list[Part], tally: ReadTally) -> None:
    for fault in chain.from_iterable(part.faults for part in parts):
        tally.skip(UserError(*fault))


def _decoded(reader: Reader, images: Path, done: int, workers: int | None) -> Generator[Part]:
    """The parts from number ``done`` on, in order."""
    starts = range(done * FRAMES_PER_PART, len(reader), FRAMES_PER_PART)
    usual = min(os.cpu_count() or 1, len(starts) // PARTS_PER_WORKER)
    workers = min(workers or usual, len(starts))
    if workers <= 1:
        yield from (_decode_part(reader, images, start) for start in starts)
        return
    with worker_pool(workers, _take, reader, images) as pool:
        yield from pool.map(_decode_taken, starts)


def _decode_part(reader: Reader, images: Path, start: int) -> Part:
    with writing(images), images.open("r+b") as stream:

        def write(number: int, image: np.ndarray) -> None:
            stream.seek(number * image.nbytes)
            stream.write(image.data)

        return read_part(reader, range(start, min(start + FRAMES_PER_PART, len(reader))), write)


def read_part(reader: Reader, numbers: range, write: Callable[[int, np.ndarray], object]) -> Part:
    """What is known of some images, of which each that can be read is handed to ``write`` with its number."""
    part = Part([], [], [], [], [])
    for number in numbers:
        found = reader.read(number)
        if isinstance(found, UserError):
            part.faults.append((found.where, found.what, found.remedy))
            continue
        write(number, found.image)
        part.numbers.append(number)
        part.source_sizes.append(found.source_size)
        part.brightness.append(float(found.image.mean()))
        part.checks.append(zlib.crc32(np.ascontiguousarray(found.image).data))
    return part


def _close_gaps(images: Path, numbers: list[int], rows: int, size: int) -> None:
    """Move the images of a part to the rows from ``rows`` on, and flush all that is written to disk."""
    with images.open("r+b") as stream:
        for row, number in enumerate(numbers, rows):
            if row != number:
                stream.seek(number * size)
                image = stream.read(size)
                stream.seek(row * size)
                stream.write(image)
        stream.flush()
        os.fsync(stream.fileno())


_taken: list[tuple[Reader, Path]] = []
"""In a worker: what it works on."""


def _take(reader: Reader, images: Path) -> None:
    _taken.append((reader, images))


def _decode_taken(start: int) -> Part:
    return _decode_part(*_taken[0], start)
