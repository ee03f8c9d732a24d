"""Unlabelled adverse footage beside the mix: what is adapted to, and what is kept apart to judge."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from acdepth.core.batches import MixBatch, TripletBatch, is_night
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.spread import spread
from acdepth.data.mix import MixBatches
from acdepth.data.order import Order, as_floats
from acdepth.data.pools import Pool
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import triplet_batch


@dataclass(frozen=True)
class AdaptBatch(MixBatch):
    """A batch of the mix, and adverse frames that have nothing to do with it and no depth."""

    adverse: Tensor
    """(A, 3, H, W) float in 0..1."""
    adverse_condition: Tensor
    """(A,) int64: `Condition.index` of ``adverse``."""

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
        filmed: frames that come with their neighbours, as `data.filmed.filmed_frames` finds them. Batches
            that have some are a `FilmedBatch`; which frames are drawn does not depend on it.
    """

    def __init__(
        self,
        mix: MixBatches,
        pools: Mapping[Condition, Pool],
        batch_size: int,
        seed: int,
        filmed: Collection[int] = (),
    ) -> None:
        self.mix, self.pools, self.conditions = mix, pools, list(pools)
        self.filmed = frozenset(filmed)
        self.order = Order(list(range(len(pools))), "adverse", seed, batch_size)

    def batch(self, step: int) -> AdaptBatch:
        """The batch of one step, on the CPU."""
        mixed = self.mix.batch(step)
        drawn = [self._draw(draw) for draw in self.order.draws(step)]
        images = [self.pools[one.condition].image(one.frame, one.mirror) for one in drawn]
        conditions = torch.tensor([one.condition.index for one in drawn])
        plain = AdaptBatch(mixed.clear, mixed.mixed, mixed.condition, as_floats(images), conditions)
        return self._with_clips(plain, drawn)

    def _draw(self, draw: int) -> _Draw:
        generator = self.order.generator(draw)
        condition = self.conditions[self.order.item(draw)]
        frames = self.pools[condition].frames
        frame = frames[int(torch.randint(len(frames), (), generator=generator))]
        return _Draw(condition, frame, bool(torch.rand((), generator=generator) < 0.5))

    def _with_clips(self, batch: AdaptBatch, drawn: list[_Draw]) -> AdaptBatch:
        rows = [row for row, one in enumerate(drawn) if one.frame in self.filmed]
        if not rows:
            return batch
        prepared = self.pools[drawn[0].condition].prepared
        frames, mirrored = [drawn[row].frame for row in rows], [drawn[row].mirror for row in rows]
        triplets = triplet_batch(prepared, frames, mirrored)
        return FilmedBatch(**vars(batch), rows=torch.tensor(rows), triplets=triplets)


def split_off(prepared: Prepared, part: float) -> tuple[dict[Condition, Pool], dict[Condition, Pool]]:
    """Adverse frames to learn from, and those kept apart, both by condition.

    Whole sequences are kept apart, because frames of one drive resemble each other; of a condition with a
    single sequence its last frames.

    Args:
        prepared: frames of any conditions.
        part: of each condition's sequences, or frames, that is kept apart; at least one, never all.

    Raises:
        UserError: if a condition has a single frame.
    """
    learning, apart = {}, {}
    for condition in prepared.frames.conditions():
        frames = prepared.frames.targets_of(condition)
        if len(frames) < 2:
            raise UserError(prepared.folder, f"one {condition} frame alone", "adaptation needs at least two")
        kept = _is_kept_apart(prepared.frames.clip[frames], part)
        learning[condition] = Pool(prepared, frames[~kept].tolist())
        apart[condition] = Pool(prepared, frames[kept].tolist())
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
