"""Cameras of all kinds of cars, drawn anew for each town: lens, height, and where it looks."""

import math

from acdepth.world.car import Rig
from acdepth.world.dice import Dice
from acdepth.world.styles import TOWN, find_style

FIELDS_OF_VIEW = ((45.0, 110.0), (55.0, 90.0))
"""Degrees across: all that is drawn, and what most are drawn from."""
HEIGHTS = ((1.1, 2.3), (1.2, 1.9))
"""The same of the lens above the road [m]."""
COMMON = 0.7
"""How many are of the second range."""
PITCH, ROLL = 5.0, 3.0
"""The most either way, in degrees; small ones are drawn more often."""
TURNED, YAW = 0.3, 60.0
"""How many look to a side, where walls stand across the view, and by how many degrees at most."""


def draw_rig(seed: int, style: str = TOWN.name) -> Rig:
    """A camera for one town of a style, from a stream of its own; see the numbers of this module."""
    dice, car = Dice(seed, "camera", style), find_style(style).car
    across = dice.uniform(*FIELDS_OF_VIEW[dice.chance(COMMON)])
    height = dice.uniform(*HEIGHTS[dice.chance(COMMON)])
    down = PITCH * dice.uniform(-1, 1) * dice.uniform(0, 1)
    roll = ROLL * dice.uniform(-1, 1) * dice.uniform(0, 1)
    yaw = YAW * dice.uniform(-1, 1) if dice.chance(TURNED) else 0.0
    focal = 0.5 / math.tan(math.radians(across / 2)) / car.focal
    return Rig(focal, height, down - math.degrees(sum(car.pitch) / 2), roll, yaw)
