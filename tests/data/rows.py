"""What the columns about prepared images say of one of them, and which images are decoded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.data import decoding
from acdepth.data.frames import CONDITIONS, Frames


class Row(NamedTuple):
    """All that is known of one image; None where it is not known."""

    key: str
    clip: str
    position: int
    condition: Condition
    source_size: tuple[int, ...]
    intrinsics: tuple[float, ...] | None
    distance_to_previous: float | None
    distance_to_next: float | None
    speed: float | None
    target: bool


def row(frames: Frames, index: int) -> Row:
    clip = int(frames.clip[index])
    before, after, speed = (
        None if np.isnan(column[index]) else float(column[index])
        for column in (frames.distance_to_previous, frames.distance_to_next, frames.speed)
    )
    intrinsics = tuple(frames.clip_intrinsics[clip].tolist())
    return Row(
        frames.key(index),
        frames.clip_name(clip),
        int(frames.position[index]),
        CONDITIONS[frames.clip_condition[clip]],
        tuple(frames.source_size[index].tolist()),
        None if np.isnan(intrinsics[0]) else intrinsics,
        before,
        after,
        speed,
        bool(frames.target[index]),
    )


def rows(frames: Frames) -> list[Row]:
    return [row(frames, index) for index in range(len(frames))]


@contextmanager
def counting() -> Iterator[list[int]]:
    """Numbers of the images that are decoded meanwhile."""
    decoded: list[int] = []
    close_gaps = decoding._close_gaps

    def count(images: Path, numbers: list[int], first: int, size: int) -> None:
        decoded.extend(numbers)
        close_gaps(images, numbers, first, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_close_gaps", count)
        yield decoded
