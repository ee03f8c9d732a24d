"""What the student adapts by: a slow teacher on real adverse frames, anchored by what it learnt before."""

from typing import Self

import torch
from pydantic import Field
from torch import Tensor, nn

from acdepth.core.batches import TripletBatch
from acdepth.core.condition import Condition
from acdepth.data.adverse import AdaptBatch, FilmedBatch
from acdepth.data.augment import AugmentSettings
from acdepth.data.choice import FootageChoice
from acdepth.engine import LoopSettings, Task
from acdepth.geometry.motion_length import velocity_loss
from acdepth.inference.output import fuse_flipped
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.agreement import log_difference, mean_where
from acdepth.student.distillation import DistillationError
from acdepth.student.ordinal import OrdinalOptions, ordinal_loss
from acdepth.student.photometric import PhotometricOptions, lit_photometric_loss
from acdepth.student.restyle import restyle_translations
from acdepth.student.slow_average import SlowAverage
from acdepth.student.task import StudentConfig, StudentTask
from acdepth.student.views import ViewSettings, two_views
from acdepth.student.watch import JudgeSettings


class AdaptConfig(FootageChoice):
    """Settings of the adaptation. The paper has none: it never sees a real adverse frame in training."""

    condition: Condition | None = None
    """Of all the adverse footage, whatever its ``sequence.yaml`` says; null believes what it says. For bare
    folders of pictures, which say nothing."""
    mix: dict[Condition, float] = Field(
        default={Condition.CLEAR: 2.0, Condition.NIGHT: 1.0, Condition.RAIN: 1.0}
    )
    """Parts of the conditions in the anchor: clear frames and their translations."""
    distillation_error: DistillationError = "relative"
    """Of the anchor's L_d, as of the student."""
    ordinal_weight: float = Field(default=0.0, ge=0)
    """Of the anchor's L_r, on the clear frames."""
    ordinal: OrdinalOptions = OrdinalOptions(rank_on="log_depth")
    """How the anchor's L_r samples and compares."""
    consistency_weight: float = Field(default=0.02, ge=0)
    """Of the anchor's L_c, from the first step on. ACDepth's student: 0.02."""
    augmentation: AugmentSettings = AugmentSettings()
    """Of the anchor's input, as of the student's."""
    min_speed: float | None = 0.5
    """Clear frames slower than this [m/s] are left out, as for the student; null keeps all. Adverse frames
    need no speed, and all count, but to L_p those that are known to be slower mean nothing."""
    adverse_batch_size: int = Field(default=8, gt=0)
    """Adverse frames per step, beside ``loop.batch_size`` clear or translated ones."""
    views: ViewSettings = ViewSettings()
    """What slow teacher and student see of an adverse frame."""
    restyled: float = Field(default=0.0, ge=0, le=1)
    """Part of the anchor's translations that get the tones of an adverse frame of their condition, where the
    adverse footage has that condition. 0: no gain has been shown (docs/adaptation.md)."""
    momentum: float = Field(default=0.99, ge=0, lt=1)
    """Of the slow teacher per step: it is about the mean student of the last 1 / (1 - momentum) steps."""
    guidance_weight: float = Field(default=1.0, ge=0)
    """Of the student's distance to the slow teacher on adverse frames, in log depth."""
    most_disagreement: float = Field(default=0.2, gt=0)
    """Pixels where the slow teacher says of the mirrored frame a log depth farther away than this teach
    nothing; 0.2 is about a fifth of the depth."""
    adverse_ordinal_weight: float = Field(default=0.1, ge=0)
    """Of the ranking by the prior on adverse frames, of pairs that the slow teacher orders alike."""
    adverse_ordinal: OrdinalOptions = OrdinalOptions(rank_on="log_depth", steepness=10.0, least_prior=0.02)
    """How that ranking samples and compares. Steep, because most agreed pairs are in order already and must
    not be spread further."""
    photometric_weight: float = Field(default=0.0, ge=0)
    """Of L_p on adverse frames that have neighbours and a camera: the student's depth synthesises them from
    their neighbours, and where they are well lit it learns from what does not fit. Needs the run folder of
    the teacher, whose pose network learns along. ACDepth's teacher: 1. 10 helped a little
    (docs/adaptation.md)."""
    photometric: PhotometricOptions = PhotometricOptions()
    """Which pixels of those frames count, and what holds their metres; without weight none do."""
    judge: JudgeSettings = JudgeSettings()
    """Which frames judge, and when the run ends."""
    loop: LoopSettings = LoopSettings(steps=2000, batch_size=8, learning_rate=1e-4, decay="cosine")
    """The training loop. ``checkpoint_every`` is also how often the state is judged."""

    @property
    def anchor(self) -> StudentConfig:
        """The settings of the student's own losses, which hold on to what it knows."""
        shared = (
            "split",
            "cameras",
            "mix",
            "distillation_error",
            "ordinal_weight",
            "ordinal",
            "augmentation",
        )
        shared += ("consistency_weight", "min_speed", "loop")
        return StudentConfig(**{name: getattr(self, name) for name in shared}, consistency_start=0.0)


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
