"""A relative model that sees a road in dark pictures and a wall in bright ones, and drives of both."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.inference.model import DepthModel
from acdepth.networks.depth_net import DepthOutput

HEIGHT, WIDTH, LENS_HEIGHT = 48, 80, 1.5
CAMERA = Camera.central(40.0, HEIGHT, WIDTH)
WALL = 200
"""Gray value from which a picture shows a wall, without a road."""


def gray(value: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def road_inverse_depth() -> Tensor:
    """(H, W) [1/m] of a level road `LENS_HEIGHT` below the camera."""
    below = (torch.arange(HEIGHT) - CAMERA.cy) / CAMERA.fy / LENS_HEIGHT
    return below.clamp(min=0.005)[:, None].expand(HEIGHT, WIDTH)


def relative_model() -> DepthModel:
    """What a picture of gray value ``v`` shows it says ``v`` times too near."""

    def say(image: Tensor, night: Tensor | None) -> DepthOutput:
        values = (image[:, 0, 0, 0] * 255).round()
        seen = [torch.ones(HEIGHT, WIDTH) if value >= WALL else road_inverse_depth() for value in values]
        return DepthOutput((torch.stack(seen)[:, None] * values[:, None, None, None],), ())

    return DepthModel("made", say, None, device=torch.device("cpu"), relative=True, sha256="0" * 64)


class GrayDrive(Clip):
    """Pictures of the given gray values, and the road as measured depth."""

    name, condition, camera, frame_rate = "drive", Condition.CLEAR, CAMERA, None
    camera_height = LENS_HEIGHT

    def __init__(self, values: Sequence[int]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def key(self, index: int) -> str:
        return f"drive/images/{index:06d}.png"

    def image(self, index: int) -> np.ndarray:
        return gray(self.values[index])

    def depth(self, index: int) -> np.ndarray:
        return (1 / road_inverse_depth()).numpy()
