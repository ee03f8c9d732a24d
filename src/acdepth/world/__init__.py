"""The built-in driving world: towns made from seeds, with exact depth, in six conditions.

>>> from acdepth import Condition
>>> from acdepth.world import render
>>> [frame] = render(7, [Condition.CLEAR, Condition.NIGHT], frames=1, image_size=(32, 64))
>>> frame.images[Condition.NIGHT].shape, frame.depth.shape
(torch.Size([32, 64, 3]), torch.Size([32, 64]))
"""

from acdepth.world.cameras import draw_rig
from acdepth.world.car import Rig
from acdepth.world.render import RenderedFrame, Renderer, prepare, render
from acdepth.world.surface import CLASS_NAMES
from acdepth.world.view import world_camera

__all__ = ["CLASS_NAMES", "RenderedFrame", "Renderer", "Rig", "draw_rig", "prepare", "render", "world_camera"]
