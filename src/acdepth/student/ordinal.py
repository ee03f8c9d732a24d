"""L_r: in uncertain regions, the prior says which of two pixels is farther (ACDepth, section 3.4)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from acdepth.student.settings import OrdinalOptions

Map = Float[Tensor, "b 1 h w"]
Mask = Bool[Tensor, "b 1 h w"]

PARTNERS_PART = 0.05
"""Part of the rest from which the partners of local pairs come. Published code: 0.05 on both data sets."""


class Pairs(NamedTuple):
    """Pixel pairs of each image, as indices into the flattened image; a pixel with itself is none."""

    a: Int[Tensor, "b p"]
    b: Int[Tensor, "b p"]


class Ranking(NamedTuple):
    """L_r of pixel pairs, unreduced."""

    loss: Float[Tensor, "b p"]
    """0 where a pair has no order."""
    ordered: Bool[Tensor, "b p"]
    """Which pairs count."""


def discrepancy(student: Map, teacher: Map, on: str = "depth", counted: Mask | None = None) -> Map:
    """How far two inverse depths [1/m] differ, in 0..1; ``on`` as `OrdinalOptions.uncertainty_on`.

    Ranges are those of the ``counted`` pixels.
    """
    if on == "inverse_depth":
        student, teacher = _to_unit_range(student, counted), _to_unit_range(teacher, counted)
        return (student - teacher).abs() / (student + teacher).clamp(min=1e-6)
    # The ratio is the same on inverse depth but for rounding, which moves pixels across the quantile.
    depth_student, depth_teacher = 1 / student, 1 / teacher
    return (depth_student - depth_teacher).abs() / (depth_student + depth_teacher)


def uncertain_pixels(discrepancy: Map, quantile: float = 0.95, counted: Mask | None = None) -> Mask:
    """Each image's pixels at or above its own quantile of the discrepancy, among the ``counted`` ones."""
    if counted is None:
        threshold = upper_quantile(discrepancy.flatten(1), quantile)
    else:
        discrepancy = discrepancy.masked_fill(~counted, torch.nan)
        threshold = torch.nanquantile(discrepancy.flatten(1), quantile, dim=1)
    return discrepancy >= threshold.view(-1, 1, 1, 1)


def upper_quantile(values: Float[Tensor, "b n"], quantile: float) -> Float[Tensor, " b"]:
    """`torch.quantile` of each row, which sorts all of it: here only what is above is looked for."""
    rank = float(torch.tensor(quantile, dtype=values.dtype) * (values.shape[1] - 1))  # rounded as torch does
    above = values.topk(values.shape[1] - int(rank), dim=1, sorted=False).values
    low, high = (above.kthvalue(min(place, above.shape[1]), dim=1).values for place in (1, 2))
    return torch.where(above.isnan().any(1), torch.nan, low.lerp(high, rank - int(rank)))


def sample_local(uncertain: Mask, options: OrdinalOptions, generator: torch.Generator) -> Pairs:
    """Pairs of an uncertain pixel with one of the rest, the same number in each image.

    An image that is uncertain everywhere, because student and teacher agree on it exactly, has no rest; its
    partners are any pixels. One that is uncertain nowhere, because its depth is no number, is sampled
    everywhere, so that its loss is no number either and the run stops for that.
    """
    wanted = (1 - options.uncertain_quantile) * uncertain[0].numel() * options.local_part
    a, b = (_draw(side, max(1, round(wanted)), generator) for side in _sides(uncertain))
    return Pairs(a, b)


def sample_global(uncertain: Mask, options: OrdinalOptions, generator: torch.Generator) -> Pairs:
    """Pairs of two random pixels, the same number in each image."""
    pixels = uncertain[0].numel()
    shape = len(uncertain), max(1, round(pixels * options.global_part))
    a, b = (torch.randint(pixels, shape, generator=generator).to(uncertain.device) for _ in "ab")
    return Pairs(a, b)


def sample_local_from_part(uncertain: Mask, options: OrdinalOptions, generator: torch.Generator) -> Pairs:
    """As `sample_local`, but as published code: each uncertain pixel is kept with a probability, and all
    partners come from a random part of the others, which includes the uncertain ones that were not kept.

    Images differ in their number of pairs; the shorter ones end in pairs of the first pixel with itself.
    """
    uncertain_or_all, _ = _sides(uncertain)
    kept = _kept(uncertain_or_all.flatten(1).cpu(), options.local_part, generator)
    partners = _kept(~kept, PARTNERS_PART, generator)
    of_image = zip(_indices(kept), _indices(partners), strict=True)
    pairs = [_with_partners(chosen, rest, generator) for chosen, rest in of_image]
    a, b = (pad_sequence(list(one), batch_first=True) for one in zip(*pairs, strict=True))
    return Pairs(a.to(uncertain.device), b.to(uncertain.device))


def sample_global_in_rows(uncertain: Mask, options: OrdinalOptions, generator: torch.Generator) -> Pairs:
    """As `sample_global`, but as published code: the k-th pixels of two random masks, read row by row, are a
    pair, so that the two are in nearly the same row; and all images have the same pairs."""
    everywhere = torch.ones(1, uncertain[0].numel(), dtype=torch.bool)
    (a,), (b,) = (_indices(_kept(everywhere, options.global_part, generator)) for _ in "ab")
    shorter = min(len(a), len(b))
    return Pairs(*(one[:shorter].expand(len(uncertain), -1).to(uncertain.device) for one in (a, b)))


SAMPLES = {
    "uniform": {"local": sample_local, "global": sample_global},
    "published": {"local": sample_local_from_part, "global": sample_global_in_rows},
}
"""By `OrdinalOptions.sampling` and kind of pairs."""
KINDS = {"both": ("local", "global"), "local": ("local",), "global": ("global",)}
"""By `OrdinalOptions.pairs`."""


def order_labels(
    prior_a: Float[Tensor, "*shape"], prior_b: Float[Tensor, "*shape"], margin: float
) -> Float[Tensor, "*shape"]:
    """Which pixel of a pair is farther, from the prior's inverse depth (larger is nearer).

    Returns:
        +1 where a is farther, -1 where b is farther, 0 where the two differ by less than the margin or are
        both infinitely far. A ratio that equals the margin orders b, but not a, as in the published code.
    """
    # Of two zeros (sky) the ratio is NaN, which is on neither side of the margin.
    b_farther = prior_a / prior_b >= 1 + margin
    a_farther = prior_b / prior_a > 1 + margin
    return a_farther.to(prior_a.dtype) - b_farther.to(prior_a.dtype)


def agreed_labels(
    labels: Float[Tensor, "b p"], witness: Float[Tensor, "b n"], pairs: Pairs
) -> Float[Tensor, "b p"]:
    """The labels that a second opinion on the inverse depth shares; the others become 0."""
    theirs = order_labels(witness.gather(1, pairs.a), witness.gather(1, pairs.b), margin=0.0)
    return torch.where(theirs == labels, labels, 0)


def ranking_terms(
    a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"], labels: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """log(1 + exp(-label (a - b))) where there is a label, else 0; a and b grow with depth."""
    return F.softplus(-labels * (a - b)) * (labels != 0)


def window_mean(values: Map, side: int, zeros_beyond: bool = True) -> Map:
    """Mean over a square window around each pixel, with zeros beyond the border (as the published code does
    on depth), or over the window's pixels inside the image."""
    if side == 1:
        return values
    total = _WindowSum.apply(values, side)
    assert isinstance(total, Tensor)
    if zeros_beyond:
        return total / side**2
    return total / _window_sum(torch.ones_like(values[:1]), side)


class _WindowSum(torch.autograd.Function):
    """Sums over square windows of odd side, zero beyond the border: what goes back is summed likewise."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, side: int) -> Tensor:
        ctx.side = side
        return _window_sum(values, side)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _window_sum(gradients[0], ctx.side), None


def _window_sum(values: Tensor, side: int) -> Tensor:
    """First along rows, then along columns: 2 ``side`` additions instead of their square."""
    beyond, (height, width) = side // 2, values.shape[-2:]
    values = F.pad(values, (beyond, beyond, beyond, beyond))
    rows = values[..., :width].clone()
    for step in range(1, side):
        rows += values[..., step : step + width]
    total = rows[..., :height, :].clone()
    for step in range(1, side):
        total += rows[..., step : step + height, :]
    return total


@torch.no_grad()
def sample_pairs(
    student: Map,
    teacher: Map,
    options: OrdinalOptions,
    generator: torch.Generator,
    counted: Mask | None = None,
) -> list[Pairs]:
    """Pixel pairs to rank, of each kind that the options name, from inverse depths [1/m].

    The student's is of the mixed input, the teacher's of the clear image; the generator is on the CPU. Pixels
    that are not ``counted`` are never uncertain.
    """
    apart = discrepancy(student, teacher, options.uncertainty_on, counted)
    uncertain = uncertain_pixels(apart, options.uncertain_quantile, counted)
    samples = SAMPLES[options.sampling]
    return [samples[kind](uncertain, options, generator) for kind in KINDS[options.pairs]]


def ordinal_loss(
    student: Map,
    prior: Map,
    kinds: Sequence[Pairs],
    options: OrdinalOptions,
    witness: Map | None = None,
    counted: Mask | None = None,
) -> list[Ranking]:
    """L_r of each pair, times ``options.steepness``.

    Args:
        student: inverse depth of the mixed input [1/m].
        prior: relative inverse depth of the clear image.
        kinds: the pairs, from `sample_pairs`.
        options: margin, windows, what is compared.
        witness: inverse depth of a second opinion; pairs that it orders unlike the prior are left out.
        counted: pixels that count; pairs in whose windows another one lies have no order. None: all do.

    Returns:
        One for each kind of pairs.
    """
    on_student = options.window if options.window_on != "prior" else 1
    on_prior = options.window if options.window_on != "prediction" else 1
    # Beyond the border 0 is no depth at all, but as a logarithm it is 1 m, and as inverse depth the horizon.
    zeros_beyond = options.rank_on == "depth"
    ranked = options.steepness * _ranked(student, options.rank_on)
    ranked = window_mean(ranked, on_student, zeros_beyond).flatten(1)
    nearest = (prior if counted is None else prior * counted).amax((1, 2, 3), keepdim=True)
    known = prior >= options.least_prior * nearest
    if counted is not None:
        known = known & (F.max_pool2d((~counted).float(), options.window, 1, options.window // 2) == 0)
    known = known.flatten(1)
    prior = window_mean(prior, on_prior, zeros_beyond=False).flatten(1)
    found = []
    for pairs in kinds:
        labels = order_labels(prior.gather(1, pairs.a), prior.gather(1, pairs.b), options.margin)
        labels = labels * (known.gather(1, pairs.a) & known.gather(1, pairs.b) & (pairs.a != pairs.b))
        if witness is not None:
            labels = agreed_labels(labels, witness.flatten(1), pairs)
        loss = ranking_terms(ranked.gather(1, pairs.a), ranked.gather(1, pairs.b), labels)
        found.append(Ranking(loss, labels != 0))
    return found


def _ranked(inverse_depth: Map, rank_on: str) -> Map:
    if rank_on == "inverse_depth":
        return -inverse_depth
    return 1 / inverse_depth if rank_on == "depth" else -inverse_depth.log()


def _to_unit_range(inverse_depth: Map, counted: Mask | None) -> Map:
    left_out = torch.zeros_like(inverse_depth, dtype=torch.bool) if counted is None else ~counted
    low = inverse_depth.masked_fill(left_out, torch.inf).amin((2, 3), keepdim=True)
    high = inverse_depth.masked_fill(left_out, -torch.inf).amax((2, 3), keepdim=True)
    return (inverse_depth - low) / (high - low).clamp(min=1e-6)


def _sides(uncertain: Mask) -> tuple[Mask, Mask]:
    """From where the two pixels of a local pair come; see `sample_local`."""
    everywhere, nowhere = uncertain.flatten(1).all(1), ~uncertain.flatten(1).any(1)
    return uncertain | nowhere.view(-1, 1, 1, 1), ~uncertain | everywhere.view(-1, 1, 1, 1)


def _kept(pixels: Bool[Tensor, "b n"], part: float, generator: torch.Generator) -> Bool[Tensor, "b n"]:
    """Each of a mask's pixels is kept with probability ``part``; on the CPU."""
    return pixels & (torch.rand(pixels.shape, generator=generator) < part)


def _indices(pixels: Bool[Tensor, "b n"]) -> list[Tensor]:
    """Of each image, in row order."""
    return [row.nonzero().flatten() for row in pixels]


def _with_partners(chosen: Tensor, rest: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each chosen pixel of an image, and one of the rest; nothing if there is no rest."""
    if len(rest) == 0:
        return rest, rest
    return chosen, rest[torch.randint(len(rest), (len(chosen),), generator=generator)]


def _draw(among: Mask, count: int, generator: torch.Generator) -> Int[Tensor, "b p"]:
    """Pixels of each image's mask, each as likely as any other, whatever came before."""
    so_far = among.flatten(1).cumsum(1, dtype=torch.int32)
    drawn = torch.rand(len(among), count, generator=generator).to(among.device)
    which = (drawn * so_far[:, -1:]).int() + 1  # of those in the mask, from 1
    return torch.searchsorted(so_far, which.minimum(so_far[:, -1:]))
