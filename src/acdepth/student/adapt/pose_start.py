"""The pose network that a teacher learnt with, which its checkpoint does not hold but its run folder does."""

from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import median_distance
from acdepth.networks.checkpoint import CheckpointCard, load_tensors, load_weights
from acdepth.networks.pose_net import POSE_FILE, PoseNet
from acdepth.networks.settings import DepthNetConfig

RUN_FOLDER = "give --teacher the run folder that acdepth train teacher wrote"


def pose_file(teacher: Path) -> Path:
    """The weights of the pose network beside a teacher's checkpoint; `UserError` if they are not there."""
    path = teacher.parent / POSE_FILE
    if not path.is_file():
        needs = "photometric_weight needs the teacher's pose network"
        raise UserError(path, "no such file", f"{needs}, so {RUN_FOLDER}")
    return path


def load_pose_net(teacher: Path, card: CheckpointCard) -> PoseNet:
    """The pose network as it was when the teacher's training ended, from its checkpoint's run folder.

    Raises:
        UserError: if the run folder does not hold it whole.
    """
    settings = card.made_by.get("config", {})
    if {"network", "pose_scale", "initial_forward"} - settings.keys():
        what = "does not say the network, pose_scale and initial_forward of its pose network"
        raise UserError(teacher, what, RUN_FOLDER)
    # The card's network says metres; the pose network learnt in the units that these were `scale` of.
    metres = card.metres.scale if card.metres else 1.0
    forward, (moved, turned) = _initial_forward(teacher, card, settings), settings["pose_scale"]
    # Depth may have come from a start of another architecture.
    config = DepthNetConfig.from_dict(settings["network"], str(teacher))
    network = PoseNet(config, metres * forward, (metres * moved, turned))
    path = pose_file(teacher)
    load_weights(network, load_tensors(path)[0], path)
    return network


def _initial_forward(teacher: Path, card: CheckpointCard, settings: dict[str, Any]) -> float:
    """What the pose network's numbers are added to [per frame]; where it was measured, of a card of a former
    version, on the footage."""
    if "initial_forward" in card.made_by:
        return card.made_by["initial_forward"]
    if settings["initial_forward"] != "measured":
        return settings["initial_forward"]
    folder = teacher.parent / "prepared"
    remedy = "give --teacher the whole run folder"
    if not folder.is_dir():
        what = "no such folder, but initial_forward was measured on what it held"
        raise UserError(folder, what, remedy)
    prepared = Prepared.open(folder)
    if prepared.made_from != card.made_by["data"]:
        what = f"of other footage than {teacher}, whose initial_forward was measured on it"
        raise UserError(prepared.folder, what, remedy)
    return median_distance(prepared) or 0.0
