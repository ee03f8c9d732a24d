"""What the student learns by: L = L_d + l1 L_r + l2 L_c (ACDepth, section 3.3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.core.batches import MixBatch
from acdepth.data.augment import augment
from acdepth.data.zoom import Zoom, draw_zoom
from acdepth.engine import Task, counted_mean, masked_mean
from acdepth.networks.depth_net import SCALES, DepthNet, DepthOutput
from acdepth.networks.settings import DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.losses import UncertaintyWeights, consistency_loss, distillation_loss
from acdepth.student.ordinal import ordinal_loss, sample_pairs
from acdepth.student.settings import DistillationError, OrdinalOptions, StudentConfig

CONFLICTING = ("distillation", "ordinal")
"""The terms of L_d and L_r, which both say what depth should be, and not always the same."""

STUDENT_FEATURES_WEIGHT = 1.0
"""In L_c, of the student's own clear features. Published code: 1.0."""
TEACHER_FEATURES_WEIGHT = 0.5
"""In L_c, of the teacher's features. Published code: 0.5."""


class StudentTask(Task):
    """The student, and what it learns from: frozen teacher and prior, which see the clear image.

    Without a ``teacher`` batches bring what one said that was asked before. It has no features to agree with,
    so that L_c is that of the student's own alone.
    """

    def __init__(
        self,
        config: StudentConfig,
        student: DepthNet,
        teacher: DepthNet | None,
        prior: DepthAnythingPrior | None,
    ) -> None:
        super().__init__()
        self.config, self.student = config, student
        self.factors = UncertaintyWeights(CONFLICTING) if config.conflict == "dynamic" else None
        self.rates = {"factors.": config.dynamic_rate}
        self.projected = CONFLICTING if config.conflict == "pcgrad" else ()
        if teacher is not None:
            teacher.train(config.teacher_batch_norm == "train").requires_grad_(False)
        self.teachers = (teacher, prior)
        self.beside = tuple(network for network in self.teachers if network is not None)
        self.at_rest = (student,) if config.batch_norm == "eval" else ()
        self.train()

    def forward(self, batch: MixBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        teacher, prior = self.teachers
        zoomed = self.config.zoom.probability > 0
        zoom = draw_zoom(len(batch.clear), generator, self.config.zoom) if zoomed else None
        with torch.no_grad():
            taught = told_before(batch) if teacher is None else teacher(batch.clear)
        if zoom is not None:
            batch, taught = zoom_lesson(zoom, batch, taught, teacher, (teacher or self.student).config)
        learnt = self.student(augment(batch.mixed, generator, self.config.augmentation), batch.night)
        if zoom is not None:
            learnt = learn_inside(zoom, learnt, taught)
        with torch.autocast(batch.clear.device.type, enabled=False):
            error = self.config.distillation_error
            depths = learnt.inverse_depths, taught.inverse_depths
            terms = {"distillation": mean_distillation(*depths, error, batch.counted)}
            if prior is not None and self.config.ordinal_weight > 0:
                ours, theirs = learnt.inverse_depths[0], taught.inverse_depths[0]
                options, counted = self.config.ordinal, batch.counted
                ranking = mean_ranking(ours, theirs, prior(batch.clear), options, generator, counted=counted)
                terms["ordinal"] = self.config.ordinal_weight * ranking
            if self.factors is not None:
                terms = self.factors(terms)
        if self.config.consistency_weight > 0 and progress >= self.config.consistency_start:
            terms["consistency"] = self.config.consistency_weight * self._consistency(batch, learnt, taught)
        return terms

    def _consistency(self, batch: MixBatch, learnt: DepthOutput, taught: DepthOutput) -> Tensor:
        kept = self.config.consistency_batch_norm == "keep"
        with torch.no_grad(), _untouched_statistics(self.student) if kept else nullcontext():
            clear = self.student.features(batch.clear)
        with torch.autocast(batch.clear.device.type, enabled=False):
            return mean_consistency(learnt.features, clear, taught.features, batch.degraded, batch.counted)


def told_before(batch: MixBatch) -> DepthOutput:
    """What a teacher said that was asked before, at the four scales of our own; it has no features."""
    if batch.taught is None:
        raise ValueError("a batch without labels needs a teacher")
    scales = (batch.taught, *(F.avg_pool2d(batch.taught, 2**level) for level in range(1, SCALES)))
    return DepthOutput(scales, ())


def mean_distillation(
    student: Sequence[Tensor],
    teacher: Sequence[Tensor],
    error: DistillationError = "relative",
    counted: Tensor | None = None,
) -> Tensor:
    """L_d: mean over (counted) pixels, and over the scales of inverse depth, which all weigh the same."""
    scales = []
    for ours, theirs in zip(student, teacher, strict=True):
        here = None if counted is None else shrunk(counted, ours.shape[-2:])
        scales.append(counted_mean(distillation_loss(ours, theirs, error), here))
    return torch.stack(scales).mean()


def shrunk(counted: Tensor, size: Sequence[int]) -> Tensor:
    """(B, 1, h, w) bool: the pixels of a coarser (height, width) that are made of counted ones alone."""
    return F.interpolate(counted.float(), tuple(size), mode="area") == 1


def mean_ranking(
    student: Tensor,
    teacher: Tensor,
    prior: Tensor,
    options: OrdinalOptions,
    generator: torch.Generator,
    witness: Tensor | None = None,
    counted: Tensor | None = None,
) -> Tensor:
    """L_r: the mean over local pairs plus that over global pairs, or one mean over both, or of one kind.

    `sample_pairs` and `ordinal_loss` say what the arguments are.
    """
    kinds = sample_pairs(student, teacher, options, generator, counted)
    rankings = ordinal_loss(student, prior, kinds, options, witness, counted)
    sums = torch.stack([ranking.loss.sum() / options.steepness for ranking in rankings])
    counts = torch.stack([ranking.ordered.sum() for ranking in rankings])
    if options.pooled:
        return sums.sum() / counts.sum().clamp(min=1)
    return (sums / counts.clamp(min=1)).sum()


def mean_consistency(
    mixed: Sequence[Tensor],
    clear: Sequence[Tensor],
    teacher: Sequence[Tensor],
    degraded: Tensor,
    counted: Tensor | None = None,
) -> Tensor:
    """L_c: degraded samples to both the student's and the teacher's clear features, clear ones to the latter.

    Args:
        mixed: student features of the mixed input, one tensor (B, C, h, w) per level.
        clear: student features of the clear twins, likewise.
        teacher: teacher features of the clear twins, likewise; none where it has none.
        degraded: (B,) bool: which mixed inputs are translations.
        counted: (B, 1, H, W) bool: pixels of the images that count; None where all do.
    """
    levels = None if counted is None else [shrunk(counted, one.shape[-2:]) for one in mixed]
    students = masked_mean(consistency_loss(mixed, clear, levels), degraded)
    if not teacher:
        return STUDENT_FEATURES_WEIGHT * students
    to_teacher = consistency_loss(mixed, teacher, levels)
    teachers = masked_mean(to_teacher, ~degraded) + masked_mean(to_teacher, degraded)
    return STUDENT_FEATURES_WEIGHT * students + TEACHER_FEATURES_WEIGHT * teachers


@torch.no_grad()
def zoom_lesson(
    zoom: Zoom, batch: MixBatch, taught: DepthOutput, teacher: DepthNet | None, range_of: DepthNetConfig
) -> tuple[MixBatch, DepthOutput]:
    """Batch of whole images, and what the teacher says of them, as seen through another lens.

    Depth is cut out and brought to the metres of the other lens, because the teacher knows the scale of the
    whole image only. Features have no such twin: they are the teacher's of the window.
    """
    counted = None if batch.counted is None else zoom.image((~batch.counted).float()) == 0
    windows = replace(batch, clear=zoom.image(batch.clear), mixed=zoom.image(batch.mixed), counted=counted)
    nearest, farthest = 1 / range_of.min_depth, 1 / range_of.max_depth
    depths = tuple(zoom.inverse_depth(scale, farthest, nearest) for scale in taught.inverse_depths)
    return windows, DepthOutput(depths, () if teacher is None else teacher.features(windows.clear))


def learn_inside(zoom: Zoom, learnt: DepthOutput, taught: DepthOutput) -> DepthOutput:
    """What the student says; beyond the image's edge the lesson itself, so that nothing is learnt there."""

    def inside(said: Tensor, lesson: Tensor) -> Tensor:
        return torch.where(zoom.inside(said), said, lesson.to(said.dtype))

    depths = map(inside, learnt.inverse_depths, taught.inverse_depths)
    return learnt._replace(inverse_depths=tuple(depths))


@contextmanager
def _untouched_statistics(network: nn.Module) -> Iterator[None]:
    """Normalise with batch statistics, but leave the running ones to the forward pass that is learnt from."""
    momenta = {norm: norm.momentum for norm in network.modules() if isinstance(norm, nn.BatchNorm2d)}
    for norm in momenta:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in momenta.items():
            norm.momentum = momentum
