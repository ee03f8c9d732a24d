"""What corruptions do to depth: for a terminal, and as rows for the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from acdepth.core.files import read_json
from acdepth.reports.reading import Estimate, estimate, number, parsed
from acdepth.reports.terminal import escaped, open_table

ALL_KINDS = "all kinds"


@dataclass(frozen=True)
class Row:
    """A model in one kind, or over several."""

    name: str
    """Of the kind; of the group, or `ALL_KINDS`."""
    model: str
    first: bool
    """Whether it is the first model of its kind or group."""
    error: Estimate | None
    """CE, or mCE [%]; None where the baseline makes no error."""
    resilience: Estimate | None
    """RR, or mRR [%]; None where there is no accuracy to keep."""
    abs_rel: tuple[float, ...] = ()
    """By severity; empty for a mean over kinds."""


@dataclass(frozen=True)
class Corruptions:
    """What ``results.json`` holds of them."""

    severities: tuple[int, ...]
    facts: tuple[str, ...]
    """What must stand beside the numbers."""
    means: tuple[Row, ...]
    """Over all kinds, then over each group."""
    groups: dict[str, tuple[Row, ...]]
    """The kinds of each group."""

    @property
    def rows(self) -> list[Row]:
        """All of them, means first."""
        return [*self.means, *(row for rows in self.groups.values() for row in rows)]


def read_corruptions(path: Path) -> Corruptions | None:
    """Read them from ``results.json``; None where none were asked for.

    Raises:
        UserError: if the file is missing or what it holds is malformed.
    """
    return parsed(path, read_json(path), _corruptions)


def corruption_tables(corruptions: Corruptions) -> list[Table]:
    """Means over kinds with their intervals, and every kind."""
    means = _begin("Corruptions", ("mCE ↓ % [95 %]", "mRR ↑ % [95 %]"))
    for row in corruptions.means:
        if row.first:
            means.add_section()
        numbers = with_interval(row.error), with_interval(row.resilience)
        means.add_row(*_named(row), *map(escaped, numbers))
    headings = [f"absRel {corruptions.severities[0]}", *map(str, corruptions.severities[1:])]
    kinds = _begin("Corruptions by kind, absRel by severity", ("CE ↓ %", "RR ↑ %", *headings))
    for rows in corruptions.groups.values():
        kinds.add_section()
        for row in rows:
            abs_rel = (f"{value:.3f}" for value in row.abs_rel)
            kinds.add_row(*_named(row), percent(row.error), percent(row.resilience), *abs_rel)
    return [means, kinds]


def percent(value: Estimate | None) -> str:
    """``104.2``; a dash where there is none."""
    return "–" if value is None else f"{value.mean:.1f}"


def with_interval(value: Estimate | None) -> str:
    """``104.2 [98.1–110.0]``; only the mean where there is no interval, or nothing to be unsure of."""
    if value is None or value.low is None or value.high is None or value.low == value.high:
        return percent(value)
    return f"{value.mean:.1f} [{value.low:.1f}–{value.high:.1f}]"


def _begin(title: str, columns: tuple[str, ...]) -> Table:
    table = open_table(title, padding=(0, 1, 0, 0))
    table.add_column("kind", style="bold", no_wrap=True)
    table.add_column("model")
    for column in columns:
        table.add_column(escaped(column), justify="right", no_wrap=True)
    return table


def _named(row: Row) -> tuple[str, str]:
    return row.name if row.first else "", row.model


def _corruptions(content: Any) -> Corruptions | None:
    if "corruptions" not in content:
        return None
    found = content["corruptions"]
    models = {str(name): found["models"][name] for name in content["model_order"]}
    about = found["models"][found["baseline"]]
    groups: dict[str, list[str]] = {}
    for kind in found["kind_order"]:
        groups.setdefault(str(about["kinds"][kind]["group"]), []).append(kind)
    means = list(_means(ALL_KINDS, models))
    for group in groups:
        means += _means(group, {model: of_model["groups"][group] for model, of_model in models.items()})
    return Corruptions(
        severities=tuple(int(severity) for severity in found["severities"]),
        facts=tuple(_facts(found, models)),
        means=tuple(means),
        groups={group: tuple(_of_kinds(kinds, models)) for group, kinds in groups.items()},
    )


def _means(name: str, models: Mapping[str, Any]) -> Iterator[Row]:
    for place, (model, content) in enumerate(models.items()):
        yield Row(name, model, place == 0, _known(content["mce"]), _known(content["mrr"]))


def _of_kinds(kinds: Sequence[str], models: Mapping[str, Any]) -> Iterator[Row]:
    for kind in kinds:
        for place, (model, content) in enumerate(models.items()):
            of_kind = content["kinds"][kind]
            abs_rel = tuple(map(number, of_kind["abs_rel"]))
            yield Row(kind, model, place == 0, _known(of_kind["ce"]), _known(of_kind["rr"]), abs_rel)


def _known(content: Any) -> Estimate | None:
    return None if content["mean"] is None else estimate(content)


def _facts(found: Any, models: Mapping[str, Any]) -> Iterator[str]:
    yield f"corruptions of version {found['version']}, {len(found['kind_order'])} kinds"
    yield f"{found['images']} clear images of {found['sequences']} sequences"
    if found["every"] > 1:
        yield f"one frame in {found['every']}"
    yield f"CE relative to {found['baseline']}"
    clean = (f"{model} {number(content['clean']['abs_rel']):.3f}" for model, content in models.items())
    yield f"absRel of the same images as they were: {', '.join(clean)}"
    if any(content[name]["low"] is not None for content in models.values() for name in ("mce", "mrr")):
        yield f"95 % intervals over sequences, seed {found['interval_seed']}"
