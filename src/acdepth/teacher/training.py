"""The teacher's training: clear video in, metric depth network out (ACDepth, section 3.2)."""

from collections.abc import Callable
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from acdepth.core.config import Config
from acdepth.core.files import hash_json
from acdepth.core.provenance import provenance
from acdepth.core.sample import ClipBatch
from acdepth.core.seeding import derive_seed
from acdepth.data.clips import ClipBatches
from acdepth.data.prepared import Prepared
from acdepth.engine import LoopSettings, Task, fit
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.start import StartingPoint
from acdepth.teacher.losses import photometric_loss, smoothness_loss, velocity_loss
from acdepth.teacher.pose_net import PoseNet
from acdepth.teacher.view_synthesis import synthesise_views


class TeacherConfig(Config):
    """Settings of the teacher."""

    image_size: tuple[int, int] = (320, 576)
    """(height, width) [px] of the network's input, multiples of 32. ACDepth, nuScenes: 320 x 576."""
    width: int = 64
    """Channels of the encoder's first level; 64 is ResNet18."""
    min_depth: float = 0.1
    """Nearest depth the network can say [m]. ACDepth: 0.1."""
    max_depth: float = 80.0
    """Farthest depth the network can say [m]. ACDepth: 80."""
    encoder: str | None = None
    """Weights the encoder starts from: ``shipped``, or a path to a checkpoint of ours or to ImageNet
    weights; null starts from random ones. ACDepth: ImageNet."""
    initial_depth: float | None = None
    """Depth [m] that an untrained network says; null leaves that to chance, as the paper does. Short runs
    need it: from the textbook start most pixels are nearer than 0.2 m and never leave."""
    initial_forward: float | None = None
    """Forward motion [m] that an untrained pose network says; null is none, as in the paper."""
    smoothness_weight: float = 1e-3
    """Of L_e. ACDepth: 1e-3."""
    velocity_weight: float = 0.02
    """Of L_v, which makes depth metric. ACDepth: 0.02."""
    min_speed: float = 0.5
    """Frames slower than this [m/s] are left out. ACDepth: 0.5."""
    loop: LoopSettings = LoopSettings(steps=30_000)
    """The training loop."""
