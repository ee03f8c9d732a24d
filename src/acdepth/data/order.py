"""Which frame comes when: an endless shuffled order as a pure function of the seed."""

from collections.abc import Sequence

import numpy as np
import torch

from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.data.prepared import Prepared

SLOWEST = 0.5
"""[m/s]; slower frames are left out of training, because a camera that stands still teaches no geometry.
ACDepth: 0.5."""
STILL = 0.1
"""[% of the width]; where no speed is known, an image that moves less to its neighbours counts as standing.
At 10 m/s data sets move by 1 to 2 % (`own.step.RANGE`), so this is 0.5 to 1 m/s."""


class Order:
    """Shuffled passes over a set of items, addressed by the number of a draw since the start of a run.

    The processes of one step share one row of draws, so two processes with batches of four see together
    what one process with batches of eight sees.
    """

    def __init__(
        self,
        items: Sequence[int] | np.ndarray,
        name: str,
        seed: int,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.items, self.name, self.seed = np.array(items), name, seed
        self.batch_size, self.rank, self.world_size = batch_size, rank, world_size
        self._passes: dict[int, np.ndarray] = {}

    def draws(self, step: int) -> list[int]:
        """Numbers of this process's draws in one step."""
        first = (step * self.world_size + self.rank) * self.batch_size
        return list(range(first, first + self.batch_size))

    def item(self, draw: int) -> int:
        """The item of one draw."""
        epoch, position = divmod(draw, len(self.items))
        return int(self.items[self._shuffled(epoch)[position]])

    def generator(self, draw: int) -> torch.Generator:
        """For everything else that is random about one draw."""
        return make_generator(self.seed, self.name, "draw", draw)

    def _shuffled(self, epoch: int) -> np.ndarray:
        """(N,) the order of one pass; only two are kept, as every worker process has its own."""
        if epoch not in self._passes:
            shuffled = torch.randperm(len(self.items), generator=make_generator(self.seed, self.name, epoch))
            kept = {other: one for other, one in self._passes.items() if abs(other - epoch) == 1}
            self._passes = {**kept, epoch: shuffled.numpy().astype(np.min_scalar_type(len(self.items)))}
        return self._passes[epoch]


def targets(prepared: Prepared, min_speed: float | None, ends: bool = True) -> np.ndarray:
    """Numbers of the frames that training is about and that are not known to be slower than ``min_speed``.

    Without ``ends`` those whose motion is known on one side only are left out, the first and last of a drive.

    Raises:
        UserError: if there are none.
    """
    before, after = prepared.frames.distance_to_previous, prepared.frames.distance_to_next
    wanted = prepared.frames.target & (ends | (np.isnan(before) == np.isnan(after)))
    numbers = np.flatnonzero(wanted & ~is_slower(prepared, min_speed))
    if not len(numbers):
        told = f"all {len(prepared)} frames are slower than {min_speed} m/s"
        told += "" if ends else " or ends of a drive"
        raise UserError(prepared.folder, told, "check motion.csv, or lower min_speed")
    return numbers


def is_slower(prepared: Prepared, min_speed: float | None) -> np.ndarray:
    """(N,) bool: which frames are known to be slower than ``min_speed`` [m/s]; None asks for no speed.

    Where no speed is known and motion in the image was measured, those are slower at which it stands `STILL`.
    """
    frames = prepared.frames
    if min_speed is None:
        return np.zeros(len(frames), bool)
    unknown = np.isnan(frames.speed)
    if not unknown.any():
        return frames.speed < min_speed
    before = np.where(frames.has_neighbour(-1), np.roll(frames.motion, 1), np.nan)
    mean = np.where(np.isnan(before), frames.motion, (before + frames.motion) / 2)
    motion = np.where(np.isnan(mean), before, mean)
    return np.where(unknown, motion < STILL, frames.speed < min_speed)


def counted_pixels(
    prepared: Prepared, indices: Sequence[int], mirrored: Sequence[bool]
) -> torch.Tensor | None:
    """(B, 1, H, W) bool: which pixels of some images count; None where all of all do."""
    masks = [prepared.frames.counted(index) for index in indices]
    if all(mask is None for mask in masks):
        return None
    everything = np.ones(prepared.image_size, bool)
    whole = [everything if mask is None else np.asarray(mask) for mask in masks]
    turned = [mask[:, ::-1] if mirror else mask for mask, mirror in zip(whole, mirrored, strict=True)]
    return torch.from_numpy(np.stack(turned))[:, None]


def as_bytes(images: list[np.ndarray]) -> torch.Tensor:
    """Stack uint8 images (H, W, 3) into a tensor (B, 3, H, W), which is a quarter of what floats would be."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def as_floats(images: list[np.ndarray]) -> torch.Tensor:
    """The same as float32 in 0..1."""
    return as_bytes(images).float().div_(255)
