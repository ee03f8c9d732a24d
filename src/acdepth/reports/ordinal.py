"""How many pairs of points each model orders right, as a table."""

from collections.abc import Iterable

from rich.console import Console

from acdepth.core.condition import Condition
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.evaluation.schema import Estimate, OrdinalResults, PairScores
from acdepth.reports.table import Cell, Row, Table, change, number

WHDR_IN_WORDS = (
    "WHDR: of all pairs, those called by another of closer, farther and same (depths that differ by less "
    "than {:.0f} %)"
)


def print_ordinal(ordinal: OrdinalResults, console: Console | None = None) -> None:
    """Print what ``results.json`` says of pairs of points."""
    ordinal_table(ordinal).print(console or Console())


def ordinal_table(ordinal: OrdinalResults) -> Table:
    """A line per condition and model, and the rule below."""
    models = {**ordinal.models, **ordinal.reference}
    first = next(iter(ordinal.models))
    scores = [(condition, one) for of_model in models.values() for condition, one in of_model.items()]
    ties, compared = any(one.whdr for _, one in scores), bool(ordinal.comparisons)

    def cells(model: str, condition: Condition) -> tuple[Cell, ...]:
        found = models[model][condition]
        shown = [Cell(f"{found.pairs}"), Cell(f"{found.images}"), number(found.accuracy, 1, 100)]
        if ties:
            shown.append(number(found.whdr, 1, 100))
        if compared:
            difference = ordinal.comparisons.get(f"{model} vs {first}", {}).get(condition, {}).get("accuracy")
            shown.append(change(difference, 1) if difference else Cell(""))
        return tuple(shown)

    rows = []
    for condition in Condition:
        there = [model for model in models if condition in models[model]]
        for place, model in enumerate(there):
            labels = ("" if place else condition.value, model)
            rows.append(Row(labels, cells(model, condition), not place, model in ordinal.reference))
    counts = ordinal.pairs
    facts = [f"{counts.scored} of {counts.found} pairs of {counts.path}", _interval_words(scores)]
    facts += ["right: of the pairs with a closer point, those ordered so"]
    facts += ["lower is closer: the rule that needs no network"]
    numbers = ["pairs", "images", "right %"]
    if ties:
        facts.append(WHDR_IN_WORDS.format(100 * (ordinal.tie_ratio - 1)))
        numbers.append("WHDR %")
    if compared:
        facts.append("against: in points, on the same pairs")
        numbers.append(f"against {first}")
    title = "Pairs of points ordered as they are"
    return Table(title, ("condition", "model"), tuple(numbers), tuple(rows), ("; ".join(facts),))


def _interval_words(scores: Iterable[tuple[Condition, PairScores]]) -> str:
    """What intervals are drawn over, and which conditions have none."""
    scores = list(scores)
    over = {condition: one.interval_over for condition, one in scores if _has_interval(one)}
    few = dict.fromkeys(condition for condition, _ in scores if condition not in over)
    alone = [condition for condition, what in over.items() if what == "images"]
    said = []
    if over and not alone:
        said.append("95 % intervals over sequences")
    elif over:
        where = "" if len(alone) == len(over) else f"sequences, of {', '.join(alone)} over "
        said.append(f"95 % intervals over {where}images, as there is one sequence only")
    if few:
        where = f" of {', '.join(few)}" if over else ""
        said.append(f"no interval{where}: fewer than {FEWEST_DRIVES} sequences or images to draw")
    return "; ".join(said)


def _has_interval(scores: PairScores) -> bool:
    found: list[Estimate | None] = [scores.accuracy, scores.whdr]
    return any(one is not None and one.low is not None for one in found)
