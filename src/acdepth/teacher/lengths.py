"""Lengths of motion where none are known: an earlier teacher's, brought to metres by the camera's height.

Without speeds a teacher's pose network soon says the same length for every drive, and its depth is too small
where the car was fast and too large where it was slow. The camera's height tells by how much, drive by drive.
"""

from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.spread import spread
from acdepth.data.prepared import Prepared
from acdepth.engine.processes import training_device
from acdepth.networks.checkpoint import MODEL_FILE, load_checkpoint
from acdepth.teacher.metres import heights_seen
from acdepth.teacher.motion import predicted_lengths
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.start import earlier_pose_net

FRAMES_OF_A_DRIVE = 20
"""That are looked at, spread evenly over it."""
LEAST_FRAMES = 5
"""Of these, in which the road must be found."""


def lengths_by_height(start: Path, config: TeacherConfig, prepared: Prepared) -> np.ndarray:
    """(N, 2) float64 [m] from each frame to the previous and to the next, NaN where neither is known.

    What the footage says itself stays. ``start`` is the run folder of an earlier teacher of these drives.

    Raises:
        UserError: if the earlier teacher sees the road in none of the drives whose camera height is known, or
            is of an earlier version.
    """
    frames = prepared.frames
    network, card = load_checkpoint(start / MODEL_FILE)
    device = training_device(config.loop.device == "cpu")
    pose_net = earlier_pose_net(config, card, start).to(device)
    network = network.to(device)
    lengths = np.stack([frames.distance_to_previous, frames.distance_to_next], 1)
    followed = frames.has_neighbour(1)
    for number in np.flatnonzero(~np.isnan(frames.clip_camera_height)):
        rows = np.flatnonzero(frames.clip == number)
        pairs = rows[followed[rows] & np.isnan(lengths[rows, 1])]
        seen = heights_seen(network, prepared, np.array(spread(rows.tolist(), FRAMES_OF_A_DRIVE)))
        if np.count_nonzero(~np.isnan(seen)) < LEAST_FRAMES or not len(pairs):
            continue
        factor = frames.clip_camera_height[number] / np.nanmedian(seen)
        lengths[pairs, 1] = lengths[pairs + 1, 0] = factor * predicted_lengths(pose_net, prepared, pairs)
    if np.isnan(lengths).all():
        what = "sees no road in a drive whose camera_height is known, so no length of motion either"
        raise UserError(start, what, "leave out lengths_by_height, or give camera_height in camera.yaml")
    return lengths
