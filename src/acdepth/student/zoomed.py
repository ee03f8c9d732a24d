"""Distillation through another lens: the student sees a window, the teacher has judged the whole image."""

from dataclasses import replace

import torch
from torch import Tensor

from acdepth.core.batches import MixBatch
from acdepth.data.zoom import Zoom
from acdepth.networks.depth_net import DepthNet, DepthOutput


@torch.no_grad()
def zoom_lesson(
    zoom: Zoom, batch: MixBatch, taught: DepthOutput, teacher: DepthNet
) -> tuple[MixBatch, DepthOutput]:
    """Batch and lesson as seen through another lens.

    Depth comes from the teacher's answer to the whole image, at the scale it knows; it is cut and brought to
    the metres of the other lens. Features have no such twin: they are the teacher's of the window.

    Args:
        zoom: the windows.
        batch: whole images.
        taught: what the teacher says about them.
        teacher: frozen.
    """
    windows = replace(batch, clear=zoom.image(batch.clear), mixed=zoom.image(batch.mixed))
    nearest, farthest = 1 / teacher.config.min_depth, 1 / teacher.config.max_depth
    depths = tuple(zoom.inverse_depth(scale, farthest, nearest) for scale in taught.inverse_depths)
    return windows, DepthOutput(depths, teacher.features(windows.clear))


def learn_inside(zoom: Zoom, learnt: DepthOutput, taught: DepthOutput) -> DepthOutput:
    """What the student says; beyond the image's edge the lesson itself, so that nothing is learnt there."""

    def inside(said: Tensor, lesson: Tensor) -> Tensor:
        return torch.where(zoom.inside(said), said, lesson.to(said.dtype))

    depths = map(inside, learnt.inverse_depths, taught.inverse_depths)
    return learnt._replace(inverse_depths=tuple(depths))
