"""What ``acdepth evaluate --pairs`` does beside or instead of measuring depth."""

from collections.abc import Collection, Sequence
from pathlib import Path

from acdepth.cli.say import say
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_set, hash_file
from acdepth.core.progress import progress
from acdepth.data.folder import NoFootageError
from acdepth.data.pairs import ask_frames
from acdepth.data.parts import open_part
from acdepth.evaluation.ordinal import AskedFrame, order_pairs
from acdepth.evaluation.ordinal_results import summarise_pairs
from acdepth.evaluation.pairs import read_pairs
from acdepth.evaluation.predict import Model
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.schema import OrdinalResults, PairsFile, Results, write_results
from acdepth.reports.ordinal import print_ordinal


def open_asked(
    pairs: Path | None, data: Path, split: str | None, cameras: tuple[str, ...]
) -> tuple[list[Clip], list[AskedFrame]]:
    """The footage, and the frames of it that there are pairs of; without a file of pairs, none.

    Raises:
        UserError: if there is no footage, or not all images that the pairs are of.
    """
    if pairs is None:
        return open_part(data, split, cameras), []
    points = read_pairs(pairs)
    try:
        footage = open_part(data, split, cameras)
    except NoFootageError:
        footage = []  # photographs in folders of folders, which the pairs name one by one
    asked = ask_frames(points, footage, data)
    known = {id(clip) for clip in footage}
    return (footage if id(asked[0].clip) in known else [one.clip for one in asked]), asked


def has_depth(footage: Sequence[Clip]) -> bool:
    """Whether any frame has measured depth."""
    return any(clip.depth(index) is not None for clip in footage for index in clip.targets())


def measure_pairs(
    pairs: Path,
    asked: Sequence[AskedFrame],
    footage: Sequence[Clip],
    models: Sequence[Model],
    protocol: Protocol,
    conditions: Collection[Condition],
    batch_size: int,
    seed: int,
) -> OrdinalResults:
    """What ``results.json`` says under ``ordinal``; unreadable images are told.

    Args:
        pairs: the file.
        asked: frames with pairs.
        footage: that counts under the wanted conditions; frames of other footage are passed over.
        models: as `order_pairs` has them.
        protocol: likewise.
        conditions: those that are reported.
        batch_size: images predicted at a time.
        seed: of the intervals.

    Raises:
        UserError: if there are no pairs of this footage.
    """
    counted = {id(clip) for clip in footage}
    chosen = [one for one in asked if id(one.clip) in counted]
    if not chosen:
        raise UserError(pairs, "has no pairs of images of these conditions", "give others to --conditions")
    unreadable: list[str] = []
    with progress("order pairs", len(chosen), unit="image") as advance:
        rows = order_pairs(models, chosen, protocol, advance, unreadable.append, batch_size)
    about = PairsFile(
        path=pairs.as_posix(),
        sha256=hash_file(pairs),
        found=sum(len(one.pairs) for one in asked),
        scored=sum(row.model == models[0].name for row in rows),
    )
    for warning in unreadable:
        say(warning)
    return summarise_pairs(rows, protocol, about, seed, conditions)


def write_pairs_alone(out: Path, former: Sequence[str], results: Results) -> None:
    """Write results without measured depth in the place of ``former`` ones (`atomic_set`), and print them."""
    with atomic_set(out, former) as fresh:
        write_results(fresh / "results.json", results)
    if results.ordinal:
        print_ordinal(results.ordinal)
    say(f"no measured depth, so no errors of depth; results in {out}")
