"""What the student adapts by: a slow teacher on real adverse frames, anchored by what it learnt before."""

from typing import Self

import torch
from torch import Tensor, nn

from acdepth.core.batches import TripletBatch
from acdepth.data.adverse import AdaptBatch, FilmedBatch
from acdepth.engine import Task
from acdepth.geometry.motion_length import velocity_loss
from acdepth.inference.output import fuse_flipped
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.agreement import log_difference, mean_where
from acdepth.student.adapt.photometric import lit_photometric_loss
from acdepth.student.adapt.restyle import restyle_translations
from acdepth.student.adapt.settings import AdaptConfig
from acdepth.student.adapt.views import two_views
from acdepth.student.ordinal import ordinal_loss
from acdepth.student.slow_average import SlowAverage
from acdepth.student.task import StudentTask


class AdaptTask(Task):
    """The student, its slow average, and the frozen teacher and prior in the anchor.

    What learns keeps the normalisation statistics that it was trained with: the small batches of two kinds
    that it sees here would make worse ones.

    Args:
        config: settings.
        student: learns.
        teacher: is frozen.
        prior: is frozen.
        pose_net: learns, where L_p has a weight; else None.
    """

    def __init__(
        self,
        config: AdaptConfig,
        student: DepthNet,
        teacher: DepthNet,
        prior: DepthAnythingPrior,
        pose_net: PoseNet | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.anchor = StudentTask(config.anchor, student, teacher, prior)
        self.slow = SlowAverage(student)
        self.pose_net = pose_net
        self.rates = {"pose_net.": config.photometric.pose_rate}

    @property
    def student(self) -> DepthNet:
        """The network that learns."""
        return self.anchor.student

    def train(self, mode: bool = True) -> Self:
        """Training mode for all but the normalisation."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def to_device(self, device: torch.device) -> None:
        """Move the frozen networks."""
        self.anchor.to_device(device)

    def forward(self, batch: AdaptBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch; the slow teacher first follows what the last step changed."""
        config = self.config
        # Passes of one step see the same student; together they are one step of the average.
        self.slow.follow(self.student, config.momentum ** (1 / config.loop.accumulate))
        batch = restyle_translations(batch, generator, config.restyled)
        terms = self.anchor(batch, generator, progress)
        views = two_views(batch.adverse, generator, config.views)
        night = batch.adverse_night
        straight, mirrored = self.slow.both_ways(views.weak, night)
        learnt = self.student(views.strong, night).inverse_depths[0]
        with torch.autocast(batch.clear.device.type, enabled=False):
            guide = fuse_flipped(straight, mirrored)
            certain = log_difference(straight, mirrored) <= config.most_disagreement
            guided = mean_where(log_difference(learnt, guide), certain)
            terms["guided"] = config.guidance_weight * guided
            if config.adverse_ordinal_weight > 0:
                _, prior = self.anchor.teachers
                assert prior is not None
                ranking = ordinal_loss(
                    learnt, guide, prior(batch.adverse), config.adverse_ordinal, generator, witness=guide
                )
                terms["adverse_ordinal"] = config.adverse_ordinal_weight * ranking
        if isinstance(batch, FilmedBatch):
            terms |= self._seen_from_neighbours(batch.triplets, learnt[batch.rows])
        return terms

    def _seen_from_neighbours(self, triplets: TripletBatch, learnt: Tensor) -> dict[str, Tensor]:
        """L_p and L_v of adverse frames; the student's view was changed, but what it must explain is not."""
        assert self.pose_net is not None
        options = self.config.photometric
        motions = self.pose_net.motions(triplets.image, triplets.neighbours)
        with torch.autocast(triplets.image.device.type, enabled=False):
            photometric = lit_photometric_loss(triplets, learnt, motions, options)
            return {
                "photometric": self.config.photometric_weight * photometric,
                "velocity": options.velocity_weight * velocity_loss(motions, triplets.distance),
            }
