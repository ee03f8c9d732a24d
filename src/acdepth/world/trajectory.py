"""How we drive through a town: a smooth path along our lane, with the slow sway of a car body."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.car import Car, Rig
from acdepth.world.dice import Dice
from acdepth.world.road import Road

FRAME_RATE = 12.0  # 1/s
SLOWEST, FASTEST = 6.6, 13.8  # m/s: 0.55 to 1.15 m a frame


@dataclass(frozen=True)
class Drive:
    """F frames of one drive; along is the z of the centreline point beside us."""

    along: Tensor  # (F,) float64 [m]
    speed: Tensor  # (F,) float64 [m/s]
    poses: Tensor  # (F, 4, 4) float64 camera to world; x right, y down, z forward [m]


def drive_along(road: Road, start: float, speed: Tensor) -> Tensor:
    """Positions z (F,) reached along a curving road from ``start`` with the speeds (F,) [m/s].

    Prefix-stable: the first frames of a longer drive are those of a shorter one.
    """
    positions, z = [], start
    for step in ((speed[:-1] + speed[1:]) / (2 * FRAME_RATE)).tolist():
        positions.append(z)
        # Midpoint rule: the road's slope half a step ahead turns arc length into z.
        halfway = z + step / 2 / math.hypot(1.0, _slope(road, z))
        z += step / math.hypot(1.0, _slope(road, halfway))
    return torch.tensor([*positions, z], dtype=torch.float64)


def _slope(road: Road, z: float) -> float:
    return math.tan(road.place(z, 0.0)[2])


def draw_drive(seed: int, road: Road, frames: int, rig: Rig, car: Car) -> Drive:
    """The drive of a town, ``frames`` long; another mounting of the camera changes nothing else of it."""
    dice = Dice(seed, "drive")
    # One frame before the first and one after the last, to measure the speed at either end.
    count = torch.arange(-1, frames + 1, dtype=torch.float64)
    mean = dice.uniform(*car.speed)
    swing = min(mean - SLOWEST, FASTEST - mean) * dice.uniform(0.2, 0.7)
    speed = mean + swing * torch.sin(count / dice.uniform(14, 30) + dice.uniform(0, 6.28))
    along = drive_along(road, dice.uniform(0, 6), speed)
    lateral = road.lane_middle(road.our_lane) + _sway(dice, count, 0.08, 40, 90)
    usual_height = dice.uniform(*car.height)
    height = (usual_height if rig.height is None else rig.height) + _sway(dice, count, 0.012, 9, 15)
    pitch = math.radians(rig.pitch_degrees) + dice.uniform(*car.pitch) + _sway(dice, count, 0.003, 10, 18)
    roll = math.radians(rig.roll_degrees) + _sway(dice, count, 0.003, 12, 22)
    yaw = math.radians(rig.yaw_degrees) + _sway(dice, count, 0.008, 22, 40)
    poses = []
    for i in range(len(count)):
        x, z, tangent = road.place(along[i].item(), lateral[i].item())
        pose = torch.eye(4, dtype=torch.float64)
        pose[:3, :3] = _rotation(tangent + yaw[i].item(), pitch[i].item(), roll[i].item())
        pose[:3, 3] = torch.tensor((x, -height[i].item(), z), dtype=torch.float64)
        poses.append(pose)
    # Our lane is longer than the centreline outside a bend and shorter inside it: the speed is measured.
    position = torch.stack(poses)[:, :3, 3]
    measured = (position[2:] - position[:-2]).norm(dim=1) * FRAME_RATE / 2
    return Drive(along[1:-1], measured, torch.stack(poses[1:-1]))


def _sway(dice: Dice, count: Tensor, size: float, fastest: float, slowest: float) -> Tensor:
    """A slow wave over frames; fastest and slowest period / 2 pi in frames."""
    return size * torch.sin(count / dice.uniform(fastest, slowest) + dice.uniform(0, 6.28))


def _rotation(yaw: float, pitch: float, roll: float) -> Tensor:
    """Camera-to-world rotation; positive yaw looks right, positive pitch looks down, in y-down axes."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (math.cos, math.sin))
    about_y = torch.tensor([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]], dtype=torch.float64)
    about_x = torch.tensor([[1, 0, 0], [0, cp, sp], [0, -sp, cp]], dtype=torch.float64)
    about_z = torch.tensor([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]], dtype=torch.float64)
    return about_y @ about_x @ about_z
