"""Unlabelled adverse footage beside the mix: what is adapted to, and what is kept apart for the score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from acdepth.core.batches import MixBatch, TripletBatch, is_night
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.spread import spread
from acdepth.data.mix import MixBatches
from acdepth.data.order import Order, as_bytes, counted_pixels, is_slower
from acdepth.data.pools import Pool
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import STEPS, has_both_neighbours, has_camera, triplet_batch


@dataclass(frozen=True)
class AdaptBatch(MixBatch):
    """A batch of the mix, and adverse frames that have nothing to do with it and no depth."""

    adverse: Tensor
    """(A, 3, H, W) float in 0..1."""
    adverse_condition: Tensor
    """(A,) int64: `Condition.index` of ``adverse``."""
    adverse_counted: Tensor | None = field(default=None, kw_only=True)
    """(A, 1, H, W) bool: False where ``adverse`` shows the vehicle itself; None where all pixels count."""

    @property
    def adverse_night(self) -> Tensor:
        """(A,) bool: True where ``adverse`` is of the night."""
        return is_night(self.adverse_condition)


@dataclass(frozen=True)
class FilmedBatch(AdaptBatch):
    """A batch some of whose adverse frames are seen with their neighbours."""

    rows: Tensor
    """(C,) int64, C > 0: which of ``adverse`` they are."""
    triplets: TripletBatch
    """C clips around them, mirrored where they are."""


class _Draw(NamedTuple):
    condition: Condition
    frame: int
    mirror: bool


class AdaptBatches:
    """Batches of the mix beside adverse frames; each a pure function of (seed, step).

    The adverse conditions come in equal parts; half of the frames are mirrored.

    Args:
        mix: clear frames and their translations.
        pools: adverse frames by condition, all of one footage.
        batch_size: adverse frames per step.
        seed: of their order and mirroring.
        filmed: what `filmed_frames` found; None for none. Batches with some of them are a `FilmedBatch`;
            which frames are drawn does not depend on it.
        rank: of this process, as of ``mix``.
        world_size: number of processes.
    """

    def __init__(
        self,
        mix: MixBatches,
        pools: Mapping[Condition, Pool],
        batch_size: int,
        seed: int,
        filmed: np.ndarray | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.mix, self.pools, self.conditions = mix, pools, list(pools)
        self.filmed = np.zeros(len(next(iter(pools.values())).prepared), bool)
        if filmed is not None:
            self.filmed[filmed] = True
        self.order = Order(list(range(len(pools))), "adverse", seed, batch_size, rank, world_size)

    def batch(self, step: int) -> AdaptBatch:
        """The batch of one step, on the CPU."""
        mixed = self.mix.batch(step)
        drawn = [self._draw(draw) for draw in self.order.draws(step)]
        images = [self.pools[one.condition].image(one.frame, one.mirror) for one in drawn]
        conditions = torch.tensor([one.condition.index for one in drawn])
        plain = AdaptBatch(
            **vars(mixed),
            adverse=as_bytes(images),
            adverse_condition=conditions,
            adverse_counted=self._counted(drawn),
        )
        return self._with_clips(plain, drawn)

    def _draw(self, draw: int) -> _Draw:
        generator = self.order.generator(draw)
        condition = self.conditions[self.order.item(draw)]
        frames = self.pools[condition].frames
        frame = int(frames[int(torch.randint(len(frames), (), generator=generator))])
        return _Draw(condition, frame, bool(torch.rand((), generator=generator) < 0.5))

    def _counted(self, drawn: list[_Draw]) -> Tensor | None:
        prepared = self.pools[drawn[0].condition].prepared
        return counted_pixels(prepared, [one.frame for one in drawn], [one.mirror for one in drawn])

    def _with_clips(self, batch: AdaptBatch, drawn: list[_Draw]) -> AdaptBatch:
        rows = [row for row, one in enumerate(drawn) if self.filmed[one.frame]]
        if not rows:
            return batch
        prepared = self.pools[drawn[0].condition].prepared
        frames, mirrored = [drawn[row].frame for row in rows], [drawn[row].mirror for row in rows]
        triplets = triplet_batch(prepared, frames, mirrored)
        return FilmedBatch(**vars(batch), rows=torch.tensor(rows), triplets=triplets)


def split_off(prepared: Prepared, part: float) -> tuple[dict[Condition, Pool], dict[Condition, Pool]]:
    """Adverse frames to learn from, and those kept apart, both by condition.

    Of each condition a ``part`` of its clips is kept apart, at least one and never all, because frames of one
    drive resemble each other; of a condition with a single clip, that part of its frames, the last ones.

    Raises:
        UserError: if a condition has a single frame.
    """
    learning, apart = {}, {}
    for condition in prepared.frames.conditions():
        frames = prepared.frames.targets_of(condition)
        if len(frames) < 2:
            raise UserError(prepared.folder, f"one {condition} frame alone", "adaptation needs at least two")
        kept = _is_kept_apart(prepared.frames.clip[frames], part)
        learning[condition] = Pool(prepared, frames[~kept])
        apart[condition] = Pool(prepared, frames[kept])
    return learning, apart


def _is_kept_apart(clips: np.ndarray, part: float) -> np.ndarray:
    """(N,) bool: which frames of one condition are kept apart, given the number of each one's clip."""
    drives = np.unique(clips)
    if len(drives) == 1:
        return np.arange(len(clips)) >= len(clips) - _some(len(clips), part)
    chosen = spread(list(range(len(drives))), _some(len(drives), part))
    return np.isin(clips, drives[chosen])


def _some(count: int, part: float) -> int:
    return min(max(1, round(count * part)), count - 1)


def filmed_frames(
    prepared: Prepared,
    learning: Mapping[Condition, Pool],
    apart: Mapping[Condition, Pool],
    min_speed: float | None,
) -> np.ndarray:
    """(N,) int64: frames to learn from that have a known camera and both neighbours, prepared with them.

    Frames beside one that is kept apart are none of them, because nothing may be learnt from its pixels; nor
    are those known to be slower than ``min_speed`` [m/s], as a camera that stands teaches no geometry.

    Raises:
        UserError: if there are none.
    """
    fit = has_both_neighbours(prepared) & has_camera(prepared) & ~is_slower(prepared, min_speed)
    for pool in apart.values():
        for step in STEPS:
            beside = pool.frames + step
            fit[beside[(beside >= 0) & (beside < len(fit))]] = False
    found = np.sort(np.concatenate([pool.frames[fit[pool.frames]] for pool in learning.values()]))
    if not len(found):
        raise UserError(
            prepared.folder,
            "photometric_weight needs adverse video, but no frame to learn from has neighbours "
            "before and after it, a known camera (camera.yaml) and motion",
            "give such footage, or set photometric_weight to 0",
        )
    return found
