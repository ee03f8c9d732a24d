"""The pose network alone learns motion against depth that is there already, which then comes to metres."""

import logging
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.identity import Identity
from acdepth.core.progress import say
from acdepth.core.spread import spread
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import TripletBatches
from acdepth.engine import Task, fit
from acdepth.engine.processes import training_device
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.teacher.metres import LEAST_FRAMES, see_road
from acdepth.teacher.motion import predicted_lengths
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.start import Start
from acdepth.teacher.task import mean_photometric

POSE_FIRST = "pose_first"
"""Folder in a run folder: the states and the log of these steps."""
MOST_PAIRS = 240
"""Of neighbouring frames with known distance, by which depth comes to metres."""

log = logging.getLogger("acdepth")


class PoseTask(Task):
    """The pose network and the photometric error of frozen depth; lengths of motion are of its unit."""

    def __init__(self, config: TeacherConfig, depth: DepthNet, pose_net: PoseNet) -> None:
        super().__init__()
        self.config, self.pose_net = config, pose_net
        self.rates = {"pose_net.": config.pose_rate}
        self.beside = (depth,)

    def forward(self, batch: TripletBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """The photometric error of one batch."""
        (depth,) = self.beside
        with torch.no_grad():
            inverse_depths = depth(batch.image).inverse_depths[:1]
        motions = self.pose_net.motions(batch.image, batch.neighbours, self.config.neighbours_apart)
        with torch.autocast(batch.image.device.type, enabled=False):
            return {"photometric": mean_photometric(batch, inverse_depths, motions, self.config.automask)}


def learn_motion(
    config: TeacherConfig, start: Start, batches: partial[TripletBatches], out: Path, made_from: Identity
) -> None:
    """Train the pose network of ``start`` for the steps that come first; they have states of their own."""
    loop = config.loop.model_copy(update={"steps": config.pose_first})
    fit("pose", PoseTask(config, start.depth, start.pose), batches, loop, out / POSE_FIRST, made_from)
    start.knows_motion = True


def bring_to_metres(config: TeacherConfig, start: Start, prepared: Prepared) -> None:
    """Make the unit of ``start`` what the footage says of metres: by speeds, else by the camera's height."""
    device = training_device(config.loop.device == "cpu")
    start.depth, start.pose = start.depth.to(device), start.pose.to(device)
    factor, told = _by_lengths(start, prepared) if start.knows_motion else None, "known motion"
    if factor is None:
        factor, told = _by_heights(start, prepared), "the camera's height"
    if factor is not None:
        say(f"by {told} the depth to start from is {factor:.2f} times what its network says")
        start.rescale(factor)


def _by_lengths(start: Start, prepared: Prepared) -> float | None:
    frames = prepared.frames
    known = np.flatnonzero((frames.distance_to_next > 0) & frames.has_neighbour(1))
    if not len(known):
        return None
    pairs = np.array(spread(known.tolist(), MOST_PAIRS))
    return float(np.median(frames.distance_to_next[pairs] / predicted_lengths(start.pose, prepared, pairs)))


def _by_heights(start: Start, prepared: Prepared) -> float | None:
    road = see_road(start.depth, prepared)
    factors = road.given / road.seen
    known = factors[~np.isnan(factors)]
    return float(np.median(known)) if len(known) >= LEAST_FRAMES else None
