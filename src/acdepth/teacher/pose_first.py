"""The pose network alone learns motion against depth that is there already, which then comes to metres."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.identity import Identity
from acdepth.core.progress import say
from acdepth.core.spread import spread
from acdepth.data.order import is_slower
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import TripletBatches, has_both_neighbours, has_camera, triplet_batch
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
FEW_FRAMES = 16
"""By which the first guess of the motion is made."""
FRAMES_AT_ONCE = 8
FORWARD = np.geomspace(0.003, 0.5, 15)
"""Motions from a frame to the next that are tried, over the median depth."""


@torch.no_grad()
def forward_by_depth(config: TeacherConfig, depth: DepthNet, prepared: Prepared) -> float:
    """The motion along the axis from frame to frame by which depth explains the images best, in its unit.

    Negative where the camera looks back.
    """
    wanted = has_both_neighbours(prepared) & has_camera(prepared)
    numbers = spread(np.flatnonzero(wanted & ~is_slower(prepared, config.min_speed)).tolist(), FEW_FRAMES)
    device = training_device(config.loop.device == "cpu")
    depth = depth.to(device)
    tried = torch.tensor([*FORWARD, *-FORWARD])
    errors = torch.zeros(len(tried))
    batches = [numbers[first : first + FRAMES_AT_ONCE] for first in range(0, len(numbers), FRAMES_AT_ONCE)]
    batches = [triplet_batch(prepared, part, [False] * len(part)).to(device) for part in batches]
    inverse_depths = [depth(batch.image).inverse_depths[:1] for batch in batches]
    unit = 1 / float(torch.cat([one[0].flatten() for one in inverse_depths]).median())
    for batch, inverse_depth in zip(batches, inverse_depths, strict=True):
        for index, part in enumerate(tried.tolist()):
            motions = torch.eye(4, device=device).repeat(len(batch.image), 2, 1, 1)
            motions[:, 0, 2, 3], motions[:, 1, 2, 3] = part * unit, -part * unit
            errors[index] += len(batch.image) * float(mean_photometric(batch, inverse_depth, motions, False))
    return float(tried[errors.argmin()]) * unit


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


def bring_to_metres(config: TeacherConfig, start: Start, prepared: Prepared) -> None:
    """Make the unit of ``start`` what the footage says of metres: by speeds, else by the camera's height."""
    device = training_device(config.loop.device == "cpu")
    start.depth, start.pose = start.depth.to(device), start.pose.to(device)
    frames, told = prepared.frames, "known motion"
    pairs = np.flatnonzero((frames.distance_to_next > 0) & frames.has_neighbour(1))
    if config.learns_lengths and len(pairs):
        # An earlier teacher's depth may know metres that its pose network does not.
        factor = _by_lengths(start, prepared, pairs) if config.pose_first else None
    else:
        factor, told = _by_heights(start, prepared), "the camera's height"
    if factor is not None:
        say(f"by {told} the depth to start from is {factor:.2f} times what its network says")
        start.rescale(factor)


def _by_lengths(start: Start, prepared: Prepared, pairs: np.ndarray) -> float:
    pairs = np.array(spread(pairs.tolist(), MOST_PAIRS))
    measured = prepared.frames.distance_to_next[pairs]
    return float(np.median(measured / predicted_lengths(start.pose, prepared, pairs)))


def _by_heights(start: Start, prepared: Prepared) -> float | None:
    road = see_road(start.depth, prepared)
    factors = road.given / road.seen
    known = factors[~np.isnan(factors)]
    return float(np.median(known)) if len(known) >= LEAST_FRAMES else None
