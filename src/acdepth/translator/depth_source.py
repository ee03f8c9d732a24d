"""Where the depth of clear images comes from when they are translated."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.core.clip import Clip, Frame
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.networks.checkpoint import checkpoint_file, load_checkpoint

INFINITELY_FAR = 1000.0
"""[m]; what dense measured depth leaves empty is sky."""
DENSE = 0.5
"""Part of the pixels that must be measured before empty ones may be taken for sky."""


class DepthSource(ABC):
    """Gives the depth of frames that are about to be translated."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Plain values that name the source and all that shapes its output."""

    @abstractmethod
    def depth(self, image: Tensor, frames: list[Frame], crop: Crop | None) -> Tensor:
        """Depth [m] (B, 1, H, W) of clear images (B, 3, H, W) in 0..1, which show ``crop`` of ``frames``."""


class TeacherDepth(DepthSource):
    """Depth as a trained network sees it: the way that needs no sensor.

    Args:
        weights: checkpoint of the teacher, or its run folder.
        device: where the network runs.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        weights = checkpoint_file(weights)
        self.network, card = load_checkpoint(weights)
        self.network.eval().to(device)
        self.device, self.input_size, self.weights = device, card.input_size, hash_file(weights)
        self.crop = card.crop

    def describe(self) -> dict[str, Any]:
        """Hash of the checkpoint, and where it runs if not on a CPU: depth is rounded differently there."""
        device = torch.device(self.device).type
        place = {} if device == "cpu" else {"device": device}
        return {"depth": "teacher", "weights": self.weights, **place}

    @torch.inference_mode()
    def depth(self, image: Tensor, frames: list[Frame], crop: Crop | None) -> Tensor:
        """Predict at the network's size, then bring inverse depth to the image's.

        One image at a time: convolutions round differently in batches of different size, and translations
        must not depend on what else was in the batch.

        Raises:
            UserError: if the network was trained on a crop, and the images do not show it.
        """
        if self.crop is not None and crop != self.crop:
            window = (self.crop.top, self.crop.left, self.crop.height, self.crop.width)
            raise UserError(
                None,
                "the teacher was trained on a part of the image",
                f"give --crop {','.join(map(str, window))}",
            )
        small = F.interpolate(image, self.input_size, mode="bilinear", antialias=True).to(self.device)
        inverse = torch.cat([self.network(one).inverse_depths[0] for one in small.split(1)])
        return 1 / F.interpolate(
            inverse.float().cpu(), image.shape[-2:], mode="bilinear", align_corners=False
        )


class MeasuredDepth(DepthSource):
    """Dense measured depth from the data set itself, such as the built-in world's."""

    def describe(self) -> dict[str, Any]:
        """Nothing but its name."""
        return {"depth": "measured"}

    def depth(self, image: Tensor, frames: list[Frame], crop: Crop | None) -> Tensor:
        """Read, cut and resize; empty pixels are sky."""
        height, width = image.shape[-2:]
        maps = []
        for clip, index in frames:
            metres = _dense(clip, index)
            if crop is not None:
                metres = metres[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
            maps.append(cv2.resize(metres, (width, height), interpolation=cv2.INTER_NEAREST))
        return torch.from_numpy(np.stack(maps))[:, None]


def _dense(clip: Clip, index: int) -> np.ndarray:
    metres = clip.depth(index)
    if metres is None or (metres > 0).mean() < DENSE:
        raise UserError(
            clip.key(index),
            "has no dense measured depth",
            "train a teacher and use its depth (--depth teacher --weights model.safetensors)",
        )
    return np.where(metres > 0, metres, INFINITELY_FAR).astype(np.float32)
