"""Footage prepared into shards: each is made by one process, whole, and is the same whoever makes it."""

import io
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError
from acdepth.core.files import hash_json
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress
from acdepth.core.share import ALL, Share
from acdepth.core.tally import ReadTally
from acdepth.core.workers import worker_pool
from acdepth.data.decoding import Part, Reader, read_part
from acdepth.data.frames import LATER, Frames
from acdepth.data.prepared import FRAMES, Plan, plan, with_read
from acdepth.data.shards.packed import FORMAT, INDEX, Packed, ShardedImages, shard_file
from acdepth.data.shards.place import Kept, Place, hash_bytes

FRAMES_PER_SHARD = 256
"""135 MiB at 320x576: large enough to be fetched at the speed of the line, small enough to be made in
memory."""


def pack(
    clips: Collection[Clip],
    out: Path,
    image_size: tuple[int, int],
    crop: Crop | None = None,
    reach: int = 1,
    resize: Resize = "area",
    share: Share = ALL,
    workers: int | None = None,
    per_shard: int = FRAMES_PER_SHARD,
) -> Packed:
    """Decode, crop and resize every frame once, into shards; those that are there already are kept.

    The files are the same with any number of processes, and after any number of kills.

    Args:
        clips: as of `prepare`, and likewise ``image_size``, ``crop``, ``reach`` and ``resize``.
        out: a folder, or an address such as ``s3://bucket/drives``.
        share: of this process, which makes its part of the shards.
        workers: processes that decode; by default one per core, if there is enough to do.
        per_shard: frames in each shard.

    Raises:
        UserError: if more than 1 % of the frames cannot be read, or ``out`` cannot be written.
    """
    planned, place = plan(clips, image_size, crop, reach, resize), Place(out)
    count, stamp = len(planned.reader), hash_json([FORMAT, planned.stamp, per_shard])
    if not count:
        raise UserError(str(place), "there are no frames to pack")
    alone = nullcontext() if place.address else sole_writer(place.folder, share=share)
    with alone:
        if share.tell(share.leads and _is_whole(place, stamp, count, per_shard)):
            return Packed.open(out)
        shards = share.sorted(_own_shards(planned, place, stamp, share, workers, per_shard), _number)
        if share.leads:
            _finish(place, planned, stamp, shards)
        share.wait()
    return Packed.open(out)


class Shard(NamedTuple):
    """What is known of a shard that is written; as JSON, its note beside it."""

    stamp: str
    number: int
    part: Part
    sha256: str


def _number(shard: Shard) -> int:
    return shard.number


def _is_whole(place: Place, stamp: str, count: int, per_shard: int) -> bool:
    """Whether a place holds this already; where it holds something else, that counts as unfinished now."""
    content = place.read(INDEX)
    if content is None:
        return False
    files = [shard_file(number) for number in range(-(-count // per_shard))]
    files += [f"{FRAMES}/{one.name}.npy" for one in fields(Frames) if one.name != LATER]
    with suppress(ValueError, AttributeError):
        if json.loads(content).get("stamp") == stamp and all(map(place.may_have, files)):
            return True
    place.remove(INDEX)
    return False


def _own_shards(
    planned: Plan, place: Place, stamp: str, share: Share, workers: int | None, per_shard: int
) -> list[Shard]:
    """This process's shards, of which those are made that are not there."""
    count, made = len(planned.reader), list[Shard]()
    starts = share.part(range(0, count, per_shard))
    pieces = [range(start, min(start + per_shard, count)) for start in starts]
    tally = ReadTally(count)
    maker = _Maker(planned.reader, place, stamp, per_shard)
    with (
        progress(share.title("pack"), sum(map(len, pieces)), unit="image") as advance,
        _makers(maker, workers, len(pieces)) as make,
    ):
        for piece, shard in zip(pieces, make(pieces), strict=True):
            for fault in shard.part.faults:
                tally.skip(UserError(*fault))
            made.append(shard)
            advance(len(piece))
    tally.gather(share)
    return made


@dataclass(frozen=True)
class _Maker:
    """Makes shards; small to hand to another process."""

    reader: Reader
    place: Place
    stamp: str
    per_shard: int

    def __call__(self, piece: range) -> Shard:
        number = piece.start // self.per_shard
        note = f"shards/{number:06d}.json"
        noted = self.place.read(note)
        with suppress(ValueError, TypeError):  # a damaged note is none
            before = Shard(*json.loads(noted or b""))
            # Parts of an earlier version lack what is checked.
            same = before.stamp == self.stamp and len(before.part) == len(Part._fields)
            if same and self.place.may_have(shard_file(number)):
                return before._replace(part=Part(*before.part))
        images: list[bytes] = []
        part = read_part(self.reader, piece, lambda _, image: images.append(image.tobytes()))
        content = b"".join(images)
        shard = Shard(self.stamp, number, part, hash_bytes(content))
        self.place.write(shard_file(number), content)
        self.place.write(note, json.dumps(shard).encode())
        return shard


_maker: list[_Maker] = []
"""In a worker: what it works with."""


@contextmanager
def _makers(maker: _Maker, workers: int | None, pieces: int) -> Iterator:
    """What makes shards of pieces, in order."""
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    workers = min(workers or max(1, (os.cpu_count() or 1) // beside), pieces)
    if workers <= 1:
        yield partial(map, maker)
        return
    with worker_pool(workers, _take, maker) as pool:
        yield partial(pool.map, _make)


def _take(maker: _Maker) -> None:
    _maker.append(maker)


def _make(piece: range) -> Shard:
    return _maker[0](piece)


def _finish(place: Place, planned: Plan, stamp: str, shards: list[Shard]) -> None:
    """Write what is known of all images, and last the index."""
    columns = zip(*(shard.part for shard in shards), strict=True)
    frames = with_read(planned.describe(), Part(*(list(chain.from_iterable(column)) for column in columns)))
    told = [(len(shard.part.numbers), shard.sha256) for shard in shards]
    images = ShardedImages(Kept(place, stamp), told, planned.reader.image_size)
    frames = planned.finish(frames, cast(np.ndarray, images))
    hashes = {}
    for one in fields(Frames):
        stream = io.BytesIO()
        np.save(stream, getattr(frames, one.name))
        place.write(f"{FRAMES}/{one.name}.npy", stream.getvalue())
        hashes[one.name] = hash_bytes(stream.getvalue())
    index = {
        "format": FORMAT,
        "made_from": planned.made_from,
        "stamp": stamp,
        "crop": planned.crop and planned.crop.to_dict(),
        "image_size": list(planned.reader.image_size),
        "resize": planned.reader.resize,
        "shards": told,
        "columns": hashes,
    }
    place.write(INDEX, json.dumps(index).encode())
