"""What the student adapts by: a slow teacher on real adverse frames, anchored by what it learnt before."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.func import functional_call

from acdepth.core.batches import TripletBatch
from acdepth.data.adverse import AdaptBatch, FilmedBatch
from acdepth.engine import Task, masked_mean
from acdepth.engine.average import WeightAverage
from acdepth.geometry.motion import velocity_loss
from acdepth.inference.output import fuse_flipped
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.photometric import photometric_loss_of_depth, well_lit_pixels
from acdepth.student.adapt.restyle import restyle_translations
from acdepth.student.adapt.settings import AdaptConfig, PhotometricOptions
from acdepth.student.adapt.views import two_views
from acdepth.student.losses import log_difference
from acdepth.student.task import StudentTask, mean_ranking


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
        # Passes of one step see the same student; together they are one step of the average.
        momentum = config.momentum ** (1 / config.loop.accumulate)
        self.slow = WeightAverage(dict(student.named_parameters()), momentum)
        self.pose_net = pose_net
        self.rates = {"pose_net.": config.photometric.pose_rate}
        self.train()

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

    @torch.no_grad()
    def both_ways(self, image: Tensor, night: Tensor) -> tuple[Tensor, Tensor]:
        """What the slow teacher says of images, and of the mirrored ones, mirrored back.

        Args:
            image: (B, 3, H, W) in 0..1.
            night: (B,) bool, as `DepthNet.forward` takes it.

        Returns:
            Two inverse depths (B, 1, H, W) [1/m].
        """

        def said(seen: Tensor) -> Tensor:
            return functional_call(self.student, self.slow.values(), (seen, night)).inverse_depths[0]

        return said(image), said(image.flip(-1)).flip(-1)

    def forward(self, batch: AdaptBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch; the slow teacher first follows what the last step changed."""
        config = self.config
        self.slow.follow()
        batch = restyle_translations(batch, generator, config.restyled)
        terms = self.anchor(batch, generator, progress)
        views = two_views(batch.adverse, generator, config.views)
        night = batch.adverse_night
        straight, mirrored = self.both_ways(views.weak, night)
        learnt = self.student(views.strong, night).inverse_depths[0]
        with torch.autocast(batch.clear.device.type, enabled=False):
            guide = fuse_flipped(straight, mirrored)
            certain = log_difference(straight, mirrored) <= config.most_disagreement
            guided = masked_mean(log_difference(learnt, guide), certain)
            terms["guided"] = config.guidance_weight * guided
            if config.adverse_ordinal_weight > 0:
                _, prior = self.anchor.teachers
                assert prior is not None
                ranking = mean_ranking(
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
            photometric = mean_lit_photometric(triplets, learnt, motions, options)
            velocity = masked_mean(velocity_loss(motions, triplets.distance), ~triplets.distance.isnan())
            return {
                "photometric": self.config.photometric_weight * photometric,
                "velocity": options.velocity_weight * velocity,
            }


def mean_lit_photometric(
    triplets: TripletBatch, inverse_depth: Tensor, T_target_to_source: Tensor, options: PhotometricOptions
) -> Tensor:
    """L_p of the full-size depth alone, mean over the well-lit pixels; 0 where no pixel is.

    Arguments are as of `photometric_loss_of_depth` and `well_lit_pixels`.
    """
    measured = options.motion_length == "measured"
    error = photometric_loss_of_depth(triplets, inverse_depth, T_target_to_source, measured)
    return masked_mean(error, well_lit_pixels(triplets.image, *options.well_lit))
