"""Drives made of numbers, with depth that a network may or may not know."""

from collections.abc import Callable

import numpy as np
import torch

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.crop import Resize
from acdepth.core.errors import UserError
from acdepth.evaluation.predict import NetworkModel
from acdepth.inference.model import DepthModel
from acdepth.networks.depth_net import DepthOutput

HEIGHT, WIDTH = 32, 64
CAMERA = Camera(40.0, 40.0, 31.5, 15.5, WIDTH, HEIGHT)


class Drive(Clip):
    """Frame ``i`` is gray of brightness ``10 + i`` and ``metres[i]`` away everywhere; None: not measured."""

    class_names = ("none", "left", "right")
    frame_rate = None

    def __init__(
        self,
        name: str,
        metres: list[float | None],
        condition: Condition = Condition.CLEAR,
        unreadable: tuple[int, ...] = (),
    ) -> None:
        self.name, self.condition, self.camera = name, condition, CAMERA
        self.metres, self.unreadable = metres, unreadable

    def __len__(self) -> int:
        return len(self.metres)

    def key(self, index: int) -> str:
        return f"{self.name}/images/{index:06d}.png"

    def image(self, index: int) -> np.ndarray:
        if index in self.unreadable:
            raise UserError(self.key(index), "not readable as an image", "copy it again")
        return np.full((HEIGHT, WIDTH, 3), 10 + index, np.uint8)

    def depth(self, index: int) -> np.ndarray | None:
        metres = self.metres[index]
        return None if metres is None else np.full((HEIGHT, WIDTH), metres, np.float32)

    def classes(self, index: int) -> np.ndarray | None:
        classes = np.ones((HEIGHT, WIDTH), np.uint8)
        classes[:, WIDTH // 2 :] = 2
        return classes


def model(
    name: str,
    says: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor],
    input_size: tuple[int, int] = (HEIGHT, WIDTH),
    camera: Camera | None = None,
    resize: Resize = "area",
) -> NetworkModel:
    """A model whose inverse depth is a function of the images and of which are of the night."""

    def backend(image: torch.Tensor, night: torch.Tensor | None) -> DepthOutput:
        return DepthOutput((says(image, night),), ())

    return NetworkModel(DepthModel(name, backend, input_size, camera, torch.device("cpu"), resize=resize))


def constant(name: str, metres: float, camera: Camera | None = None) -> NetworkModel:
    """A model that says the same distance of everything."""
    return model(name, lambda image, night: torch.full((len(image), 1, 16, 32), 1 / metres), (16, 32), camera)
