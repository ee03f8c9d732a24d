"""What the teacher learns by: its settings, its networks and their losses (ACDepth, section 3.2)."""

import torch
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.seeding import derive_seed
from acdepth.engine import Task
from acdepth.geometry.motion_length import velocity_loss, with_length
from acdepth.geometry.photometric import photometric_loss
from acdepth.geometry.view_synthesis import synthesise_views
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.teacher.losses import smoothness_loss
from acdepth.teacher.settings import TeacherConfig


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
