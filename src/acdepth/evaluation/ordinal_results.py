"""What ``results.json`` says of pairs of points, under ``ordinal``."""

from collections.abc import Collection
from collections.abc import Sequence as Many
from typing import Literal

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import FEWEST_DRIVES, FEWEST_SEQUENCES, bootstrap_means
from acdepth.evaluation.ordinal import LOWER_IS_CLOSER, TIE_RATIO, PairRow
from acdepth.evaluation.pairs import Relation
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import Estimate, OrdinalResults, PairScores, PairsFile


def summarise_pairs(
    rows: Many[PairRow],
    protocol: Protocol,
    pairs: PairsFile,
    seed: int = 0,
    conditions: Collection[Condition] = tuple(Condition),
) -> OrdinalResults:
    """Per model and condition the part of the pairs ordered right, and WHDR where some pairs have no order.

    Intervals are drawn over sequences, or over images where there is one sequence only, which then say
    nothing about other drives; ``interval_over`` tells which. Of fewer than `FEWEST_DRIVES` of them there is
    none: where they happen to agree, it would have no width, as if nothing were unsure.
    """
    groups = protocol.group(rows, conditions)
    scores = {
        model: {
            Condition(name): _describe(some, seed, model != LOWER_IS_CLOSER) for name, some in found.items()
        }
        for model, found in groups.items()
    }
    reference = {LOWER_IS_CLOSER: scores.pop(LOWER_IS_CLOSER)}
    first, *others = scores
    return OrdinalResults(
        pairs=pairs,
        interval_seed=seed,
        tie_ratio=TIE_RATIO,
        models=scores,
        reference=reference,
        comparisons={
            f"{model} vs {first}": {
                Condition(name): {"accuracy": _compare(some, groups[first][name], seed)}
                for name, some in groups[model].items()
            }
            for model in others
        },
    )


def _describe(rows: Many[PairRow], seed: int, with_ties: bool) -> PairScores:
    ties = sum(row.relation is Relation.SAME for row in rows)
    over, groups = _groups(rows)
    table = np.array([[row.right, row.disagrees] for row in rows], np.float64)
    generator = make_generator(seed, "bootstrap")
    accuracy, whdr = bootstrap_means(table, groups, generator, fewest=FEWEST_DRIVES)
    return PairScores(
        pairs=len(rows),
        same=ties,
        images=len({row.key for row in rows}),
        sequences=len({row.clip for row in rows}),
        interval_over=over,
        **({"accuracy": Estimate.of(accuracy)} if ties < len(rows) else {}),
        **({"whdr": Estimate.of(whdr)} if ties and with_ties else {}),
    )


def _compare(rows: Many[PairRow], baseline: Many[PairRow], seed: int) -> Estimate | None:
    """Difference of two models on the same pairs, which are in the same order; None where no pair has one."""
    ours, theirs = (np.array([[row.right] for row in some], np.float64) for some in (rows, baseline))
    if not np.isfinite(ours).any():
        return None
    generator = make_generator(seed, "bootstrap")
    (found,) = bootstrap_means(ours - theirs, _groups(rows)[1], generator, fewest=FEWEST_DRIVES)
    return Estimate.of(found)


def _groups(rows: Many[PairRow]) -> tuple[Literal["sequences", "images"], np.ndarray]:
    """What is drawn again, and which of them each pair belongs to."""
    clips = [row.clip for row in rows]
    several = len(set(clips)) >= FEWEST_SEQUENCES
    numbers = np.unique(clips if several else [row.key for row in rows], return_inverse=True)[1]
    return "sequences" if several else "images", numbers.astype(np.int64)
