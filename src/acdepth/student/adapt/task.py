"""What the student adapts by: a slow teacher on real adverse frames, anchored by what it learnt before."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.data.adverse import AdaptBatch, FilmedBatch
from acdepth.engine import Task, masked_mean
from acdepth.engine.average import WeightAverage
from acdepth.geometry.motion import velocity_loss, with_length
from acdepth.geometry.photometric import mean_of_3x3, photometric_loss, whole_windows
from acdepth.geometry.warp import shows_vehicle, synthesise_views
from acdepth.inference.output import fuse_flipped
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.settings import AdaptConfig, PhotometricOptions
from acdepth.student.adapt.views import restyle_translations, two_views
from acdepth.student.losses import log_difference
from acdepth.student.task import StudentTask, mean_ranking
from acdepth.weather.fields import luminance


class AdaptTask(Task):
    """The student, its slow average, and the frozen teacher and prior in the anchor.

    What learns keeps the normalisation statistics that it was trained with: the small batches of two kinds
    that it sees here would make worse ones.

    The pose network learns too, where L_p has a weight.
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
        self.beside = self.anchor.beside
        # Passes of one step see the same student; together they are one step of the average.
        momentum = config.momentum ** (1 / config.loop.accumulate)
        self.slow = WeightAverage(dict(student.named_parameters()), momentum)
        self.pose_net = pose_net
        self.skips = pose_net is not None  # batches without a filmed frame ask nothing of it
        self.rates = {"pose_net.": config.photometric.pose_rate}
        self.at_rest = tuple(self.children())
        self.train()

    @property
    def student(self) -> DepthNet:
        """The network that learns."""
        return self.anchor.student

    @torch.no_grad()
    def both_ways(self, image: Tensor, night: Tensor) -> tuple[Tensor, Tensor]:
        """The slow teacher's inverse depth [1/m] of images, and of the mirrored ones, mirrored back.

        Arguments are those of `DepthNet.forward`.
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
            if batch.adverse_counted is not None:
                certain &= batch.adverse_counted
            guided = masked_mean(log_difference(learnt, guide), certain)
            terms["guided"] = config.guidance_weight * guided
            if config.adverse_ordinal_weight > 0:
                _, prior = self.beside
                order, options = prior(batch.adverse), config.adverse_ordinal
                ranking = mean_ranking(learnt, guide, order, options, generator, guide, batch.adverse_counted)
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
    """The teacher's L_p, mean over the well-lit pixels; 0 where no pixel is.

    It is of the full-size inverse depth (B, 1, H, W) [1/m] alone: coarser scales help out of a bad start,
    which a trained student is not.
    """
    measured = options.motion_length == "measured"
    motions = with_length(T_target_to_source, triplets.distance) if measured else T_target_to_source
    synthesised = synthesise_views(triplets, [inverse_depth], motions)
    vehicle = shows_vehicle(triplets, [inverse_depth], motions)
    error = photometric_loss(synthesised, triplets.image, triplets.neighbours, vehicle=vehicle)[0]
    lit = well_lit_pixels(triplets.image, *options.well_lit)
    counted = whole_windows(triplets.counted)
    return masked_mean(error, lit if counted is None else lit & counted)


def well_lit_pixels(
    image: Float[Tensor, "b 3 h w"], darkest: float, brightest: float
) -> Bool[Tensor, "b 1 h w"]:
    """Where an image is neither too dark nor too bright to say where a pixel went.

    The mean of the 3x3 window, which is also what SSIM sees, must be in the range, so that noise does not
    decide; the pixel itself must not be too bright either, or a small lamp would pass among dark pixels.
    """
    light = luminance(image)
    around = mean_of_3x3(F.pad(light, (1, 1, 1, 1), mode="reflect"))
    return (around >= darkest) & (torch.maximum(around, light) <= brightest)
