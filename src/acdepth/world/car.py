"""The car of a style with its camera and headlights, and how another camera on it differs: its rig."""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.world.solids import Triple


@dataclass(frozen=True)
class Response:
    """How a sensor turns light into a picture, over the usual one."""

    exposure: float = 1.0
    balance: Triple = (1.0, 1.0, 1.0)  # gains of red, green, blue
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
class Headlights:
    """The beam of our own headlights; dipped unless told."""

    power: float = 11.0
    cut: float = 0.012  # how far the beam climbs [rad]
    softness: float = 0.02  # of its upper edge [rad]


@dataclass(frozen=True)
class Car:
    """The car that a style of the world is driven in, with its camera; ranges are drawn from by each town."""

    focal: float = 0.8  # of the image's width
    height: tuple[float, float] = (1.4, 1.6)  # of the lens above the road [m]
    pitch: tuple[float, float] = (0.0, 0.012)  # [rad] down
    speed: tuple[float, float] = (7.6, 12.4)  # mean over the drive [m/s]; see `draw_drive`
    response: Response = Response()
    headlights: Headlights = Headlights()


RANGES = {
    "focal": (0.25, 4.0),
    "height": (0.5, 4.0),
    "pitch_degrees": (-30.0, 30.0),
    "roll_degrees": (-30.0, 30.0),
    "yaw_degrees": (-90.0, 90.0),
}
"""Least and largest of each: a car or a lorry on a street, not a drone."""


@dataclass(frozen=True)
class Rig:
    """How a camera differs from its style's own, on the same car; the defaults do not.

    Raises:
        UserError: if a number is outside `RANGES`.
    """

    focal: float = 1.0
    """Focal length over the style's usual one, which is 0.8 of the image's width in towns."""
    height: float | None = None
    """Mean height of the lens above the road [m]; None leaves it to the town, 1.4 to 1.6 there."""
    pitch_degrees: float = 0.0
    """How far the camera looks down beyond the style's own, 0 to 0.7 degrees in towns; negative looks up. In
    degrees, as people and files say it."""
    roll_degrees: float = 0.0
    """How far the camera leans to its right; the horizon then climbs to the right."""
    yaw_degrees: float = 0.0
    """How far the camera looks to the right of where the car goes."""

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise UserError(None, f"{name} of the camera is {value:g}", f"give {low:g} to {high:g}")

    def to_dict(self) -> dict[str, float | None]:
        """As files say it; roll and yaw are left out where there are none, as before there could be any."""
        newer = ("roll_degrees", "yaw_degrees")
        return {name: value for name, value in asdict(self).items() if name not in newer or value}


USUAL = Rig()
"""A style's own camera; that of towns made the training footage of everything that ships."""
