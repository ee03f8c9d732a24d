"""What must stand beside every table of results, wherever it is shown."""

from collections.abc import Iterable, Mapping

from acdepth.evaluation.bootstrap import FEWEST_SEQUENCES
from acdepth.evaluation.schema import Cell, Data, Results


def facts(results: Results) -> list[str]:
    """Protocol, data, counts and what the intervals cover, in short phrases, the protocol's name first."""
    cells = {of.value: results.under(of).values() for of in results.conditions}
    clips = {name: min(cell.sequences for cell in some) for name, some in cells.items()}
    return [
        *results.protocol.facts(),
        _data(results.data),
        ", ".join(f"{name} {_counts(some)}" for name, some in cells.items()),
        interval_words(clips, "sequence", results.protocol.interval_seed),
    ]


def interval_words(counts: Mapping[str, int], drawn: str, seed: int) -> str:
    """What the intervals cover, and which conditions have none for want of what is ``drawn``."""
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


def _counts(cells: Iterable[Cell]) -> str:
    # Models are scored on the same frames; where they were not, the table must not hide it.
    found = dict.fromkeys((_number(one.images, "image"), _number(one.sequences, "sequence")) for one in cells)
    return " or ".join(f"{images} of {clips}" for images, clips in found)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
