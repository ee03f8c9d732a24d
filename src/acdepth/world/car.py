"""The car of a style: where its camera rides, how its sensor answers to light, how fast it goes."""

from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.lamps import DIPPED, Headlights


@dataclass(frozen=True)
class Response:
    """How a sensor turns light into a picture, over the usual one."""

    exposure: float = 1.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)  # gains of red, green, blue
    vignette: float = 0.0  # share of the light that the corners lose
    gamma: float = 1.0  # of the finished picture in 0..1; below 1 is paler

    def expose(self, light: Tensor) -> Tensor:
        """Linear light (H, W, 3) as the sensor gathers it."""
        height, width = light.shape[:2]
        rows, columns = (torch.linspace(-1, 1, n, device=light.device) for n in (height, width))
        fallen = 1 - self.vignette * 0.5 * (rows[:, None] ** 2 + columns**2)
        return light * fallen[..., None] * (self.exposure * light.new_tensor(self.balance))

    def finish(self, picture: Tensor) -> Tensor:
        """A developed picture (H, W, 3) in 0..1 in the sensor's tones."""
        return picture.pow(self.gamma)


@dataclass(frozen=True)
class Car:
    """The car that a style of the world is driven in, with its camera; ranges are drawn from by each town."""

    focal: float = 0.8  # of the image's width
    height: tuple[float, float] = (1.4, 1.6)  # of the lens above the road [m]
    pitch: tuple[float, float] = (0.0, 0.012)  # [rad] down
    speed: tuple[float, float] = (7.6, 12.4)  # mean over the drive [m/s]; see `draw_drive`
    response: Response = Response()
    headlights: Headlights = DIPPED
