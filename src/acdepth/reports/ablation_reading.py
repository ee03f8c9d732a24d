"""``ablation.json`` as values: what a table, a figure and a page show of an ablation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.reports.reading import Estimate
from acdepth.reports.verdicts import Verdict, judge_change

TEACHER = "teacher"


@dataclass(frozen=True)
class Difference:
    """absRel of a variant against another row, relative to the other's mean: -0.03 is 3 % less error."""

    change: Estimate
    of_seeds: tuple[float, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Entry:
    """One variant under one condition."""

    means: dict[str, float]
    """By metric, over images and seeds."""
    deviations: dict[str, float | None]
    """By metric, sample standard deviation between seeds; None for one seed."""
    to_base: Difference | None
    """None for the base itself, and where no seed is common."""
    to_teacher: Difference | None


@dataclass(frozen=True)
class Row:
    """One variant, or the teacher."""

    name: str
    seeds: int
    """Trainings that are done; 0 for the teacher."""
    entries: dict[Condition, Entry]


@dataclass(frozen=True)
class AblationResults:
    """The content of ``ablation.json``."""

    base: str
    seeds: tuple[int, ...]
    conditions: dict[Condition, tuple[int, int]]
    """Images and sequences."""
    rows: tuple[Row, ...]
    facts: tuple[str, ...]
    """Of the protocol and data, in short phrases."""
    changes: dict[str, dict[str, Any]]
    """Settings that each variant changes."""
    missing: tuple[str, ...]
    """Cells that are not done."""


def read_ablation(path: Path) -> AblationResults:
    """Read ``ablation.json``.

    Raises:
        UserError: if the file is missing or is no summary of an ablation.
    """
    content = read_json(path)
    try:
        return _parsed(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(path, f"not as expected ({error!r})", "run acdepth ablate again") from error


def _parsed(content: Any) -> AblationResults:
    conditions = {
        condition: (int(content["conditions"][condition]["images"]), clips)
        for condition in Condition
        if condition in content["conditions"]
        for clips in [int(content["conditions"][condition]["sequences"])]
    }
    return AblationResults(
        base=str(content["base"]),
        seeds=tuple(map(int, content["seeds"])),
        conditions=conditions,
        rows=tuple(_row(content, name, conditions) for name in content["order"]),
        facts=tuple(_facts(content, conditions)),
        changes=dict(content["changes"]),
        missing=tuple(map(str, content["missing"])),
    )


def _row(content: Any, name: str, conditions: dict[Condition, tuple[int, int]]) -> Row:
    of_variant = content["variants"][name]
    entries = {}
    for condition, (_, clips) in conditions.items():
        metrics = of_variant[condition]["metrics"]
        against = {
            other: _difference(content["differences"].get(other, {}), name, condition, clips)
            for other in (content["base"], TEACHER)
        }
        entries[condition] = Entry(
            means={metric: float(found["mean"]) for metric, found in metrics.items()},
            deviations={metric: found["deviation"] for metric, found in metrics.items()},
            to_base=against[content["base"]],
            to_teacher=against[TEACHER],
        )
    return Row(name, len(of_variant["seeds"]), entries)


def _difference(differences: Any, name: str, condition: Condition, clips: int) -> Difference | None:
    found = differences.get(name, {}).get(condition)
    if found is None:
        return None
    numbers = found["metrics"]["abs_rel"]
    change = Estimate(float(numbers["relative"]), numbers["relative_low"], numbers["relative_high"])
    verdict = Verdict.TOO_FEW if clips < FEWEST_DRIVES else judge_change(change)
    return Difference(change, tuple(map(float, numbers["of_seeds"])), verdict)


def _facts(content: Any, conditions: dict[Condition, tuple[int, int]]) -> list[str]:
    counts = [f"{one} {images} images of {drives} drives" for one, (images, drives) in conditions.items()]
    variants = [name for name in content["order"] if name not in (content["base"], TEACHER)]
    compared = len(variants) * len(conditions)
    return [
        *content["protocol"]["facts"],
        f"data {content['data']['path']}",
        ", ".join(counts),
        f"seeds {', '.join(map(str, content['seeds']))}; ± is the sample standard deviation between seeds",
        "in brackets 95 % intervals of the difference, paired over drives and seeds, seed "
        f"{content['protocol']['interval_seed']}",
        f"{compared} comparisons of variants: if none made any difference, about {round(compared / 20)} of "
        "them would be marked all the same",
    ]
