"""Batches of clear frames beside what the student sees of them: one categorical draw per sample."""

from collections.abc import Mapping

import torch

from acdepth.core.batches import MixBatch
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.answers import Answers
from acdepth.data.labels import Labels
from acdepth.data.order import SLOWEST, Order, as_bytes, counted_pixels, targets
from acdepth.data.prepared import Prepared


class MixBatches:
    """Clear frames and their translations; each batch a pure function of (seed, step).

    Each sample draws its condition once, then clear and mixed image are mirrored together or not at all.

    Args:
        clear: clear frames.
        translated: the same frames in other conditions, index for index.
        weights: of each condition, of any sum; None for equal parts. ACDepth: a third each of clear, night,
            rain; on RobotCar half clear, half night.
        batch_size: samples per step and process.
        seed: of order, conditions and mirroring.
        min_speed: leaves out frames known to be slower [m/s]; None leaves out none.
        rank: of this process.
        world_size: number of processes.
        ends: whether the first and last frame of a drive are among them; see `targets`.
        alike: whether one draw mirrors a whole batch, and not each sample another.
        labels: what a teacher says of ``clear``, where it is not asked in the step; images without one are
            left out.
        taught: what a teacher of ours says of ``clear``, where it was asked before.
        prior: what the prior says of it, likewise.

    Raises:
        UserError: if a translation is not aligned with ``clear``, or a weight has no images.
    """

    def __init__(
        self,
        clear: Prepared,
        translated: Mapping[Condition, Prepared],
        weights: Mapping[Condition, float] | None,
        batch_size: int,
        seed: int,
        min_speed: float | None = SLOWEST,
        rank: int = 0,
        world_size: int = 1,
        *,
        ends: bool = True,
        alike: bool = False,
        labels: Labels | None = None,
        taught: Answers | None = None,
        prior: Answers | None = None,
    ) -> None:
        self.clear, self.alike, self.labels = clear, alike, labels
        self.taught, self.prior = taught, prior
        self.images = {Condition.CLEAR: clear, **translated}
        for condition, prepared in translated.items():
            _check_aligned(clear, prepared, condition)
        weights = dict.fromkeys(self.images, 1.0) if weights is None else weights
        _check_weights(weights, self.images)
        self.conditions = list(weights)
        self.weights = torch.tensor([float(weights[condition]) for condition in self.conditions])
        items = targets(clear, min_speed, ends)
        if labels is not None:
            items = items[labels.known[items]]
            if not len(items):
                raise UserError(labels.folder, "no frame that is learnt from tells metres")
        self.order = Order(items, "mix", seed, batch_size, rank, world_size)

    def __len__(self) -> int:
        """Number of frames in one pass."""
        return len(self.order.items)

    def batch(self, step: int) -> MixBatch:
        """The batch of one step, on the CPU."""
        clear, mixed, conditions, mirrors, indices, turned = [], [], [], [], [], []
        for draw in self.order.draws(step):
            generator = self.order.generator(draw)
            condition = self.conditions[int(torch.multinomial(self.weights, 1, generator=generator))]
            mirrors.append(bool(torch.rand(1, generator=generator) < 0.5))
            mirror = mirrors[0 if self.alike else -1]
            index = self.order.item(draw)
            clear.append(self.clear.image(index, mirror))
            mixed.append(self.images[condition].image(index, mirror))
            conditions.append(condition.index)
            indices.append(index)
            turned.append(mirror)
        counted = counted_pixels(self.clear, indices, turned)
        taught = self.taught and self.taught.batch(indices, turned)
        if self.labels is not None:
            taught = (self.labels.batch(indices, turned),)
        (prior,) = self.prior.batch(indices, turned) if self.prior else (None,)
        told = torch.tensor(conditions)
        return MixBatch(as_bytes(clear), as_bytes(mixed), told, counted=counted, taught=taught, prior=prior)


def _check_aligned(clear: Prepared, translated: Prepared, condition: Condition) -> None:
    if not clear.frames.has_same_keys(translated.frames) or clear.image_size != translated.image_size:
        remedy = f"prepare the {condition} translations again from the same clear data"
        raise UserError(translated.folder, f"its frames are not those of {clear.folder}", remedy)


def _check_weights(weights: Mapping[Condition, float], images: Mapping[Condition, Prepared]) -> None:
    for condition, weight in weights.items():
        if condition not in images:
            raise UserError("weights", f"{condition} has no translations", f"there are {', '.join(images)}")
        if not 0 <= weight < float("inf"):
            raise UserError("weights", f"{condition} = {weight}, expected a number that is not negative")
    if not sum(weights.values()) > 0:
        raise UserError("weights", "all are 0", "give at least one condition a positive weight")
