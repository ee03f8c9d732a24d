"""What votes add up to: parts with their 95 % intervals."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median_low

from acdepth.evaluation.binomial import Part, wilson
from acdepth.rating.pictures import Kind
from acdepth.rating.votes import Vote


@dataclass(frozen=True)
class Count:
    """Some answers of all of one sort."""

    count: int
    of: int

    @property
    def part(self) -> Part | None:
        """With its 95 % interval; None where there are no answers."""
        return wilson(self.count, self.of) if self.of else None


@dataclass(frozen=True)
class Tally:
    """How somebody, or all together, told real images from generated ones."""

    right: Count
    """Of all images, those taken for what they are; 0.5 is guessing."""
    generated_called_real: Count
    """Of the generated images, those taken for real."""
    real_called_real: Count
    """Of the real images, those taken for real: how readily the word is given at all."""
    seconds: float
    """Median per image."""


def tally(votes: Iterable[Vote]) -> Tally:
    """Add up some votes, at least one."""
    votes = list(votes)

    def called_real(truth: Kind) -> Count:
        of_kind = [vote for vote in votes if vote.truth is truth]
        return Count(sum(vote.vote is Kind.REAL for vote in of_kind), len(of_kind))

    return Tally(
        right=Count(sum(vote.right for vote in votes), len(votes)),
        generated_called_real=called_real(Kind.GENERATED),
        real_called_real=called_real(Kind.REAL),
        seconds=median_low(vote.seconds for vote in votes),
    )


def tally_raters(votes: Iterable[Vote]) -> dict[str, Tally]:
    """`tally` of each rater, in the order in which they began."""
    of_rater: dict[str, list[Vote]] = {}
    for vote in votes:
        of_rater.setdefault(vote.rater, []).append(vote)
    return {rater: tally(theirs) for rater, theirs in of_rater.items()}
