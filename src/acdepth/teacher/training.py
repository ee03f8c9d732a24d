"""The teacher's training: clear video in, metric depth network out (ACDepth, section 3.2)."""

import logging
from pathlib import Path
from statistics import median
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, hash_json, write_json
from acdepth.core.provenance import provenance
from acdepth.core.sample import ClipBatch
from acdepth.core.seeding import derive_seed
from acdepth.core.shipped import ENCODER, or_shipped
from acdepth.data.clips import ClipBatches
from acdepth.data.folder import open_data
from acdepth.data.prepared import Prepared, fingerprint, prepare
from acdepth.engine import LoopSettings, Task, fit, refuse_other_run, what_shapes
from acdepth.networks.checkpoint import (
    CheckpointCard,
    load_encoder,
    load_tensors,
    load_weights,
    save_checkpoint,
    save_tensors,
)
from acdepth.networks.depth_net import DepthNet, DepthNetConfig, Side
from acdepth.teacher.losses import photometric_loss, smoothness_loss, velocity_loss
from acdepth.teacher.motion import compare_motion, to_json
from acdepth.teacher.pose_net import PoseNet
from acdepth.teacher.view_synthesis import synthesise_views, with_length

MODEL_FILE, POSE_FILE, MOTION_FILE = "model.safetensors", "pose.safetensors", "motion.json"


class TeacherConfig(Config):
    """Settings of the teacher; the defaults are ACDepth's on nuScenes."""

    network: DepthNetConfig = DepthNetConfig()
    """The depth network; the pose network has its width and normalisation."""
    image_size: tuple[Side, Side] = (320, 576)
    """(height, width) of the network's input [px], multiples of 32 from 64. ACDepth, nuScenes: 320 x 576."""
    crop: Crop | None = None
    """Window of the original images; null for all of it. ACDepth, RobotCar: the top 1280x768."""
    encoder: Path | None = None
    """Weights that both encoders start from: ``shipped``, or a file of ours or of ImageNet ResNet18 weights;
    null starts from random ones. ACDepth: ImageNet."""
    start: Path | None = None
    """Run folder of an earlier teacher, at another size for example, whose networks this one goes on with."""
    initial_depth: float | None = Field(default=None, gt=0)
    """Depth [m] that the untrained network says; null leaves that to chance, as the paper does. Short runs
    need it: the textbook start says about 0.2 m everywhere, from where most gradients lead nowhere."""
    initial_forward: float | Literal["measured"] = 0.0
    """Forward motion [m per frame] that the untrained pose network says; ``measured`` is the median of what
    the footage tells, and 0 with a warning where it tells nothing. ACDepth: 0."""
    pose_scale: tuple[float, float] = (0.01, 0.01)
    """Metres and radians per unit of the pose network's numbers. monodepth2: 0.01; short runs need more, or
    every drive keeps the same predicted speed."""
    motion_length: Literal["predicted", "measured"] = "predicted"
    """Whose length the motion between frames has when views are synthesised. ``predicted``, as in the paper,
    leaves metres to L_v alone; ``measured`` takes them from the speeds where these are known, so that depth
    is metric from the first step, and the pose network says direction and rotation."""
    automask: bool = True
    """Whether unwarped neighbours take part in the minimum of L_p. ACDepth: yes."""
    smoothness_weight: float = Field(default=1e-3, ge=0)
    """Of L_e. ACDepth: 1e-3."""
    velocity_weight: float = Field(default=0.02, ge=0)
    """Of L_v, which makes depth metric. ACDepth: 0.02."""
    min_speed: float | None = 0.5
    """Frames slower than this [m/s] are left out; null keeps all. ACDepth: 0.5."""
    loop: LoopSettings = LoopSettings(steps=47_000, learning_rate=2e-4)
    """The training loop. md4all's teacher, which ACDepth uses: 20 epochs of two passes, 2e-4."""


class TeacherTask(Task):
    """Depth and pose network, and the losses that teach them from each other.

    Args:
        config: settings.
        initial_forward: motion [m per frame] that the untrained pose network says.
    """

    def __init__(self, config: TeacherConfig, initial_forward: float = 0.0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            # Layers draw their first weights from the global generator; the fork keeps that to ourselves.
            torch.manual_seed(derive_seed(config.loop.seed, "teacher"))
            self.depth_net = DepthNet(config.network, config.initial_depth)
            self.pose_net = PoseNet(config.network, initial_forward, config.pose_scale)

    def forward(self, batch: ClipBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        inverse_depths = self.depth_net(batch.image).inverse_depths
        motions = self.pose_net.motions(batch.image, batch.neighbours)
        with torch.autocast(batch.image.device.type, enabled=False):
            measured = self.config.motion_length == "measured"
            used = with_length(motions, batch.distance) if measured else motions
            synthesised = synthesise_views(batch, inverse_depths, used)
            photometric = photometric_loss(synthesised, batch.image, batch.neighbours, self.config.automask)
            return {
                "photometric": photometric.mean(),
                "smoothness": self.config.smoothness_weight * smoothness_loss(inverse_depths, batch.image),
                "velocity": self.config.velocity_weight * velocity_loss(motions, batch.distance),
            }


def train_teacher(config: TeacherConfig, data: Path, out: Path) -> Path:
    """Train on the clear sequences below ``data``.

    Args:
        config: settings.
        data: footage of any layout that `open_data` knows, with cameras; speeds make depth metric.
        out: run folder: ``config.yaml``, ``prepared/``, ``checkpoints/``, ``log.jsonl``,
            ``motion.json``, ``pose.safetensors``, ``model.safetensors``.

    Returns:
        The checkpoint.

    Raises:
        UserError: if there is no clear footage, or it cannot be trained on.
    """
    clear = [sequence for sequence in open_data(data) if sequence.condition == Condition.CLEAR]
    if not clear:
        raise UserError(f"{data}: no clear footage; the teacher learns on clear video only")
    starts = [hash_file(path) for path in _starting_points(config)]
    made_from = fingerprint(clear, config.image_size, config.crop)
    made_by = hash_json([what_shapes(config), made_from, starts])
    refuse_other_run(out, made_by)
    prepared = prepare(clear, out / "prepared", config.image_size, config.crop)
    config.write(out / "config.yaml")
    task = TeacherTask(config, _initial_forward(prepared, config))
    _start(task, config)

    def batches(rank: int, processes: int) -> ClipBatches:
        loop = config.loop
        return ClipBatches(prepared, loop.batch_size, loop.seed, config.min_speed, rank, processes)

    fit("teacher", task, batches, config.loop, out, made_by)
    card = CheckpointCard(
        network=config.network,
        input_size=config.image_size,
        camera=training_camera(prepared),
        crop=config.crop,
        metric=_is_metric(prepared, config),
        description=f"teacher, self-supervised on {len(prepared)} clear frames of {len(clear)} sequences",
        made_by={**provenance(), "config": config.to_dict(), "data": prepared.made_from},
    )
    write_json(out / MOTION_FILE, to_json(compare_motion(task.pose_net, prepared)))
    save_tensors(out / POSE_FILE, task.pose_net.state_dict(), {}, half=False)
    save_checkpoint(out / MODEL_FILE, task.depth_net, card)
    return out / MODEL_FILE


def training_camera(prepared: Prepared) -> dict[str, float | int] | None:
    """The camera of the first frame, as trained on [px]; None if it is not known."""
    intrinsics = prepared.frames[0].intrinsics
    if intrinsics is None:
        return None
    height, width = prepared.image_size
    return {**dict(zip(("fx", "fy", "cx", "cy"), intrinsics, strict=True)), "width": width, "height": height}


def _initial_forward(prepared: Prepared, config: TeacherConfig) -> float:
    if config.initial_forward != "measured":
        return config.initial_forward
    known = [frame.distance_to_next for frame in prepared.frames if frame.distance_to_next is not None]
    if not known:
        logging.getLogger("acdepth").warning(
            "no frame says how far the camera moved, so depth will have no scale; motion.csv or poses would"
        )
    return median(known or [0.0])


def _is_metric(prepared: Prepared, config: TeacherConfig) -> bool:
    lengths_are_used = config.velocity_weight > 0 or config.motion_length == "measured"
    return lengths_are_used and any(frame.distance_to_next is not None for frame in prepared.frames)


def _starting_points(config: TeacherConfig) -> list[Path]:
    """The files that the networks start from.

    Raises:
        UserError: if there are two answers.
    """
    if config.start is None:
        return [or_shipped(config.encoder, ENCODER)] if config.encoder else []
    if config.encoder is not None:
        raise UserError("encoder and start are both given; an earlier teacher brings its own encoder")
    files = [config.start / MODEL_FILE, config.start / POSE_FILE]
    if missing := [file for file in files if not file.is_file()]:
        raise UserError(f"{missing[0]}: no such checkpoint; start is the run folder of a finished teacher")
    return files


def _start(task: TeacherTask, config: TeacherConfig) -> None:
    files = _starting_points(config)
    networks = (task.depth_net, task.pose_net)
    if config.start is not None:
        for network, file in zip(networks, files, strict=True):
            load_weights(network, load_tensors(file)[0], str(file))
    elif files:
        for network in networks:
            load_encoder(network.encoder, files[0])
