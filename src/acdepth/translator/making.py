"""Images and their depth to files of translations, by whoever has time: this process, threads, or others."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from acdepth.core.blank import faults
from acdepth.core.condition import Condition
from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, hash_file
from acdepth.core.resize import crop_and_resize
from acdepth.core.seeding import make_generator
from acdepth.core.share import Share
from acdepth.core.workers import worker_pool
from acdepth.data.manifest import Entry
from acdepth.data.order import as_floats
from acdepth.translator.method import Translator

JPEG_QUALITY = 95
IMAGES_PER_WORKER = 16
"""From so many on it is worth to start a process, which takes seconds."""


@dataclass(frozen=True)
class Wanted:
    """One image that is read: what becomes of it, and where."""

    key: str
    stamp: str
    source_hash: str
    size: tuple[int, int]
    """(height, width) of its translations [px]."""
    files: dict[Condition, Path]
    """Those that are missing."""


@dataclass(frozen=True)
class Group:
    """Images of one size that are translated together, uint8 (H, W, 3) each, and their depth."""

    wanted: list[Wanted]
    images: list[np.ndarray]
    depth: Tensor | None
    """(B, 1, H, W) [m]."""

    def apart(self) -> "Iterator[Group]":
        """Its images, each alone."""
        for number, (wanted, image) in enumerate(zip(self.wanted, self.images, strict=True)):
            depth = None if self.depth is None else self.depth[number : number + 1].clone()
            yield Group([wanted], [image], depth)


@dataclass(frozen=True)
class Method:
    """All that shapes translations, but for the images."""

    translator: Translator
    conditions: tuple[Condition, ...]
    seed: int
    generator: str
    """Its hash."""


Done = tuple[list[Entry], int]
"""Entries of files that are written, and how many images they were made of."""
Submit = Callable[[Group], Future[Done]]
"""Hands over a group."""
_Made = list[tuple[Wanted, Condition, np.ndarray]]
"""Translations, uint8 (H, W, 3)."""


@contextmanager
def makers(method: Method, workers: int) -> Iterator[Submit]:
    """Where groups are translated: in ``workers`` processes; with 1 in this one, a thread of which writes."""
    if workers > 1:
        with worker_pool(workers, _take, method) as pool:
            yield lambda group: pool.submit(_make_taken, group)
        return
    with ThreadPoolExecutor(1) as writer:
        yield lambda group: writer.submit(_write, group, _translate(group, method), method)


def usual_workers(translator: Translator, images: int, share: Share) -> int:
    """One process per core that this one has for itself, if there is enough to do, and the method allows."""
    cores = (os.cpu_count() or 1) // share.count
    return max(1, min(cores, images // IMAGES_PER_WORKER)) if translator.in_workers else 1


def _translate(group: Group, method: Method) -> _Made:
    clear, made = as_floats(group.images), []
    for condition in method.conditions:
        if not any(condition in one.files for one in group.wanted):
            continue
        generators = [make_generator(method.seed, one.key, condition) for one in group.wanted]
        pictures = method.translator.translate(clear, group.depth, condition, generators)
        for wanted, fault in zip(group.wanted, faults(pictures, clear), strict=True):
            if fault:
                what = f"its translation into {condition} by {method.translator.name} {fault}"
                raise UserError(wanted.key, what, "train, import or copy those weights again")
        rows = zip(group.wanted, _as_pixels(pictures), strict=True)
        made += [(wanted, condition, pixels) for wanted, pixels in rows if condition in wanted.files]
    return made


def _as_pixels(pictures: Tensor) -> np.ndarray:
    """Images (B, 3, H, W) in 0..1 as uint8 (B, H, W, 3)."""
    pixels = (pictures.detach().clamp(0, 1) * 255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


def _write(group: Group, made: _Made, method: Method) -> Done:
    return [_write_one(*one, method) for one in made], len(group.wanted)


def _write_one(wanted: Wanted, condition: Condition, pixels: np.ndarray, method: Method) -> Entry:
    file = wanted.files[condition]
    _write_picture(file, crop_and_resize(pixels, None, wanted.size, str(file), "lanczos"))
    return Entry(
        source=wanted.key,
        source_hash=wanted.source_hash,
        source_stamp=wanted.stamp,
        condition=condition,
        seed=method.seed,
        generator=method.generator,
        file_hash=hash_file(file),
        file_size=file.stat().st_size,
    )


def _write_picture(path: Path, pixels: np.ndarray) -> None:
    """Write RGB, uint8 (H, W, 3), as JPEG or PNG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    with atomic_path(path) as temporary:
        temporary.write_bytes(encode(path.suffix, pixels, options, path))


_taken: list[Method] = []
"""Of a worker process."""


def _take(method: Method) -> None:
    _taken[:] = [method]


def _make_taken(group: Group) -> Done:
    return _write(group, _translate(group, *_taken), *_taken)
