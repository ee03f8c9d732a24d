"""Batches of consecutive frames for self-supervision."""

import math
from collections.abc import Sequence
from statistics import median

import torch

from acdepth.core.batches import TripletBatch
from acdepth.core.errors import UserError
from acdepth.data.order import SLOWEST, Order, as_floats, targets
from acdepth.data.prepared import Prepared

STEPS = (-1, 1)
"""Frames beside the target: previous and next, as in ACDepth and monodepth2."""


class TripletBatches:
    """Clips of previous, target and next frame; each batch a pure function of (seed, step).

    Half of the clips are mirrored, images and intrinsics alike.

    Args:
        prepared: clear video.
        batch_size: clips per step and process.
        seed: of order and mirroring.
        min_speed: leaves out targets known to be slower [m/s]; None leaves out none.
        rank: of this process.
        world_size: number of processes.

    Raises:
        UserError: if no frame has both neighbours, or a camera is not known.
    """

    def __init__(
        self,
        prepared: Prepared,
        batch_size: int,
        seed: int,
        min_speed: float | None = SLOWEST,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.prepared = prepared
        whole = [index for index in targets(prepared, min_speed) if has_both_neighbours(prepared, index)]
        if not whole:
            raise UserError(
                prepared.folder,
                "no frame has a neighbour before and after it",
                "self-supervision needs three consecutive images, so give a video or a folder without gaps",
            )
        for index in whole:
            if prepared.frames[index].intrinsics is None:
                raise UserError(
                    prepared.frames[index].key,
                    "its camera is not known",
                    "put camera.yaml (fx, fy, cx, cy, width, height) beside images/",
                )
        self.order = Order(whole, "clips", seed, batch_size, rank, world_size)

    def __len__(self) -> int:
        """Number of clips in one pass."""
        return len(self.order.items)

    def batch(self, step: int) -> TripletBatch:
        """The batch of one step, on the CPU."""
        draws = self.order.draws(step)
        mirrored = [bool(torch.rand(1, generator=self.order.generator(draw)) < 0.5) for draw in draws]
        return triplet_batch(self.prepared, [self.order.item(draw) for draw in draws], mirrored)


def has_both_neighbours(prepared: Prepared, index: int) -> bool:
    """Whether the frames before and after one are there."""
    return all(prepared.neighbour(index, step) is not None for step in STEPS)


def triplet_batch(prepared: Prepared, frames: Sequence[int], mirrored: Sequence[bool]) -> TripletBatch:
    """Clips around some frames, on the CPU.

    Args:
        prepared: video.
        frames: targets that have both neighbours.
        mirrored: which of them are mirrored, images and intrinsics alike.
    """
    chosen = list(zip(frames, mirrored, strict=True))
    target, *neighbours = (
        as_floats([prepared.image(index + step, mirror) for index, mirror in chosen]) for step in (0, *STEPS)
    )
    return TripletBatch(
        image=target,
        neighbours=torch.stack(neighbours, 1),
        intrinsics=torch.stack([_intrinsics(prepared, index, mirror) for index, mirror in chosen]),
        distance=torch.tensor([_distances(prepared, index) for index in frames]),
    )


def median_distance(prepared: Prepared) -> float | None:
    """How far the camera usually moves from a frame to the next [m]; None where no distance is known."""
    known = [frame.distance_to_next for frame in prepared.frames if frame.distance_to_next is not None]
    return median(known) if known else None


def _intrinsics(prepared: Prepared, index: int, mirror: bool) -> torch.Tensor:
    fx, fy, cx, cy = prepared.frames[index].intrinsics or (math.nan,) * 4
    if mirror:
        cx = prepared.image_size[1] - 1 - cx
    return torch.tensor([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def _distances(prepared: Prepared, index: int) -> list[float]:
    frame = prepared.frames[index]
    known = (frame.distance_to_previous, frame.distance_to_next)
    return [math.nan if distance is None else distance for distance in known]
