"""The built-in driving world: towns made from seeds, with exact depth, in six conditions."""

from acdepth.world.car import Rig
from acdepth.world.render import RenderedFrame, Renderer, prepare, render
from acdepth.world.surface import CLASS_NAMES
from acdepth.world.view import world_camera

__all__ = ["CLASS_NAMES", "RenderedFrame", "Renderer", "Rig", "prepare", "render", "world_camera"]
