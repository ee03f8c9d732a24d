"""Images to compare, all of one size, with the drive that each comes from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acdepth.core.clip import Frame
from acdepth.core.crop import Crop
from acdepth.core.resize import crop_and_resize
from acdepth.data.stored import hash_pixels


class Window(NamedTuple):
    """The part of the footage that was translated, and the size at which all images are compared."""

    crop: Crop | None
    image_size: tuple[int, int]


@dataclass(frozen=True)
class Pictures:
    """Images of one condition."""

    pixels: Tensor
    """(N, 3, H, W) uint8."""
    drives: NDArray[np.int64]
    """(N,) number of the drive of each."""

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, rows: NDArray[np.int64]) -> Self:
        """Some of them."""
        return type(self)(self.pixels[torch.from_numpy(rows)], self.drives[rows])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several sets as one."""
        drives = np.concatenate([part.drives for part in parts])
        return cls(torch.cat([part.pixels for part in parts]), drives)

    def changed(self, change: Callable[[Tensor], Tensor], at_once: int = 64) -> Self:
        """What ``change`` makes of batches (B, 3, H, W) in 0..1, rounded to uint8 again."""
        made = [(change(image) * 255).round().to(torch.uint8) for image in self.batches(at_once)]
        return type(self)(torch.cat(made), self.drives)

    def batches(self, size: int) -> Iterator[Tensor]:
        """(B, 3, H, W) float in 0..1, in order."""
        for pixels in self.pixels.split(size):
            yield pixels.float() / 255


def stack(images: Sequence[np.ndarray]) -> Tensor:
    """uint8 images (H, W, 3) as (N, 3, H, W)."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def read_frames(frames: Sequence[Frame], window: Window) -> tuple[Pictures, list[str]]:
    """The images of some frames, cut and resized, and the hash of each as its file has it."""
    images, hashes = [], []
    for frame in frames:
        image = frame.clip.image(frame.index)
        hashes.append(hash_pixels(image))
        images.append(crop_and_resize(image, window.crop, window.image_size, frame.key))
    drives = np.unique([frame.clip.name for frame in frames], return_inverse=True)[1]
    return Pictures(stack(images), drives.astype(np.int64)), hashes
