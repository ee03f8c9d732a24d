"""Pools of images by condition, none of them a pair of another: what unpaired training draws from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from acdepth.core.batches import LabelledBatch, UnpairedBatch
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.data.order import Order, as_bytes
from acdepth.data.prepared import Prepared
from acdepth.data.settings import Sampling

STRATA = 8
"""Classes of brightness that stratified sampling draws equally from."""


@dataclass(frozen=True)
class Pool:
    """Some images of one condition."""

    prepared: Prepared
    frames: np.ndarray
    """(N,) int64: their numbers in ``prepared``. An array, as every worker process has it."""

    def image(self, frame: int, mirror: bool) -> np.ndarray:
        """uint8 (H, W, 3)."""
        return self.prepared.image(frame, mirror)


def make_pools(
    prepared: Sequence[Prepared],
    conditions: Sequence[Condition],
    size: int | None = None,
    sampling: Sampling = "random",
    seed: int = 0,
) -> dict[Condition, Pool]:
    """The pool of each of the wanted conditions.

    Args:
        prepared: footage; of one condition only one may hold frames.
        conditions: wanted ones.
        size: images per pool; None for all there are. ACDepth: 500 on nuScenes, 4,000 on RobotCar.
        sampling: ``random`` as in the paper, or ``luminance``: the same number from each eighth of the range
            of brightness that the pool's images have, so that a few images cover uneven lighting.
        seed: of the choice.

    Raises:
        UserError: if a condition has no images.
    """
    pools = {}
    for condition in conditions:
        for footage in prepared:
            frames = footage.frames.targets_of(condition)
            if len(frames):
                chosen = _choose(footage, frames, size, sampling, make_generator(seed, "pool", condition))
                pools[condition] = Pool(footage, chosen)
        if condition not in pools:
            found = ", ".join(sorted({known for one in prepared for known in one.frames.conditions()}))
            told = f"there are no images of condition {condition}, only of {found}"
            raise UserError(None, told, "give footage of it, or take it out of the conditions")
    return pools


class LabelledBatches:
    """Batches of images of all conditions in equal parts, ``batch_size`` per process; half are mirrored."""

    def __init__(
        self, pools: dict[Condition, Pool], batch_size: int, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        self.pools, self.conditions = pools, list(pools)
        self.order = Order(list(range(len(pools))), "labelled", seed, batch_size, rank, world_size)

    def batch(self, step: int) -> LabelledBatch:
        """The batch of one step, on the CPU."""
        images, indices = [], []
        for draw in self.order.draws(step):
            generator = self.order.generator(draw)
            condition = self.conditions[self.order.item(draw)]
            images.append(_random_image(self.pools[condition], generator))
            indices.append(condition.index)
        return LabelledBatch(as_bytes(images), torch.tensor(indices))


class UnpairedBatches:
    """Batches of clear images beside adverse ones; half of each mirrored, one without the other.

    Args:
        pools: of clear and of each adverse condition; the adverse ones come in equal parts.
        batch_size: images of each kind per step and process.
        seed: of order, mirroring and patches.
        rank: of this process.
        world_size: number of processes.
        patch: (height, width) of the random part of each image that is given [px]; None for all of it.

    Raises:
        UserError: if the images are smaller than the patch.
    """

    def __init__(
        self,
        pools: dict[Condition, Pool],
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        patch: tuple[int, int] | None = None,
    ) -> None:
        for pool in pools.values():
            height, width = pool.prepared.image_size
            if patch and (patch[0] > height or patch[1] > width):
                raise UserError(f"patch {patch[0]}x{patch[1]}", f"larger than the images of {height}x{width}")
        self.pools, self.patch = pools, patch
        self.adverse = [condition for condition in pools if condition is not Condition.CLEAR]
        self.order = Order(list(range(len(self.adverse))), "unpaired", seed, batch_size, rank, world_size)

    def batch(self, step: int) -> UnpairedBatch:
        """The batch of one step, on the CPU."""
        clear, adverse, indices = [], [], []
        for draw in self.order.draws(step):
            generator = self.order.generator(draw)
            condition = self.adverse[self.order.item(draw)]
            clear.append(_random_image(self.pools[Condition.CLEAR], generator, self.patch))
            adverse.append(_random_image(self.pools[condition], generator, self.patch))
            indices.append(condition.index)
        return UnpairedBatch(as_bytes(clear), as_bytes(adverse), torch.tensor(indices))


def _random_image(pool: Pool, generator: torch.Generator, patch: tuple[int, int] | None = None) -> np.ndarray:
    frame = int(pool.frames[int(torch.randint(len(pool.frames), (), generator=generator))])
    image = pool.image(frame, mirror=bool(torch.rand((), generator=generator) < 0.5))
    if patch is None:
        return image
    top, left = (
        int(torch.randint(side - part + 1, (), generator=generator))
        for side, part in zip(image.shape, patch, strict=False)
    )
    return image[top : top + patch[0], left : left + patch[1]]


def _choose(
    prepared: Prepared, frames: np.ndarray, size: int | None, sampling: Sampling, generator: torch.Generator
) -> np.ndarray:
    if size is None or size >= len(frames):
        return frames
    shuffled = frames[torch.randperm(len(frames), generator=generator).numpy()]
    if sampling == "luminance":
        shuffled = shuffled[_spread(prepared.frames.brightness[shuffled])]
    return np.sort(shuffled[:size])


def _spread(brightness: np.ndarray) -> np.ndarray:
    """An order whose beginnings, however long, cover the range of brightness evenly."""
    edges = np.linspace(brightness.min(), brightness.max(), STRATA + 1)[1:-1]
    stratum = np.digitize(brightness, edges)
    rank = np.zeros(len(stratum), np.int64)  # how many of the same stratum come before
    for one in range(STRATA):
        rank[stratum == one] = np.arange(np.count_nonzero(stratum == one))
    return np.lexsort((stratum, rank))
