"""What the student learns by: L = L_d + l1 L_r + l2 L_c (ACDepth, section 3.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from acdepth.core.batches import MixBatch
from acdepth.core.condition import Condition
from acdepth.data.augment import AugmentSettings, augment
from acdepth.data.choice import FootageChoice
from acdepth.data.zoom import Zoom, ZoomSettings, draw_zoom
from acdepth.engine import LoopSettings, Task
from acdepth.networks.depth_net import DepthNet, DepthOutput
from acdepth.networks.frozen import frozen
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.consistency import consistency_loss
from acdepth.student.distillation import DistillationError, distillation_loss
from acdepth.student.ordinal import OrdinalOptions, ordinal_loss
from acdepth.student.uncertainty import UncertaintyWeights
from acdepth.student.zoomed import learn_inside, zoom_lesson

CONFLICTING = ("distillation", "ordinal")
"""The terms of L_d and L_r, which both say what depth should be, and not always the same."""


class StudentConfig(FootageChoice):
    """Settings of the student; the defaults are ACDepth's on nuScenes."""

    mix: dict[Condition, float] = Field(
        default={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0, Condition.RAIN: 1.0}
    )
    """Parts of the conditions in what the student sees. ACDepth: a third each; RobotCar: half clear, half
    night. With clear alone the student is a control that never saw bad weather."""
    start_from: Literal["teacher", "encoder", "scratch"] = "encoder"
    """Weights the student starts from: the teacher's (a departure, for short runs), an encoder as the teacher
    had one (ACDepth: ImageNet), or random ones."""
    encoder: Path | None = None
    """The encoder to start from, where ``start_from`` says so: ``shipped``, a file, or a name of the hub."""
    distillation_error: DistillationError = "relative"
    """What L_d counts: ``relative`` error of depth (ACDepth), or ``log``, which does not pull uncertain depth
    towards the camera."""
    ordinal_weight: float = Field(default=0.01, ge=0)
    """lambda_1, of L_r. ACDepth: 0.01; 0 leaves it out and needs no prior."""
    ordinal: OrdinalOptions = OrdinalOptions()
    """How L_r samples and compares."""
    conflict: Literal["none", "pcgrad", "dynamic"] = "none"
    """What is done about L_d and L_r pulling apart, beside ``ordinal.window``. ``none`` adds them, as the
    paper does; ``pcgrad`` takes out of each gradient what works against the other, on the parameters that
    both depend on (Yu et al., NeurIPS 2020); ``dynamic`` learns a factor on each of the two (Kendall et al.,
    CVPR 2018), which starts at 1. L_c is added in all three."""
    dynamic_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the ``dynamic`` factors, which change by about exp(learning rate) a step
    at most: in 450 steps at 5e-4 by a quarter, so that short runs need 10 or 20."""
    consistency_weight: float = Field(default=0.02, ge=0)
    """lambda_2, of L_c. ACDepth: 0.02."""
    consistency_start: float = Field(default=0.6, ge=0, le=1)
    """Part of the run after which L_c begins. ACDepth: after 15 of 25 epochs on nuScenes (0.6), 5 on
    RobotCar (0.2)."""
    augmentation: AugmentSettings = AugmentSettings()
    """Colour jitter and noise on the student's input, and only there."""
    zoom: ZoomSettings = ZoomSettings()
    """Images also seen through other lenses, for cameras unlike the training one. ACDepth: none."""
    prior_normalisation: Literal["own", "teacher"] = "own"
    """Mean and deviation of the prior's input: its ``own`` (Depth Anything: ImageNet's), or the teacher's, as
    in the published code."""
    teacher_batch_norm: Literal["eval", "train"] = "eval"
    """``train`` lets the frozen teacher use and update batch statistics, as the published code does."""
    min_speed: float | None = 0.5
    """Frames slower than this [m/s] are left out; null keeps all. ACDepth: 0.5."""
    loop: LoopSettings = LoopSettings(steps=47_000, gradient_clip=None)
    """The training loop. ACDepth: 25 epochs of two passes over 15,129 frames, batch 16, 5e-4."""

    @model_validator(mode="after")
    def _a_conflict_has_two_sides(self) -> Self:
        if self.conflict != "none" and self.ordinal_weight == 0:
            raise ValueError(f"conflict {self.conflict} is between L_d and L_r, but ordinal_weight is 0")
        return self

    @property
    def degraded(self) -> tuple[Condition, ...]:
        """Conditions of the mix that need translations."""
        return tuple(one for one, part in self.mix.items() if part > 0 and one != Condition.CLEAR)

    def published(self) -> Self:
        """The same run with every departure of the published code that is an option here."""
        return self.model_copy(
            update={
                "ordinal": self.ordinal.model_copy(update={"pooled": True}),
                "augmentation": self.augmentation.model_copy(update={"noise": "published"}),
                "prior_normalisation": "teacher",
                "teacher_batch_norm": "train",
            }
        )


class StudentTask(Task):
    """The student, and what it learns from: frozen teacher and prior, which see the clear image."""

    def __init__(
        self, config: StudentConfig, student: DepthNet, teacher: DepthNet, prior: DepthAnythingPrior | None
    ) -> None:
        super().__init__()
        self.config, self.student = config, student
        self.factors = UncertaintyWeights(CONFLICTING) if config.conflict == "dynamic" else None
        self.rates = {"factors.": config.dynamic_rate}
        self.projected = CONFLICTING if config.conflict == "pcgrad" else ()
        frozen(teacher)
        if config.teacher_batch_norm == "train":
            teacher.train()
        # In a tuple, because a submodule would be saved and put into training mode with the student.
        self.teachers = (teacher, prior)

    def to_device(self, device: torch.device) -> None:
        """Move the frozen networks."""
        for network in self.teachers:
            if network is not None:
                network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, batch: MixBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        teacher, prior = self.teachers
        assert teacher is not None
        zoom = self._draw_zoom(len(batch.clear), generator)
        with torch.no_grad():
            taught = teacher(batch.clear)
        if zoom is not None:
            batch, taught = zoom_lesson(zoom, batch, taught, teacher)
        learnt = self.student(augment(batch.mixed, generator, self.config.augmentation), batch.night)
        if zoom is not None:
            learnt = learn_inside(zoom, learnt, taught)
        with torch.autocast(batch.clear.device.type, enabled=False):
            error = self.config.distillation_error
            terms = {"distillation": distillation_loss(learnt.inverse_depths, taught.inverse_depths, error)}
            if prior is not None and self.config.ordinal_weight > 0:
                order = prior(batch.clear)
                ranking = ordinal_loss(
                    learnt.inverse_depths[0], taught.inverse_depths[0], order, self.config.ordinal, generator
                )
                terms["ordinal"] = self.config.ordinal_weight * ranking
            if self.factors is not None:
                terms = self.factors(terms)
        if self.config.consistency_weight > 0 and progress >= self.config.consistency_start:
            terms["consistency"] = self.config.consistency_weight * self._consistency(batch, learnt, taught)
        return terms

    def _draw_zoom(self, count: int, generator: torch.Generator) -> Zoom | None:
        return draw_zoom(count, generator, self.config.zoom) if self.config.zoom.probability > 0 else None

    def _consistency(self, batch: MixBatch, learnt: DepthOutput, taught: DepthOutput) -> Tensor:
        with torch.no_grad(), _untouched_statistics(self.student):
            clear = self.student.features(batch.clear)
        with torch.autocast(batch.clear.device.type, enabled=False):
            return consistency_loss(learnt.features, clear, taught.features, batch.degraded)


@contextmanager
def _untouched_statistics(network: nn.Module) -> Iterator[None]:
    """Normalise with batch statistics, but leave the running ones to the forward pass that is learnt from."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
