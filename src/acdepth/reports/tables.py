"""The tables of ``results.json``: errors, depth edges, classes, confidence, corruptions."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from acdepth.core.errors import UserError
from acdepth.evaluation import schema
from acdepth.evaluation.schema import CorruptionMeans, CorruptionResults, Results
from acdepth.reports.facts import facts
from acdepth.reports.table import MARKS, Cell, Table, change, grouped, number, percent, print_notes
from acdepth.reports.verdicts import compare

ALL_KINDS = "all kinds"
SHOWN = (1.0, 0.8, 0.5)
"""Parts of the pixels, the most confident ones, whose error stands in the table."""
VERDICTS = "; ".join(f"{mark} {verdict.value}" for verdict, mark in MARKS.items())
EDGES = (
    "Precision: steps of predicted depth that are within a pixel of a true one; recall: true ones that are "
    "predicted; F: both in one number. Means over steps of 5 to 25 %."
)
CONFIDENCE = (
    "AUSE: area between the curve of the surest pixels' absRel and that of the truly best ones; 0 is "
    "perfect. Better: than a constant; near: the same of trusting what is near."
)
CORRUPTIONS = (
    "mCE: mean over kinds of the error, absRel and d1 in one, relative to the baseline's; mRR: what a model "
    "keeps of its accuracy on clear images."
)


def read_depth_results(path: Path) -> Results:
    """Read ``results.json``.

    Raises:
        UserError: if it is missing or malformed, or holds no errors of depth.
    """
    results = Results.read(path)
    if not results.models:
        raise UserError(path, "holds no errors of depth", "evaluate on footage with measured depth")
    return results


def print_results(path: Path, console: Console | None = None) -> None:
    """Print the tables of ``results.json``, and what must stand beside them.

    Raises:
        UserError: as `read_depth_results`.
    """
    results = read_depth_results(path)
    console = console or Console()
    confidence = confidence_table(results)
    for table in [*depth_tables(results), *([confidence] if confidence else [])]:
        table.print(console)
    print_notes(console, ["; ".join(facts(results))])
    if results.corruptions:
        for table in corruption_tables(results.corruptions, results.model_order):
            console.print()
            table.print(console)


def depth_tables(results: Results) -> list[Table]:
    """Errors; and edges and classes, where there are any."""
    return [table for table in (_errors(results), _edges(results), _classes(results)) if table]


def corruption_tables(corruptions: CorruptionResults, models: Sequence[str]) -> list[Table]:
    """Means over kinds, and every kind; ``models`` in their order."""
    found = {model: corruptions.models[model] for model in models if model in corruptions.models}
    first = found[corruptions.baseline] if corruptions.baseline in found else next(iter(found.values()))
    kinds = corruptions.kind_order
    groups = list(dict.fromkeys(first.kinds[kind].group for kind in kinds))

    def means(of: Callable[[schema.CorruptedModel], CorruptionMeans]) -> list[tuple[str, list[Cell]]]:
        return [(name, [number(of(one).mce, 1), number(of(one).mrr, 1)]) for name, one in found.items()]

    over_kinds = [(ALL_KINDS, means(lambda one: one))]
    over_kinds += [(group, means(lambda one, group=group: one.groups[group])) for group in groups]
    of_kinds = [
        (kind, [(name, _of_kind(one.kinds[kind])) for name, one in found.items()])
        for group in groups
        for kind in kinds
        if first.kinds[kind].group == group
    ]
    severities = [f"absRel {corruptions.severities[0]}", *map(str, corruptions.severities[1:])]
    numbers = ("CE ↓ %", "RR ↑ %", *severities)
    labels, notes = ("kind", "model"), ("; ".join(_corruption_facts(corruptions, found)), CORRUPTIONS)
    return [
        Table("Corruptions", labels, ("mCE ↓ %", "mRR ↑ %"), grouped(over_kinds), notes),
        Table("Corruptions by kind, absRel by severity", labels, numbers, grouped(of_kinds)),
    ]


def _errors(results: Results) -> Table:
    several = len(results.model_order) > 1
    numbers = ("absRel ↓", "RMSE ↓ m", "d1 ↑ %", *([f"% vs {results.baseline}"] if several else []))

    def cells(model: str, condition: schema.Condition, cell: schema.Cell) -> list[Cell]:
        shown = [number(cell.abs_rel, 3), number(cell.rmse, 2, interval=False)]
        shown.append(number(cell.d1, 1, 100, interval=False))
        if several:
            base = results.baseline
            found = None if model == base else compare(results, model, base, condition)
            star = "*" if found and found.by_pairing_only else ""
            shown.append(change(found.change, None, found.verdict, star) if found else Cell(""))
        return shown

    note = f"{VERDICTS}; * on the same frames, own intervals overlap" if several else ""
    return _per_cell(results, "Depth errors per condition", numbers, cells, note)


def _per_cell(
    results: Results,
    title: str,
    numbers: Sequence[str],
    cells: Callable[[str, schema.Condition, schema.Cell], list[Cell]],
    note: str = "",
) -> Table:
    """A line per condition and model; without those of which there are no cells."""
    groups = []
    for of in results.conditions:
        shown = [(model, cells(model, of, cell)) for model, cell in results.under(of).items()]
        groups.append((of.value, [(model, some) for model, some in shown if some]))
    return Table(title, ("condition", "model"), tuple(numbers), grouped(groups), (note,) if note else ())


def _edges(results: Results) -> Table | None:
    if not any(cell.edge_f for cell in _cells(results)):
        return None

    def cells(model: str, condition: schema.Condition, cell: schema.Cell) -> list[Cell]:
        parts = (cell.edge_precision, cell.edge_recall)
        return [number(cell.edge_f, 3), *(number(part, 3, interval=False) for part in parts)]

    return _per_cell(results, "Depth edges", ("edge F ↑", "precision ↑", "recall ↑"), cells, EDGES)


def _classes(results: Results) -> Table | None:
    names = sorted({name for cell in _cells(results) for name in cell.classes})

    def cells(model: str, condition: schema.Condition, cell: schema.Cell) -> list[Cell]:
        return [number(cell.classes[name].abs_rel if name in cell.classes else None, 3) for name in names]

    return _per_cell(results, "absRel ↓ per class", names, cells) if names else None


def confidence_table(results: Results) -> Table | None:
    """AUSE, and errors at some coverages; None where no model has a confidence."""
    if not any(cell.confidence for cell in _cells(results)):
        return None

    def cells(model: str, condition: schema.Condition, cell: schema.Cell) -> list[Cell]:
        if not (found := cell.confidence):
            return []
        return [
            number(found.ause, 3, interval=False),
            number(found.ause_constant, 3, interval=False),
            percent(found.improvement),
            percent(found.improvement_of_nearness),
            *(Cell(f"{found.abs_rel_of(part):.3f}") for part in SHOWN),
        ]

    source = results.confidence.in_words if results.confidence else ""
    parts = tuple(f"absRel\n{100 * part:.0f} %" for part in SHOWN)
    numbers = ("AUSE ↓", "constant", "better %", "near %", *parts)
    return _per_cell(results, f"Confidence: {source}", numbers, cells, CONFIDENCE)


def _cells(results: Results) -> list[schema.Cell]:
    return [cell for condition in results.conditions for cell in results.under(condition).values()]


def _of_kind(kind: schema.KindErrors) -> list[Cell]:
    ratios = [number(kind.ce, 1, interval=False), number(kind.rr, 1, interval=False)]
    return ratios + [Cell(f"{value:.3f}") for value in kind.abs_rel]


def _corruption_facts(found: CorruptionResults, models: dict[str, schema.CorruptedModel]) -> list[str]:
    clean = ", ".join(f"{name} {one.clean.abs_rel:.3f}" for name, one in models.items())
    sure = any(ratio.low is not None for one in models.values() for ratio in (one.mce, one.mrr))
    return [
        f"corruptions of version {found.version}, {len(found.kind_order)} kinds",
        _corrupted_size(found, models),
        f"{found.images} clear images of {found.sequences} sequences",
        *([f"one frame in {found.every}"] if found.every > 1 else []),
        f"CE relative to {found.baseline}",
        f"absRel of the same images as they were: {clean}",
        *([f"95 % intervals over sequences, seed {found.interval_seed}"] if sure else []),
    ]


def _corrupted_size(found: CorruptionResults, models: dict[str, schema.CorruptedModel]) -> str:
    """What came first, resizing or corruption, and the sizes: two orders do not belong in one table."""
    sizes = [", ".join(f"{height}x{width}" for height, width in one.sizes) for one in models.values()]
    names = [f"{name} " for name in models] if len(set(sizes)) > 1 else [""]
    told = "; ".join(f"{name}{size}" for name, size in zip(names, sizes, strict=False) if size)
    order = {"input": "after they were brought to the network's size", "image": "at the images' own size"}
    return " ".join(["corrupted", order.get(found.corrupted_at, "at the size that was given"), told]).strip()
