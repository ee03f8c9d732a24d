"""Batches of consecutive frames for self-supervision."""

import math

import numpy as np
import torch

from acdepth.core.errors import UserError
from acdepth.core.sample import ClipBatch
from acdepth.data.order import SLOWEST, Order, as_floats, targets
from acdepth.data.prepared import Prepared

STEPS = (-1, 1)
"""Frames beside the target: previous and next, as in ACDepth and monodepth2."""


class ClipBatches:
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
        whole = [index for index in targets(prepared, min_speed) if self._is_whole(index)]
        if not whole:
            raise UserError(
                f"{prepared.folder}: no frame has a neighbour before and after it; self-supervision needs "
                "three consecutive images, so give a video or a folder without gaps"
            )
        for index in whole:
            if prepared.frames[index].intrinsics is None:
                raise UserError(
                    f"{prepared.frames[index].key}: its camera is not known; put camera.yaml "
                    "(fx, fy, cx, cy, width, height) beside images/"
                )
        self.order = Order(whole, "clips", seed, batch_size, rank, world_size)

    def __len__(self) -> int:
        """Number of clips in one pass."""
        return len(self.order.items)

    def batch(self, step: int) -> ClipBatch:
        """The batch of one step, on the CPU."""
        draws = self.order.draws(step)
        mirrored = [bool(torch.rand(1, generator=self.order.generator(draw)) < 0.5) for draw in draws]
        targets = [self.order.item(draw) for draw in draws]
        frames = [
            as_floats(
                [self._image(index + step, mirror) for index, mirror in zip(targets, mirrored, strict=True)]
            )
            for step in (0, *STEPS)
        ]
        return ClipBatch(
            image=frames[0],
            neighbours=torch.stack(frames[1:], 1),
            intrinsics=torch.stack(
                [self._intrinsics(index, mirror) for index, mirror in zip(targets, mirrored, strict=True)]
            ),
            distance=torch.tensor([self._distances(index) for index in targets]),
        )

    def _is_whole(self, index: int) -> bool:
        return all(self.prepared.neighbour(index, step) is not None for step in STEPS)

    def _image(self, index: int, mirror: bool) -> np.ndarray:
        image = self.prepared.images[index]
        return image[:, ::-1] if mirror else image

    def _intrinsics(self, index: int, mirror: bool) -> torch.Tensor:
        fx, fy, cx, cy = self.prepared.frames[index].intrinsics or (math.nan,) * 4
        if mirror:
            cx = self.prepared.image_size[1] - 1 - cx
        return torch.tensor([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])

    def _distances(self, index: int) -> list[float]:
        frame = self.prepared.frames[index]
        known = (frame.distance_to_previous, frame.distance_to_next)
        return [math.nan if distance is None else distance for distance in known]
