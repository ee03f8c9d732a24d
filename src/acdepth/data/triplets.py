"""Batches of consecutive frames for self-supervision."""

from collections.abc import Sequence

import numpy as np
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
        numbers = targets(prepared, min_speed)
        whole = numbers[has_both_neighbours(prepared)[numbers]]
        if not len(whole):
            remedy = "self-supervision needs three consecutive images, give a video or a folder without gaps"
            raise UserError(prepared.folder, "no frame has a neighbour before and after it", remedy)
        unknown = whole[~has_camera(prepared)[whole]]
        if len(unknown):
            remedy = "put camera.yaml (fx, fy, cx, cy, width, height) beside images/"
            raise UserError(prepared.frames.key(unknown[0]), "its camera is not known", remedy)
        self.order = Order(whole, "clips", seed, batch_size, rank, world_size)

    def __len__(self) -> int:
        """Number of clips in one pass."""
        return len(self.order.items)

    def batch(self, step: int) -> TripletBatch:
        """The batch of one step, on the CPU."""
        draws = self.order.draws(step)
        mirrored = [bool(torch.rand(1, generator=self.order.generator(draw)) < 0.5) for draw in draws]
        return triplet_batch(self.prepared, [self.order.item(draw) for draw in draws], mirrored)


def has_both_neighbours(prepared: Prepared) -> np.ndarray:
    """(N,) bool: for which frames those before and after are there."""
    return np.logical_and(*(prepared.frames.has_neighbour(step) for step in STEPS))


def has_camera(prepared: Prepared) -> np.ndarray:
    """(N,) bool: for which frames the camera is known."""
    return ~np.isnan(prepared.frames.clip_intrinsics[:, 0])[prepared.frames.clip]


def triplet_batch(prepared: Prepared, frames: Sequence[int], mirrored: Sequence[bool]) -> TripletBatch:
    """Clips around frames that have both neighbours, on the CPU; some of them ``mirrored``."""
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
    distance = prepared.frames.distance_to_next
    known = distance[~np.isnan(distance)]
    return float(np.median(known)) if len(known) else None


def _intrinsics(prepared: Prepared, index: int, mirror: bool) -> torch.Tensor:
    frames = prepared.frames
    fx, fy, cx, cy = frames.clip_intrinsics[frames.clip[index]].tolist()
    if mirror:
        cx = prepared.image_size[1] - 1 - cx
    return torch.tensor([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def _distances(prepared: Prepared, index: int) -> list[float]:
    frames = prepared.frames
    return [float(frames.distance_to_previous[index]), float(frames.distance_to_next[index])]
