"""What a network says of prepared images, asked once and both ways round: rows of half precision in files."""

import shutil
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, hash_json
from acdepth.core.lock import sole_writer
from acdepth.core.progress import Advance, in_words, progress, say
from acdepth.core.share import ALL, Share
from acdepth.data.order import as_bytes
from acdepth.data.prepared import Prepared

FORMAT = 1
"""Counts up when the files' meaning changes, so that they are made again."""
FRAMES_PER_BLOCK = 64
"""A block is a file, whole or not there: what is at most lost by a kill, per process."""
CHECK = np.dtype(np.uint32).itemsize
"""Bytes of a CRC-32."""
FRAMES_AT_ONCE = 4
"""Each is asked about as it is and mirrored."""

Shapes = Sequence[tuple[int, int]]


class Answers:
    """Maps (h, w) of each image as it is, and of the mirrored one; small to hand to another process.

    A network does not say the same of a mirrored image, mirrored: both are kept.
    """

    def __init__(self, folder: Path, count: int, shapes: Shapes) -> None:
        self.folder, self.count, self.shapes = Path(folder), count, tuple(shapes)
        ends = np.cumsum([0, *(height * width for height, width in self.shapes)])
        self._parts = [slice(*ends) for ends in pairwise(ends.tolist())]
        self._row = int(ends[-1])
        self._blocks: dict[int, np.ndarray] = {}
        self._checks: dict[int, np.ndarray] = {}
        """CRC-32 of each row of a block, 0 where the row was checked."""

    def __reduce__(self) -> tuple[type["Answers"], tuple[Path, int, tuple[tuple[int, int], ...]]]:
        return type(self), (self.folder, self.count, self.shapes)

    @property
    def bytes_per_frame(self) -> int:
        """On disk, with its check."""
        return 2 * 2 * self._row + CHECK

    def maps(self, index: int, mirror: bool) -> list[np.ndarray]:
        """What was said of one image, float16 (h, w) each; when it is read first, it is checked.

        Raises:
            UserError: if it is not as it was written.
        """
        block, place = divmod(index, FRAMES_PER_BLOCK)
        if block not in self._blocks:
            shape, path = (self._frames(block), 2, self._row), self.file(block)
            self._blocks[block] = np.memmap(path, np.float16, "r", shape=shape)
            self._checks[block] = np.fromfile(path, np.uint32, offset=self._bytes(block))
        rows = self._blocks[block][place]
        if place < len(self._checks[block]) and (check := self._checks[block][place]):
            if zlib.crc32(rows.data) != check:
                what = f"what it says of image {index} is not as it was written"
                remedy = "the disk damaged it; delete it, and it is asked again"
                raise UserError(self.file(block), what, remedy)
            self._checks[block][place] = 0
        row = rows[int(mirror)]
        return [row[part].reshape(shape) for part, shape in zip(self._parts, self.shapes, strict=True)]

    def batch(self, indices: Sequence[int], mirrored: Sequence[bool]) -> tuple[Tensor, ...]:
        """Of each map what was said of some images, float16 (B, 1, h, w)."""
        rows = [self.maps(*one) for one in zip(indices, mirrored, strict=True)]
        return tuple(torch.from_numpy(np.stack(maps))[:, None] for maps in zip(*rows, strict=True))

    def file(self, block: int) -> Path:
        """Where a block is."""
        return self.folder / f"{block:06d}.bin"

    def missing(self) -> list[int]:
        """The blocks that are not there."""
        return [block for block in range(-(-self.count // FRAMES_PER_BLOCK)) if not self._is_there(block)]

    def frames(self, block: int) -> range:
        """The numbers of its images."""
        first = block * FRAMES_PER_BLOCK
        return range(first, first + self._frames(block))

    def _is_there(self, block: int) -> bool:
        path = self.file(block)
        if not path.exists():
            return False
        checks = CHECK * self._frames(block)  # which earlier versions did not write
        return path.stat().st_size - self._bytes(block) in (checks, 0)

    def _bytes(self, block: int) -> int:
        """Of its rows, behind which are their checks."""
        return self._frames(block) * 2 * 2 * self._row

    def _frames(self, block: int) -> int:
        return min(FRAMES_PER_BLOCK, self.count - block * FRAMES_PER_BLOCK)


def answers_of(
    folder: Path, name: str, prepared: Prepared, made_by: Mapping[str, Any], shapes: Shapes
) -> Answers:
    """Where the answers of a network are, or will be: in a folder called after all that decides them.

    Args:
        folder: for the answers of several networks, beside the prepared images.
        name: of the network.
        prepared: the images.
        made_by: what decides the answers beside the images: weights, what is done to its input, precision.
        shapes: (height, width) of each map that it says of an image.
    """
    key = hash_json([FORMAT, prepared.stamp, len(prepared), dict(made_by), [list(one) for one in shapes]])
    return Answers(Path(folder) / f"{name}-{key[:20]}", len(prepared), shapes)


def ask(
    answers: Answers,
    prepared: Prepared,
    title: str,
    network: Callable[[Tensor], Sequence[Tensor]],
    device: torch.device,
    share: Share = ALL,
) -> None:
    """Ask for what is missing; after a kill the next call goes on where it was.

    Each process of ``share`` asks about blocks of its own. Of other processes that call this for the same
    answers at once one does the work, and the others find it done.

    Args:
        answers: from `answers_of`.
        prepared: the images.
        title: of the network, in what is said.
        network: (B, 3, H, W) in 0..1 on the ``device`` -> its maps (B, 1, h, w).
        device: of the network.
        share: processes that call this together.

    Raises:
        UserError: if the disk has too little room.
    """
    if not share.tell(answers.missing()):  # also where nothing may be written
        return
    with sole_writer(answers.folder, share=share, wait=True):
        missing = share.tell(answers.missing())
        own = share.part(missing)
        with share.main_first():
            if share.leads and missing:
                _refuse_full_disk(answers, sum(len(answers.frames(block)) for block in missing))
        if own:
            frames = sum(len(answers.frames(block)) for block in own)
            asker = _Asker(answers, prepared, network, device)
            asker.say_how_long(title, own[0], frames)
            with progress(title, frames, unit="image") as advance:
                for block in own:
                    asker.write(block, advance)
        share.wait()


class _Asker:
    def __init__(
        self,
        answers: Answers,
        prepared: Prepared,
        network: Callable[[Tensor], Sequence[Tensor]],
        device: torch.device,
    ) -> None:
        self.answers, self.prepared, self.network, self.device = answers, prepared, network, device

    def say_how_long(self, title: str, block: int, frames: int) -> None:
        """Ask about a few images to tell, before the work begins, how long it will take."""
        few = self.answers.frames(block)[:FRAMES_AT_ONCE]
        started = time.perf_counter()
        self._rows(few)
        left = in_words((time.perf_counter() - started) * frames / len(few))
        room = frames * self.answers.bytes_per_frame / 1e9
        where = self.answers.folder
        say(f"{title} is asked once about {frames} images: {room:.2f} GB in {where}, about {left}")

    def write(self, block: int, advance: Advance) -> None:
        """Write one block, whole or not at all."""
        numbers = self.answers.frames(block)
        with atomic_path(self.answers.file(block)) as path, path.open("wb") as stream:
            checks: list[int] = []
            for first in range(0, len(numbers), FRAMES_AT_ONCE):
                some = numbers[first : first + FRAMES_AT_ONCE]
                rows = self._rows(some)
                stream.write(rows.tobytes())
                checks += [zlib.crc32(row.data) for row in rows]
                advance(len(some))
            stream.write(np.array(checks, np.uint32).tobytes())

    @torch.no_grad()
    def _rows(self, numbers: range) -> np.ndarray:
        """float16 (F, 2, P): all that is said of some images, and of the mirrored ones."""
        images = as_bytes(
            [self.prepared.image(number, turned) for number in numbers for turned in (False, True)]
        )
        said = self.network(images.to(self.device).float().div_(255))
        flat = torch.cat([one.float().flatten(1) for one in said], 1).half()
        return flat.unflatten(0, (len(numbers), 2)).cpu().numpy()


def _refuse_full_disk(answers: Answers, frames: int) -> None:
    needed, free = frames * answers.bytes_per_frame, shutil.disk_usage(answers.folder).free
    if needed > free:
        what = f"{needed / 1e9:.1f} GB are needed for a network's answers, {free / 1e9:.1f} GB are free"
        raise UserError(answers.folder, what, "free some space, or ask them in every step: --cache none")
