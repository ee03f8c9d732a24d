"""What the teacher learns by: its settings, its networks and their losses (ACDepth, section 3.2)."""

from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.resize import Crop
from acdepth.core.seeding import derive_seed
from acdepth.data.choice import FootageChoice
from acdepth.engine import LoopSettings, Task
from acdepth.geometry.motion_length import velocity_loss, with_length
from acdepth.geometry.photometric import photometric_loss
from acdepth.geometry.view_synthesis import synthesise_views
from acdepth.networks.depth_net import DepthNet, DepthNetConfig, Side
from acdepth.networks.pose_net import PoseNet
from acdepth.teacher.losses import smoothness_loss


class TeacherConfig(FootageChoice):
    """Settings of the teacher; the defaults are ACDepth's on nuScenes."""

    network: DepthNetConfig = DepthNetConfig()
    """The depth network; the pose network has its width and normalisation."""
    image_size: tuple[Side, Side] = (320, 576)
    """(height, width) of the network's input [px], multiples of 32 from 64. ACDepth, nuScenes: 320 x 576."""
    crop: Crop | None = None
    """Window of the original images; null for all of it. ACDepth, RobotCar: the top 1280x768."""
    encoder: Path | None = None
    """Weights that both encoders start from: ``shipped``, a file of ours or of ImageNet's ResNet18, or a name
    of the hub; null starts from random ones. ACDepth: ImageNet, ``timm/resnet18.tv_in1k``."""
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

    def forward(self, batch: TripletBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
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
