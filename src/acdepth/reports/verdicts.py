"""What the numbers allow to be said: an order is claimed only where an interval supports it."""

from dataclasses import dataclass
from enum import Enum

from acdepth.core.condition import Condition
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.evaluation.schema import Change, Estimate, Results


class Verdict(Enum):
    """How the error of one model stands to another's; the value is what tables say."""

    LOWER = "lower error"
    HIGHER = "higher error"
    NONE_SHOWN = "no difference shown"
    TOO_FEW = "too few drives to tell"


@dataclass(frozen=True)
class Comparison:
    """absRel of a model against a baseline under one condition."""

    condition: Condition
    change: Change
    """Relative to the baseline's mean: -0.3 is 30 % less error. Ends are None if frames were not paired."""
    verdict: Verdict
    overlap: bool
    """Whether the two models' own intervals overlap."""

    @property
    def by_pairing_only(self) -> bool:
        """Whether the order shows on the same frames although the models' own intervals overlap."""
        return self.overlap and self.verdict in (Verdict.LOWER, Verdict.HIGHER)


def compare(results: Results, model: str, baseline: str, condition: Condition) -> Comparison | None:
    """Compare two models under a condition; None where one of them was not evaluated under it.

    The interval of the paired difference decides where there is one: what makes a drive hard for both models
    cancels in it. Without it the two models' own intervals must be apart.
    """
    cells = results.under(condition)
    if model not in cells or baseline not in cells:
        return None
    ours, theirs = cells[model], cells[baseline]
    mine, base = ours.abs_rel, theirs.abs_rel
    change = results.change(model, baseline, condition)
    if change is None:
        if base.mean == 0:
            return None  # nothing is a part of no error
        verdict = _order(mine, base)
        change = Change(relative_change=mine.mean / base.mean - 1, low=None, high=None)
    else:
        verdict = verdict_of(change)
    if min(ours.sequences, theirs.sequences) < FEWEST_DRIVES:
        verdict = Verdict.TOO_FEW
    return Comparison(condition, change, verdict, _order(mine, base) is Verdict.NONE_SHOWN)


def verdict_of(change: Estimate) -> Verdict:
    """What the interval of a paired change allows to be said."""
    return _order(change, Estimate(mean=0.0, low=0.0, high=0.0))


def comparisons(results: Results, model: str, baseline: str) -> list[Comparison]:
    """`compare` under every condition that both were evaluated under."""
    found = (compare(results, model, baseline, condition) for condition in results.conditions)
    return [comparison for comparison in found if comparison]


def headlines(results: Results) -> list[str]:
    """Sentences about the last model against each other one, the baseline first."""
    subject, others = results.subject, results.model_order[:-1]
    if not others:
        return [f"One model was evaluated, {subject}: there is nothing to compare it with."]
    found = {other: comparisons(results, subject, other) for other in others}
    return [said for other, some in found.items() for said in _sentences(subject, other, some)]


def _sentences(subject: str, other: str, found: list[Comparison]) -> list[str]:
    def under(verdict: Verdict) -> list[Comparison]:
        return [comparison for comparison in found if comparison.verdict is verdict]

    sentences = [
        f"{_places(chosen)}: {subject} is {word} accurate than {other}, absRel {change} by {_sizes(chosen)}."
        + _pairing_note(chosen)
        for verdict, word, change in ((Verdict.LOWER, "more", "lower"), (Verdict.HIGHER, "less", "higher"))
        if (chosen := under(verdict))
    ]
    if chosen := under(Verdict.NONE_SHOWN):
        sentences.append(f"{_places(chosen)}: no difference shown between {subject} and {other}.")
    if chosen := under(Verdict.TOO_FEW):
        few = f"too few drives (fewer than {FEWEST_DRIVES})"
        sentences.append(f"{_places(chosen)}: {few}, so no order of {subject} and {other} is claimed.")
    return sentences


def _pairing_note(chosen: list[Comparison]) -> str:
    narrow = [comparison for comparison in chosen if comparison.by_pairing_only]
    said = "shown on the same frames; the two models' own intervals overlap."
    return f" ({_places(narrow)}: {said})" if narrow else ""


def _order(ours: Estimate, theirs: Estimate) -> Verdict:
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return Verdict.TOO_FEW
    if ours.high < theirs.low:
        return Verdict.LOWER
    return Verdict.HIGHER if ours.low > theirs.high else Verdict.NONE_SHOWN


def _places(chosen: list[Comparison]) -> str:
    return listed([comparison.condition.value for comparison in chosen]).capitalize()


def _sizes(chosen: list[Comparison]) -> str:
    return listed([f"{100 * abs(comparison.change.mean):.0f} %" for comparison in chosen])


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def signed_percent(part: float) -> str:
    """0.123 as ``+12 %``."""
    return f"{signed(part)} %"


def signed(part: float, digits: int | None = None) -> str:
    """0.123 as ``+12``, with a true minus sign; with one digit more where it is below half a per cent."""
    if digits is None:
        digits = 0 if abs(part) >= 0.005 else 1
    return f"{100 * part:+.{digits}f}".replace("-", "−")
