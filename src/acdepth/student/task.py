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

    Batches may bring what one of these said that was asked before. A teacher is then looked at for its
    features alone, once L_c has begun; without a ``teacher`` there are none to agree with, and L_c is that of
    the student's own.
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
        zoomed = self.config.zoom.probability > 0
        zoom = draw_zoom(len(batch.clear), generator, self.config.zoom) if zoomed else None
        lesson, seen = self._lesson(batch)
        if zoom is not None:
            teacher, _ = self.teachers
            batch, lesson = zoom_lesson(zoom, batch, lesson, (teacher or self.student).config)
            seen = None
        learnt = self.student(augment(batch.mixed, generator, self.config.augmentation), batch.night)
        if zoom is not None:
            learnt = learn_inside(zoom, learnt, lesson)
        with torch.autocast(batch.clear.device.type, enabled=False):
            error = self.config.distillation_error
            terms = {"distillation": mean_distillation(learnt.inverse_depths, lesson, error, batch.counted)}
            if self.config.ordinal_weight > 0:
                ours, theirs, prior = learnt.inverse_depths[0], lesson[0], self._order(batch)
                options, counted = self.config.ordinal, batch.counted
                ranking = mean_ranking(ours, theirs, prior, options, generator, counted=counted)
                terms["ordinal"] = self.config.ordinal_weight * ranking
            if self.factors is not None:
                terms = self.factors(terms)
        if self.config.consistency_weight > 0 and progress >= self.config.consistency_start:
            terms["consistency"] = self.config.consistency_weight * self._consistency(batch, learnt, seen)
        return terms

    @torch.no_grad()
    def _lesson(self, batch: MixBatch) -> tuple[Sequence[Tensor], Sequence[Tensor] | None]:
        """What the teacher says of the clear images at four scales, and its features where it is asked."""
        if batch.taught is not None:
            return at_all_scales(batch.taught), None
        teacher, _ = self.teachers
        if teacher is None:
            raise ValueError("a batch without labels needs a teacher")
        return teacher(batch.clear)

    def _order(self, batch: MixBatch) -> Tensor:
        """What the prior says of the clear images."""
        if batch.prior is not None:
            return batch.prior
        _, prior = self.teachers
        if prior is None:
            raise ValueError("L_r needs a prior, or a batch that brings what it said")
        return prior(batch.clear)

    def _consistency(self, batch: MixBatch, learnt: DepthOutput, taught: Sequence[Tensor] | None) -> Tensor:
        """L_c; ``taught`` are the teacher's features if it was asked for depth already."""
        kept = self.config.consistency_batch_norm == "keep"
        with torch.no_grad(), _untouched_statistics(self.student) if kept else nullcontext():
            clear = self.student.features(batch.clear)
        if taught is None:
            teacher, _ = self.teachers
            with torch.no_grad():
                taught = () if teacher is None else teacher.features(batch.clear)
        with torch.autocast(batch.clear.device.type, enabled=False):
            return mean_consistency(learnt.features, clear, taught, batch.degraded, batch.counted)


def at_all_scales(taught: Sequence[Tensor]) -> Sequence[Tensor]:
    """What a teacher said that was asked before, at the four scales of our own."""
    if len(taught) == SCALES:
        return taught
    (full,) = taught
    return (full, *(F.avg_pool2d(full, 2**level) for level in range(1, SCALES)))


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
    zoom: Zoom, batch: MixBatch, lesson: Sequence[Tensor], range_of: DepthNetConfig
) -> tuple[MixBatch, Sequence[Tensor]]:
    """Batch of whole images, and what the teacher says of them, as seen through another lens.

    Depth is cut out and brought to the metres of the other lens, because the teacher knows the scale of the
    whole image only. Features have no such twin: they are to be the teacher's of the window.
    """
    counted = None if batch.counted is None else zoom.image((~batch.counted).float()) == 0
    windows = replace(batch, clear=zoom.image(batch.clear), mixed=zoom.image(batch.mixed), counted=counted)
    nearest, farthest = 1 / range_of.min_depth, 1 / range_of.max_depth
    return windows, tuple(zoom.inverse_depth(scale, farthest, nearest) for scale in lesson)


def learn_inside(zoom: Zoom, learnt: DepthOutput, lesson: Sequence[Tensor]) -> DepthOutput:
    """What the student says; beyond the image's edge the lesson itself, so that nothing is learnt there."""

    def inside(said: Tensor, wanted: Tensor) -> Tensor:
        return torch.where(zoom.inside(said), said, wanted.to(said.dtype))

    depths = map(inside, learnt.inverse_depths, lesson)
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
