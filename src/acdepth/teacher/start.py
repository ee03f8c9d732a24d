"""What a teacher starts from where it starts from depth: a network that knows something already.

It is seen through the lens of the footage first: what its training camera calls a metre follows the focal
length, exactly, by the range of depth (docs/decisions/0008-own-footage.md).
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.seeding import derive_seed
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.inference.framing import focal_ratio
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    checkpoint_file,
    load_checkpoint,
    load_encoder,
    load_tensors,
    load_weights,
)
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.imagenet import encoder_file
from acdepth.networks.metres import in_metres
from acdepth.networks.pose_net import POSE_FILE, PoseNet
from acdepth.teacher.settings import TeacherConfig


@dataclass
class Start:
    """The two networks that a teacher starts from."""

    depth: DepthNet
    """Frozen, in evaluation mode."""
    pose: PoseNet
    """Its lengths are of the unit of ``depth``."""
    knows_motion: bool
    """Whether ``pose`` is an earlier teacher's."""
    metric: bool
    """Whether the metres of ``depth`` are metres."""

    def rescale(self, factor: float) -> None:
        """Say so many times the depth and the lengths."""
        self.depth = rescaled(self.depth, factor)
        self.pose.rescale(factor)


def open_start(config: TeacherConfig, camera: dict[str, float | int] | None) -> Start:
    """The networks that ``config.start`` names, for footage of a camera.

    Args:
        config: settings.
        camera: of the footage at the network's input, as a card has it; None if it is not known.

    Raises:
        UserError: if one is missing or of another kind.
    """
    file = start_file(config)
    assert file is not None
    network, card = load_checkpoint(file)
    ratio = _focal_ratio(card, camera, file)
    depth = rescaled(network, ratio)
    if pose_file(config) is None:
        return Start(depth, _new_pose_net(config), False, card.metric)
    pose = earlier_pose_net(config, card, file.parent)
    pose.rescale(ratio)
    return Start(depth, pose, True, card.metric)


def rescaled(network: DepthNet, factor: float) -> DepthNet:
    """The frozen network that says so many times the depth, by its range."""
    other = DepthNet(in_metres(network.config, factor))
    other.load_state_dict(network.state_dict())
    device = next(network.parameters()).device
    return other.eval().requires_grad_(False).to(device)


def start_file(config: TeacherConfig) -> Path | None:
    """The checkpoint that depth starts from; `UserError` if it is not there, or settings need one."""
    if config.start is None:
        needing = {"pose_first": config.pose_first, "pull": config.pull, "held_out": config.held_out}
        if named := [name for name, value in needing.items() if value]:
            remedy = "give --start shipped, a checkpoint or a run folder, or set it to 0"
            raise UserError(None, f"{named[0]} needs a network to start from", remedy)
        return None
    file = checkpoint_file(or_shipped(config.start, STUDENT))
    if not file.is_file():
        raise UserError(file, "no such checkpoint", "start is shipped, a checkpoint or a run folder")
    return file


def pose_file(config: TeacherConfig) -> Path | None:
    """The pose network of the teacher whose run folder ``config.start`` is; None where it is none."""
    if config.start is None:
        return None
    file = config.start / POSE_FILE
    return file if file.is_file() else None


def first_encoder(config: TeacherConfig) -> Path | None:
    """The weights from which the encoders start that nothing else brings."""
    return encoder_file(config.encoder) if config.encoder and pose_file(config) is None else None


def starting_files(config: TeacherConfig) -> dict[str, Path]:
    """The files that the networks start from, by what tells their content in an identity."""
    encoder, depth, pose = first_encoder(config), start_file(config), pose_file(config)
    if depth is None:
        return {f"content of {encoder.name}": encoder} if encoder else {}
    found = {f"content of {depth.name}": depth, f"content of {POSE_FILE}": pose, "encoder weights": encoder}
    return {name: file for name, file in found.items() if file is not None}


def _focal_ratio(card: CheckpointCard, camera: dict[str, float | int] | None, file: Path) -> float:
    one_lens = card.metres is not None and card.metres.one_lens
    if card.camera is None or camera is None or one_lens or not card.metric:
        return 1.0
    seen = Camera.from_dict(camera, "footage")
    return focal_ratio(
        seen, (seen.height, seen.width), Camera.from_dict(card.camera, str(file)), card.input_size
    )


def _new_pose_net(config: TeacherConfig) -> PoseNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.loop.seed, "teacher"))
        pose = PoseNet(config.network, scale=config.pose_scale)
    if encoder := first_encoder(config):
        load_encoder(pose.encoder, encoder)
    return pose


def earlier_pose_net(config: TeacherConfig, card: CheckpointCard, run: Path) -> PoseNet:
    """The one in a teacher's run folder, its lengths in the metres of its ``card``.

    Raises:
        UserError: if it is of an earlier version, or not of the width of ``config.network``.
    """
    settings = card.made_by.get("config", {})
    if "initial_forward" not in card.made_by or "pose_scale" not in settings:
        what = "does not say where its pose network started, as teachers of earlier versions"
        raise UserError(run / MODEL_FILE, what, "train it again, or give its checkpoint alone as start")
    pose = PoseNet(config.network, scale=config.pose_scale)
    load_weights(pose, load_tensors(run / POSE_FILE)[0], run / POSE_FILE)
    # The card's network says metres; the pose network learnt in the units that these were `scale` of.
    metres = card.metres.scale if card.metres else 1.0
    length, angle = (old / new for old, new in zip(settings["pose_scale"], config.pose_scale, strict=True))
    pose.rescale(metres * length, angle)
    pose.initial_forward = metres * card.made_by["initial_forward"]
    return pose
