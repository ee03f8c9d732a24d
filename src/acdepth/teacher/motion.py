"""How far the pose network says the camera moves, beside how far it moved: whether metres were learnt."""

from dataclasses import asdict, dataclass

import numpy as np
import torch

from acdepth.data.order import as_floats
from acdepth.data.prepared import Prepared
from acdepth.networks.pose_net import PoseNet

MOST_PAIRS = 100
"""Of one sequence; more are thinned out evenly."""
PAIRS_AT_ONCE = 8


@dataclass(frozen=True)
class MotionLength:
    """Lengths of the motions between consecutive frames of one sequence."""

    pairs: int
    """Pairs of frames that were compared."""
    measured: float
    """Median of the known lengths [m]."""
    predicted: float
    """Median of the predicted ones [m]."""
    error: float
    """Median of |predicted - measured| / measured."""


def compare_motion(network: PoseNet, prepared: Prepared) -> dict[str, MotionLength]:
    """Predicted and measured lengths per sequence; sequences without known motion are left out.

    Args:
        network: in any mode; left in evaluation mode.
        prepared: the frames; a pair counts if its length is known and not zero.
    """
    network.eval()
    frames = prepared.frames
    pairs = np.flatnonzero((frames.distance_to_next > 0) & frames.has_neighbour(1))
    clips = frames.clip[pairs]
    found = {}
    for group in np.split(pairs, np.flatnonzero(np.diff(clips)) + 1) if len(pairs) else ():
        thinned = group[:: -(-len(group) // MOST_PAIRS)]
        found[frames.clip_name(int(frames.clip[group[0]]))] = _compare(network, prepared, thinned)
    return found


def to_json(lengths: dict[str, MotionLength]) -> dict[str, dict[str, float]]:
    """As plain values, for a file."""
    return {clip: asdict(length) for clip, length in lengths.items()}


def _compare(network: PoseNet, prepared: Prepared, pairs: np.ndarray) -> MotionLength:
    measured = prepared.frames.distance_to_next[pairs]
    predicted = np.concatenate(
        [
            _lengths(network, prepared, pairs[start : start + PAIRS_AT_ONCE])
            for start in range(0, len(pairs), PAIRS_AT_ONCE)
        ]
    )
    error = np.abs(predicted - measured) / measured
    medians = [float(np.median(values)) for values in (measured, predicted, error)]
    return MotionLength(len(pairs), *medians)


@torch.no_grad()
def _lengths(network: PoseNet, prepared: Prepared, pairs: np.ndarray) -> np.ndarray:
    device = next(network.parameters()).device
    targets, following = (
        as_floats([prepared.images[index + step] for index in pairs]).to(device) for step in (0, 1)
    )
    # The network wants a previous frame too; its answer about one neighbour does not depend on the other.
    motions = network.motions(targets, torch.stack([following, following], 1))
    return motions[:, 1, :3, 3].norm(dim=-1).cpu().numpy()
