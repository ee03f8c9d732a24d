"""What the student learns by: L = L_d + l1 L_r + l2 L_c (ACDepth, section 3.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from acdepth.core.batches import MixBatch
from acdepth.data.augment import augment
from acdepth.data.zoom import Zoom, draw_zoom
from acdepth.engine import Task
from acdepth.networks.depth_net import DepthNet, DepthOutput
from acdepth.networks.frozen import frozen
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.losses import UncertaintyWeights, consistency_loss, distillation_loss
from acdepth.student.ordinal import ordinal_loss
from acdepth.student.settings import StudentConfig
from acdepth.student.zoomed import learn_inside, zoom_lesson

CONFLICTING = ("distillation", "ordinal")
"""The terms of L_d and L_r, which both say what depth should be, and not always the same."""


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
