"""How far the pose network says the camera moves, beside how far it moved: whether metres were learnt."""

import numpy as np
import torch

from acdepth.data.order import as_floats
from acdepth.data.prepared import Prepared
from acdepth.networks.pose_net import PoseNet

MOST_PAIRS = 100
"""Of one sequence; more are thinned out evenly."""
PAIRS_AT_ONCE = 8


def compare_motion(network: PoseNet, prepared: Prepared, scale: float = 1.0) -> dict[str, dict[str, float]]:
    """Lengths of the motions between consecutive frames, by clip; without known motion it is left out.

    Those of the network are ``scale`` metres per unit.

    Returns:
        The number of ``pairs`` of frames that were compared, the medians of the ``measured`` and of the
        ``predicted`` lengths [m], and the median ``error`` |predicted - measured| / measured.
    """
    frames = prepared.frames
    pairs = np.flatnonzero((frames.distance_to_next > 0) & frames.has_neighbour(1))
    clips = frames.clip[pairs]
    found = {}
    for group in np.split(pairs, np.flatnonzero(np.diff(clips)) + 1) if len(pairs) else ():
        thinned = group[:: -(-len(group) // MOST_PAIRS)]
        found[frames.clip_name(int(frames.clip[group[0]]))] = _compare(network, prepared, thinned, scale)
    return found


def _compare(network: PoseNet, prepared: Prepared, pairs: np.ndarray, scale: float) -> dict[str, float]:
    measured = prepared.frames.distance_to_next[pairs]
    predicted = scale * predicted_lengths(network, prepared, pairs)
    error = np.abs(predicted - measured) / measured
    lengths = {"measured": measured, "predicted": predicted, "error": error}
    return {"pairs": len(pairs), **{name: float(np.median(values)) for name, values in lengths.items()}}


def predicted_lengths(network: PoseNet, prepared: Prepared, frames: np.ndarray) -> np.ndarray:
    """(F,) of the motion from each frame to the next, in the network's units."""
    network.eval()
    parts = [frames[start : start + PAIRS_AT_ONCE] for start in range(0, len(frames), PAIRS_AT_ONCE)]
    return np.concatenate([_lengths(network, prepared, part) for part in parts])


@torch.no_grad()
def _lengths(network: PoseNet, prepared: Prepared, pairs: np.ndarray) -> np.ndarray:
    device = next(network.parameters()).device
    targets, following = (
        as_floats([prepared.images[index + step] for index in pairs]).to(device) for step in (0, 1)
    )
    # The network wants a previous frame too; its answer about one neighbour does not depend on the other.
    motions = network.motions(targets, torch.stack([following, following], 1))
    return motions[:, 1, :3, 3].norm(dim=-1).cpu().numpy()
