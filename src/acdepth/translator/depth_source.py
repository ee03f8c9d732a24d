"""Where the depth of clear images comes from when they are translated."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from acdepth.core.blank import faults
from acdepth.core.clip import Clip, Frame
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.data.order import as_floats
from acdepth.inference.borrowed import BorrowedMetres
from acdepth.inference.model import open_model
from acdepth.inference.output import depth_of
from acdepth.networks.checkpoint import checkpoint_file

INFINITELY_FAR = 1000.0
"""[m]; what dense measured depth leaves empty is sky."""
LEAST_METRES = 1e-6
"""Standard deviation [m] up to which a network's depth shows nothing, as a network does that is broken."""
DENSE = 0.5
"""Part of the pixels that must be measured before empty ones may be taken for sky."""


class DepthSource(ABC):
    """Gives the depth of frames that are about to be translated."""

    predicted = False
    """Whether a network guesses it, and may be wrong."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Plain values that name the source and all that shapes its output."""

    @abstractmethod
    def depth(self, images: Sequence[np.ndarray], frames: Sequence[Frame], crop: Crop | None) -> Tensor:
        """Depth [m] (B, 1, H, W) of clear images, uint8 (H, W, 3) each, which show ``crop`` of ``frames``."""

    def doubt(self) -> str | None:
        """What must be said of the depth that was given so far; None if nothing."""
        return None


class TeacherDepth(DepthSource):
    """Depth as a network sees it, given its checkpoint or run folder, or ``hf:NAME``: needs no sensor.

    Of a relative model, an image that tells no metres gets those of the nearest of its drive that does.
    """

    def __init__(self, weights: Path, device: str = "auto") -> None:
        self.model = open_model(checkpoint_file(weights), "teacher", device)
        self.metres = BorrowedMetres(self.model) if self.model.relative else None

    def describe(self) -> dict[str, Any]:
        """Hash of the checkpoint, and where it runs if not on a CPU: depth is rounded differently there."""
        device = self.model.device.type
        place = {} if device == "cpu" else {"device": device}
        return {"depth": "teacher", "weights": self.model.sha256, **place}

    def depth(self, images: Sequence[np.ndarray], frames: Sequence[Frame], crop: Crop | None) -> Tensor:
        """Predict at the network's size, then bring inverse depth to the images'.

        One image at a time, as translations must not depend on what else was in the batch.

        Raises:
            UserError: if the network was trained on a crop, and the images do not show it, or its depth
                shows nothing.
        """
        model = self.model
        if model.crop is not None and crop != model.crop:
            window = (model.crop.top, model.crop.left, model.crop.height, model.crop.width)
            remedy = f"give --crop {','.join(map(str, window))}"
            raise UserError(None, "the teacher was trained on a part of the image", remedy)
        sizes = [model.input_size or (image.shape[0], image.shape[1]) for image in images]
        said = [answer.inverse_depth for answer in model.infer(images, sizes, at_once=1)]
        if self.metres:
            seen = zip(said, images, frames, strict=True)
            said = [self.metres.find(one, image, frame, crop).of(one) for one, image, frame in seen]
        depth = depth_of(torch.cat(said), images[0].shape).cpu()
        for frame, fault in zip(frames, faults(depth, as_floats(list(images)), LEAST_METRES), strict=True):
            if fault:
                raise UserError(frame.key, f"its depth {fault}", "give another teacher, or --depth measured")
        return depth

    def doubt(self) -> str | None:
        """How many images got metres of others, and why the first did."""
        if not self.metres or not (some := self.metres.borrowers):
            return None
        many = "1 image tells" if len(some) == 1 else f"{len(some)} images tell"
        return f"{many} no metres and got those of the nearest that does, first {some[0]}"


class MeasuredDepth(DepthSource):
    """Dense measured depth from the data set itself, such as the built-in world's."""

    def describe(self) -> dict[str, Any]:
        """Nothing but its name."""
        return {"depth": "measured"}

    def depth(self, images: Sequence[np.ndarray], frames: Sequence[Frame], crop: Crop | None) -> Tensor:
        """Read, cut and resize; empty pixels are sky."""
        height, width = images[0].shape[:2]
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
