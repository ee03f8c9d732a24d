"""``ablation.json``: per variant and condition mean and spread over seeds, and paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.evaluation.ablation import (
    TEACHER,
    AblationResults,
    ByColumn,
    Difference,
    FrameCount,
    Spread,
    Variant,
)
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.repeats import Values, paired_changes, spread_over_seeds
from acdepth.evaluation.schema import Data, FrameRow, MeasuredBy
from acdepth.recipes.ablation.cell import Cell
from acdepth.recipes.ablation.config import AblationConfig

Content = TypeVar("Content")


@dataclass(frozen=True)
class Column:
    """One number per frame."""

    metric: str
    surface: str | None = None
    """Class of surface that it is over; None for all pixels."""

    def of(self, row: FrameRow) -> float:
        """NaN where the frame has none."""
        metrics = row.metrics if self.surface is None else row.classes.get(self.surface, {})
        return metrics.get(self.metric, float("nan"))


@dataclass(frozen=True)
class FrameSet:
    """The frames of one condition, the same for all cells."""

    keys: tuple[str, ...]
    clips: tuple[str, ...]

    def count(self) -> FrameCount:
        """How many there are."""
        return FrameCount(images=len(self.keys), sequences=len(set(self.clips)))

    def groups(self) -> np.ndarray:
        """(N,) number of each frame's sequence."""
        return np.unique(self.clips, return_inverse=True)[1].astype(np.int64)


Scores = dict[Condition, dict[str, dict[int | None, Values]]]
"""By condition, variant and seed: (N, M)."""


def summarise_cells(
    config: AblationConfig, protocol: Protocol, cells: Sequence[Cell], data: Data, missing: Sequence[str]
) -> AblationResults:
    """The content of ``ablation.json``, of the cells that are done; equal cells give equal content.

    Args:
        config: settings.
        protocol: of the measuring.
        cells: those that are done.
        data: that they were measured on.
        missing: titles of the others.

    Raises:
        UserError: if there is none, or they were measured on different frames.
    """
    if not cells:
        raise UserError(None, "no cell is done yet, so there is nothing to summarise")
    rows = {(cell.variant, cell.seed): cell.rows() for cell in cells}
    columns = _columns([row for some in rows.values() for row in some])
    places, scores = _arrange(rows, columns, protocol)
    names = dict.fromkeys([TEACHER, config.base, *config.variants])
    found = [name for name in names if name in {cell.variant for cell in cells}]
    seed = config.interval_seed
    return AblationResults(
        protocol=MeasuredBy(**protocol.to_dict(), facts=protocol.facts(), interval_seed=seed),
        base=config.base,
        seeds=config.seeds,
        order=tuple(found),
        conditions={condition: place.count() for condition, place in places.items()},
        variants={name: _variant(name, cells, scores, columns) for name in found},
        differences={
            baseline: _differences(scores, places, columns, baseline, seed)
            for baseline in (config.base, TEACHER)
            if baseline in found
        },
        data=data,
        changes=config.variants,
        missing=tuple(missing),
    )


def _variant(name: str, cells: Sequence[Cell], scores: Scores, columns: Sequence[Column]) -> Variant:
    seeds = [cell.seed for cell in cells if cell.variant == name and cell.seed is not None]
    values = {of.value: np.stack(list(some[name].values())) for of, some in scores.items()}
    spreads = {of: _spreads(some, columns) for of, some in values.items()}
    return Variant(**{"seeds": seeds, **spreads})


def _columns(rows: Sequence[FrameRow]) -> list[Column]:
    metrics = {name for row in rows for name in row.metrics}
    surfaces = sorted({name for row in rows for name in row.classes})
    ordered = [*METRICS, *sorted(metrics - set(METRICS))]
    return [*map(Column, ordered), *(Column("abs_rel", surface) for surface in surfaces)]


def _arrange(
    rows: Mapping[tuple[str, int | None], Sequence[FrameRow]], columns: Sequence[Column], protocol: Protocol
) -> tuple[dict[Condition, FrameSet], Scores]:
    places: dict[Condition, FrameSet] = {}
    scores: Scores = {}
    for (variant, seed), of_cell in rows.items():
        for condition in Condition:
            chosen = [row for row in of_cell if condition in protocol.conditions_of(row.condition)]
            if not chosen:
                continue
            place = FrameSet(tuple(row.key for row in chosen), tuple(row.sequence for row in chosen))
            if places.setdefault(condition, place) != place:
                where = f"{variant}, seed {seed}"
                raise UserError(where, "was measured on other frames than the other cells")
            values = np.array([[column.of(row) for column in columns] for row in chosen], dtype=np.float64)
            scores.setdefault(condition, {}).setdefault(variant, {})[seed] = values
    return {condition: places[condition] for condition in Condition if condition in places}, scores


def _spreads(values: Values, columns: Sequence[Column]) -> ByColumn[Spread]:
    found = []
    for spread in spread_over_seeds(values):
        mean, deviation, *of_seeds = map(_finite, (spread.mean, spread.deviation, *spread.of_seeds))
        found.append(Spread(mean=mean, deviation=deviation, of_seeds=tuple(of_seeds)))
    return _by_column(columns, found)


def _differences(
    scores: Scores, places: Mapping[Condition, FrameSet], columns: Sequence[Column], baseline: str, seed: int
) -> dict[str, dict[Condition, ByColumn[Difference]]]:
    """By variant and condition: its difference to the baseline over the seeds that both have."""
    found: dict[str, dict[Condition, ByColumn[Difference]]] = {}
    for condition, place in places.items():
        of_variants = scores[condition]
        for variant, of_seeds in of_variants.items():
            if variant == baseline or baseline not in of_variants:
                continue
            pair = _in_pairs(of_seeds, of_variants[baseline])
            if pair is not None:
                compared = _compare(*pair, place.groups(), columns, seed)
                found.setdefault(variant, {})[condition] = compared
    return found


def _in_pairs(
    ours: Mapping[int | None, Values], theirs: Mapping[int | None, Values]
) -> tuple[Values, Values] | None:
    """Both (S, N, M), seed beside seed; a teacher, which has no seed, stands beside each."""
    if None not in ours and None not in theirs:
        common = [seed for seed in ours if seed in theirs]
        ours, theirs = ({seed: some[seed] for seed in common} for some in (ours, theirs))
    return (np.stack(list(ours.values())), np.stack(list(theirs.values()))) if ours else None


def _compare(
    ours: Values, theirs: Values, groups: np.ndarray, columns: Sequence[Column], seed: int
) -> ByColumn[Difference]:
    changes = paired_changes(ours, theirs, groups, make_generator(seed, "bootstrap"))
    base = [spread.mean for spread in spread_over_seeds(theirs)]
    of_seeds = [spread.of_seeds for spread in spread_over_seeds(ours - theirs)]
    found = [
        Difference(
            **dict(zip(("difference", "low", "high"), map(_finite, difference), strict=True)),
            **dict(zip(("relative", "relative_low", "relative_high"), map(_finite, relative), strict=True)),
            of_seeds=tuple(_relative(value, mean) for value in seeds),
        )
        for (difference, relative), seeds, mean in zip(changes, of_seeds, base, strict=True)
    ]
    return _by_column(columns, found)


def _by_column(columns: Sequence[Column], contents: Sequence[Content]) -> ByColumn[Content]:
    pairs = list(zip(columns, contents, strict=True))
    return ByColumn(
        metrics={column.metric: content for column, content in pairs if column.surface is None},
        classes={column.surface: content for column, content in pairs if column.surface is not None},
    )


def _relative(value: float | None, mean: float) -> float | None:
    return None if value is None or not mean else _finite(value / mean)


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else value
