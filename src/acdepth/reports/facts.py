"""What must stand beside every table of results, wherever it is shown."""

from collections.abc import Mapping

from acdepth.core.condition import Condition
from acdepth.evaluation.bootstrap import FEWEST_SEQUENCES
from acdepth.evaluation.schema import Data, Results


def facts(results: Results) -> list[str]:
    """Protocol, data, counts and what the intervals cover, in short phrases, the protocol's name first."""
    clips = {
        condition.value: min(cell.sequences for cell in results.under(condition).values())
        for condition in results.conditions
    }
    counts = [f"{condition.value} {_counts(results, condition)}" for condition in results.conditions]
    return [
        *results.protocol.facts(),
        _data(results.data),
        ", ".join(counts),
        interval_words(clips, "sequence", results.protocol.interval_seed),
    ]


def interval_words(counts: Mapping[str, int], drawn: str, seed: int) -> str:
    """What the intervals cover, and which conditions have none.

    Args:
        counts: how many there are to draw from, by condition.
        drawn: what is drawn, one of it: ``sequence`` or ``drive``.
        seed: of the draws.
    """
    few = [condition for condition, count in counts.items() if count < FEWEST_SEQUENCES]
    if len(few) == len(counts):
        return f"no intervals: one {drawn} says nothing about another"
    none = f", none of {', '.join(few)}, which has one {drawn}" if few else ""
    return f"95 % intervals over {drawn}s{none}, seed {seed}"


def _data(data: Data | None) -> str:
    if data is None:
        return "data and split not recorded"
    split = "no splits" if data.split is None else f"split {data.split}"
    cameras = f", {' '.join(data.cameras)}" if data.cameras else ""
    styles = "".join(f", {count} of style {style}" for style, count in data.styles.items())
    return f"data {data.path} ({split}{cameras}, {_number(data.sequences, 'sequence')}{styles})"


def _counts(results: Results, condition: Condition) -> str:
    # Models are scored on the same frames; where they were not, the table must not hide it.
    found = dict.fromkeys((cell.images, cell.sequences) for cell in results.under(condition).values())
    return " or ".join(
        f"{_number(images, 'image')} of {_number(clips, 'sequence')}" for images, clips in found
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
