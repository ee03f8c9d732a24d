"""L_r: in uncertain regions, the prior says which of two pixels is farther (ACDepth, section 3.4)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.student.settings import OrdinalOptions


class Pairs(NamedTuple):
    """Pixel pairs of each image, as indices into the flattened image."""

    a: Tensor
    """(B, P) int64."""
    b: Tensor
    """(B, P) int64."""


def discrepancy(student: Tensor, teacher: Tensor, on: str = "depth") -> Tensor:
    """How far student and teacher differ, in 0..1.

    Args:
        student: inverse depth (B, 1, H, W) [1/m].
        teacher: likewise.
        on: see `OrdinalOptions.uncertainty_on`.

    Returns:
        (B, 1, H, W).
    """
    if on == "inverse_depth":
        student, teacher = _to_unit_range(student), _to_unit_range(teacher)
        return (student - teacher).abs() / (student + teacher).clamp(min=1e-6)
    # The ratio is the same on inverse depth but for rounding, which moves pixels across the quantile.
    depth_student, depth_teacher = 1 / student, 1 / teacher
    return (depth_student - depth_teacher).abs() / (depth_student + depth_teacher)


def uncertain_pixels(discrepancy: Tensor, quantile: float = 0.95) -> Tensor:
    """(B, 1, H, W) bool: each image's pixels at or above its own quantile of the discrepancy."""
    threshold = torch.quantile(discrepancy.flatten(1), quantile, dim=1)
    return discrepancy >= threshold.view(-1, 1, 1, 1)


def sample_local(uncertain: Tensor, options: OrdinalOptions, generator: torch.Generator) -> Pairs:
    """Pairs of an uncertain pixel with one of the rest, the same number in each image.

    An image that is uncertain everywhere, because student and teacher agree on it exactly, has no rest; its
    partners are any pixels. One that is uncertain nowhere, because its depth is no number, is sampled
    everywhere, so that its loss is no number either and the run stops for that.
    """
    pixels = uncertain[0].numel()
    wanted = (1 - options.uncertain_quantile) * pixels * options.local_part
    everywhere, nowhere = uncertain.flatten(1).all(1), ~uncertain.flatten(1).any(1)
    rest = ~uncertain | everywhere.view(-1, 1, 1, 1)
    return _sample(uncertain | nowhere.view(-1, 1, 1, 1), rest, max(1, round(wanted)), generator)


def sample_global(uncertain: Tensor, options: OrdinalOptions, generator: torch.Generator) -> Pairs:
    """Pairs of two random pixels, the same number in each image."""
    count = max(1, round(uncertain[0].numel() * options.global_part))
    everywhere = torch.ones_like(uncertain)
    return _sample(everywhere, everywhere, count, generator)


SAMPLES = {
    "both": (sample_local, sample_global),
    "local": (sample_local,),
    "global": (sample_global,),
}
"""By `OrdinalOptions.pairs`."""


def order_labels(prior_a: Tensor, prior_b: Tensor, margin: float) -> Tensor:
    """Which pixel of a pair is farther, from the prior's inverse depth (larger is nearer).

    Returns:
        +1 where a is farther, -1 where b is farther, 0 where the two differ by less than the margin or are
        both infinitely far. A ratio that equals the margin orders b, but not a, as in the published code.
    """
    # Of two zeros (sky) the ratio is NaN, which is on neither side of the margin.
    b_farther = prior_a / prior_b >= 1 + margin
    a_farther = prior_b / prior_a > 1 + margin
    return a_farther.to(prior_a.dtype) - b_farther.to(prior_a.dtype)


def agreed_labels(labels: Tensor, witness: Tensor, pairs: Pairs) -> Tensor:
    """The labels (B, P) that a second opinion, inverse depth (B, N), shares; the others become 0."""
    theirs = order_labels(witness.gather(1, pairs.a), witness.gather(1, pairs.b), margin=0.0)
    return torch.where(theirs == labels, labels, 0)


def ranking_terms(a: Tensor, b: Tensor, labels: Tensor) -> Tensor:
    """log(1 + exp(-label (a - b))) where there is a label, else 0; a and b grow with depth."""
    return F.softplus(-labels * (a - b)) * (labels != 0)


def window_mean(values: Tensor, side: int) -> Tensor:
    """Mean over a square window with zeros beyond the border, (B, 1, H, W) -> (B, 1, H, W)."""
    return values if side == 1 else F.avg_pool2d(values, side, 1, side // 2)


def ordinal_loss(
    student: Tensor,
    teacher: Tensor,
    prior: Tensor,
    options: OrdinalOptions,
    generator: torch.Generator,
    witness: Tensor | None = None,
) -> Tensor:
    """L_r of one batch.

    Args:
        student: inverse depth (B, 1, H, W) [1/m] of the mixed input.
        teacher: inverse depth (B, 1, H, W) [1/m] of the clear image.
        prior: relative inverse depth (B, 1, H, W) of the clear image.
        options: counts, margin, what is compared.
        generator: on the CPU.
        witness: inverse depth (B, 1, H, W) of a second opinion; pairs that it puts into the other order than
            the prior are left out. None believes the prior.

    Returns:
        Scalar: the mean over local pairs plus that over global pairs, or one mean over both, or of one kind.
    """
    with torch.no_grad():
        uncertain = uncertain_pixels(
            discrepancy(student, teacher, options.uncertainty_on), options.uncertain_quantile
        )
        kinds = [sample(uncertain, options, generator) for sample in SAMPLES[options.pairs]]
    compared = options.steepness * _ranked(student, options.rank_on)
    of_prediction, of_prior = _windows(options)
    ranked = window_mean(compared, of_prediction).flatten(1)
    counted = (prior >= options.least_prior * prior.amax((1, 2, 3), keepdim=True)).flatten(1)
    prior = window_mean(prior, of_prior).flatten(1)
    sums, counts = [], []
    for pairs in kinds:
        labels = order_labels(prior.gather(1, pairs.a), prior.gather(1, pairs.b), options.margin)
        labels = labels * (counted.gather(1, pairs.a) & counted.gather(1, pairs.b))
        if witness is not None:
            labels = agreed_labels(labels, witness.flatten(1), pairs)
        terms = ranking_terms(ranked.gather(1, pairs.a), ranked.gather(1, pairs.b), labels)
        sums.append(terms.sum() / options.steepness)
        counts.append((labels != 0).sum())
    total, counted_pairs = torch.stack(sums), torch.stack(counts)
    if options.pooled:
        return total.sum() / counted_pairs.sum().clamp(min=1)
    return (total / counted_pairs.clamp(min=1)).sum()


def _windows(options: OrdinalOptions) -> tuple[int, int]:
    """Sides of the windows on the prediction and on the prior [px]."""
    on_prediction, on_prior = options.window_on != "prior", options.window_on != "prediction"
    return options.window if on_prediction else 1, options.window if on_prior else 1


def _ranked(inverse_depth: Tensor, rank_on: str) -> Tensor:
    if rank_on == "inverse_depth":
        return -inverse_depth
    return 1 / inverse_depth if rank_on == "depth" else -inverse_depth.log()


def _to_unit_range(inverse_depth: Tensor) -> Tensor:
    low, high = inverse_depth.amin((2, 3), keepdim=True), inverse_depth.amax((2, 3), keepdim=True)
    return (inverse_depth - low) / (high - low).clamp(min=1e-6)


def _sample(among_a: Tensor, among_b: Tensor, count: int, generator: torch.Generator) -> Pairs:
    def draw(among: Tensor) -> Tensor:
        weights = among.flatten(1).float().cpu()
        return torch.multinomial(weights, count, replacement=True, generator=generator).to(among.device)

    return Pairs(draw(among_a), draw(among_b))
