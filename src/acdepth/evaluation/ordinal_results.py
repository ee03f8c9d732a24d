"""What ``results.json`` says of pairs of points, under ``ordinal``."""

from collections.abc import Collection
from collections.abc import Sequence as Many
from typing import Any

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import (
    FEWEST_DRIVES,
    FEWEST_SEQUENCES,
    Interval,
    bootstrap_difference,
    bootstrap_means,
)
from acdepth.evaluation.ordinal import LOWER_IS_CLOSER, TIE_RATIO, PairRow
from acdepth.evaluation.pairs import Relation
from acdepth.evaluation.protocols import Protocol

DIGITS = 6


def summarise_pairs(
    rows: Many[PairRow],
    protocol: Protocol,
    seed: int = 0,
    conditions: Collection[Condition] = tuple(Condition),
) -> dict[str, Any]:
    """Per model and condition the part of the pairs ordered right, and WHDR where some pairs have no order.

    Intervals are drawn over sequences, or over images where there is one sequence only, which then say
    nothing about other drives; ``interval_over`` tells which. Of fewer than `FEWEST_DRIVES` of them there is
    none, its ends are None: where they happen to agree, it would have no width, as if nothing were unsure.

    Args:
        rows: as `order_pairs` gives them.
        protocol: under which conditions frames count.
        seed: of the intervals' resampling.
        conditions: those that are reported.
    """
    groups = protocol.group(rows, conditions)
    names = [model for model in groups if model != LOWER_IS_CLOSER]
    return {
        "interval_seed": seed,
        "tie_ratio": TIE_RATIO,
        "models": {
            model: {condition: _describe(some, seed) for condition, some in groups[model].items()}
            for model in names
        },
        "reference": {
            LOWER_IS_CLOSER: {
                condition: _describe(some, seed, with_ties=False)
                for condition, some in groups[LOWER_IS_CLOSER].items()
            }
        },
        "comparisons": {
            f"{model} vs {names[0]}": {
                condition: {"accuracy": _compare(some, groups[names[0]][condition], seed)}
                for condition, some in groups[model].items()
            }
            for model in names[1:]
        },
    }


def _describe(rows: Many[PairRow], seed: int, with_ties: bool = True) -> dict[str, Any]:
    ties = sum(row.relation is Relation.SAME for row in rows)
    over, groups = _groups(rows)
    table = np.array([[row.right, row.disagrees] for row in rows], np.float64)
    generator = make_generator(seed, "bootstrap")
    accuracy, whdr = bootstrap_means(table, groups, generator, fewest=FEWEST_DRIVES)
    return {
        "pairs": len(rows),
        "same": ties,
        "images": len({row.key for row in rows}),
        "sequences": len({row.clip for row in rows}),
        "interval_over": over,
        **({"accuracy": _plain(accuracy)} if ties < len(rows) else {}),
        **({"whdr": _plain(whdr)} if ties and with_ties else {}),
    }


def _compare(rows: Many[PairRow], baseline: Many[PairRow], seed: int) -> dict[str, float | None] | None:
    """Difference of two models on the same pairs, which are in the same order; None where no pair has one."""
    ours, theirs = (np.array([[row.right] for row in some], np.float64) for some in (rows, baseline))
    if not np.isfinite(ours).any():
        return None
    generator = make_generator(seed, "bootstrap")
    return _plain(bootstrap_difference(ours, theirs, _groups(rows)[1], generator, fewest=FEWEST_DRIVES)[0])


def _groups(rows: Many[PairRow]) -> tuple[str, np.ndarray]:
    """What is drawn again, and which of them each pair belongs to."""
    names = {"sequences": [row.clip for row in rows], "images": [row.key for row in rows]}
    over = "sequences" if len(set(names["sequences"])) >= FEWEST_SEQUENCES else "images"
    return over, np.unique(names[over], return_inverse=True)[1].astype(np.int64)


def _plain(interval: Interval) -> dict[str, float | None]:
    return {end: None if value is None else round(value, DIGITS) for end, value in interval._asdict().items()}
