"""One evaluation: from models, footage and a protocol to rows, summary, examples and files.

The verb, the recipes and the ablation all measure through `run`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from acdepth.core.clip import Clip, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_set, hash_file, inside
from acdepth.core.progress import progress
from acdepth.core.share import ALL, Share
from acdepth.evaluation.corruptions.benchmark import SHEET, Benchmark, run_benchmark
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.examples import EXAMPLE_FILES, export_examples
from acdepth.evaluation.frames import TrueFrame
from acdepth.evaluation.ordinal import AskedFrame, order_pairs
from acdepth.evaluation.ordinal_results import summarise_pairs
from acdepth.evaluation.predict import Answer, Model, NetworkModel
from acdepth.evaluation.protocols import Protocol
from acdepth.evaluation.results import summarise
from acdepth.evaluation.schema import (
    ConfidenceSource,
    FrameCounts,
    FrameRow,
    OrdinalResults,
    PairsFile,
    Results,
    write_results,
    write_rows,
)
from acdepth.evaluation.stored import FACTS_FILE, Keeper, StoredModel
from acdepth.inference.model import CONFIDENCE_IN_WORDS

RESULTS_FILE, FRAMES_FILE, PREDICTIONS = "results.json", "frames.jsonl", "predictions"
WRITTEN = (
    RESULTS_FILE,
    "report.html",
    FRAMES_FILE,
    *(f"examples/{name}" for name in (SHEET, *EXAMPLE_FILES)),
)
"""What an evaluation and its report write, which goes when another takes its place."""


@dataclass(frozen=True)
class Pairs:
    """A file of pairs of points, and the frames that they are of."""

    file: Path
    asked: Sequence[AskedFrame]


@dataclass(frozen=True)
class Options:
    """How an evaluation is done, beyond its protocol."""

    seed: int = 0
    """Of the intervals."""
    conditions: tuple[Condition, ...] = tuple(Condition)
    """Those that are reported."""
    batch_size: int = 8
    """Images predicted at a time."""
    shown: tuple[str, ...] | None = None
    """Models whose depth the examples show, the last choosing the frames; None for all, () for none."""
    corruptions: Benchmark | None = None
    """To be run too."""
    pairs: Pairs | None = None
    """To be ordered too, or alone where nothing was measured."""
    keep_predictions: bool = False
    """Whether to write what networks say to ``predictions/NAME``, to be scored again."""


class Outcome(NamedTuple):
    """What came of an evaluation, beside its files."""

    results: Results
    """The content of ``results.json``; its ``frames`` are None where only pairs were ordered."""
    unreadable: list[str]
    """What was wrong with each frame that could not be read."""


def has_depth(footage: Sequence[Clip]) -> bool:
    """Whether any frame has measured depth."""
    return any(clip.depth(index) is not None for clip, index in target_frames(footage))


def run(
    models: Sequence[Model],
    footage: Sequence[Clip],
    protocol: Protocol,
    out: Path,
    options: Options = Options(),
    about: Mapping[str, Any] = {},
    share: Share = ALL,
) -> Outcome:
    """Measure models on footage; write ``results.json``, ``frames.jsonl`` and ``examples/`` into a folder.

    Args:
        models: of different names; the first is what the others are compared with.
        footage: frames without measured depth within the protocol's range are passed over.
        protocol: decides the numbers.
        out: a former evaluation in it is replaced once this one is whole; other files stay.
        options: what else to do.
        about: further fields of `Results`.
        share: of this process; all get the outcome, and the first one writes it.

    Raises:
        UserError: if there is nothing to measure, too much is unreadable, or the disk is full.
    """
    unreadable: list[str] = []
    content = {**about, "model_order": tuple(model.name for model in models)}
    if options.pairs:
        content["ordinal"] = _order_pairs(
            models, footage, protocol, options.pairs, options, unreadable, share
        )
    measured, frames = not options.pairs or has_depth(footage), target_frames(footage)
    networks = [one for one in models if isinstance(one, NetworkModel)]
    kept = networks if options.keep_predictions else []
    with _fresh(out, [*WRITTEN, *_kept_before(models, kept, out)], share) as fresh:
        rows: Sequence[FrameRow] = ()
        if measured:
            with share.main_first():
                keep = _keep(kept, protocol, fresh / PREDICTIONS)
            size = options.batch_size
            own = len(share.part(frames, size))
            with progress(share.title("evaluate"), own, unit="image") as advance:
                rows = evaluate(models, footage, protocol, advance, unreadable.append, size, keep, share)
            unreadable = [one for some in share.gather(unreadable) for one in some]
            shown = [model for model in models if options.shown is None or model.name in options.shown]
            if share.leads:
                write_rows(fresh / FRAMES_FILE, rows)
            if shown and share.leads:
                export_examples(rows, shown, shown[-1].name, footage, protocol, fresh / "examples")
            scored, bad = len(rows) // len(models), len(unreadable)
            content["frames"] = FrameCounts(found=len(frames), scored=scored, unreadable=bad)
            content |= _confidence(models)
        if options.corruptions:
            sheet = None if options.shown == () else fresh / "examples" / SHEET
            size, seed = options.batch_size, options.seed
            content["corruptions"] = run_benchmark(
                options.corruptions, networks, footage, rows, protocol, size, seed, sheet, share
            )
        results = None
        if share.leads:
            results = summarise(rows, protocol, options.seed, options.conditions, **content)
            write_results(fresh / RESULTS_FILE, results)
        results = share.tell(results)
    return Outcome(results, unreadable)


@contextmanager
def _fresh(out: Path, former: Sequence[str], share: Share) -> Iterator[Path]:
    """`atomic_set` of the first process, into which all write."""
    if not share.leads:
        yield share.tell(None)
        return
    with atomic_set(out, former) as fresh:
        yield share.tell(fresh)


def _kept_before(models: Sequence[Model], networks: Sequence[NetworkModel], out: Path) -> list[str]:
    """Patterns of the predictions that those of ``networks`` take the place of.

    Raises:
        UserError: if what is there is no evaluation's, or is being measured now.
    """
    read = [model.folder.resolve() for model in models if isinstance(model, StoredModel)]
    for place in (inside(out / PREDICTIONS, network.name, "--weights") for network in networks):
        if (place.exists() and not (place / FACTS_FILE).exists()) or place.resolve() in read:
            raise UserError(
                place, "holds predictions that --keep-predictions would replace", "give another --out"
            )
    names = [f"{PREDICTIONS}/{network.name}" for network in networks]
    return [f"{name}/{pattern}" for name in names for pattern in (FACTS_FILE, "**/*.npy")]


def _confidence(models: Sequence[Model]) -> dict[str, Any]:
    for model in models:
        if isinstance(model, NetworkModel) and (kind := model.confidence) != "none":
            return {"confidence": ConfidenceSource(source=kind, in_words=CONFIDENCE_IN_WORDS[kind])}
    return {}


def _keep(
    models: Sequence[NetworkModel], protocol: Protocol, folder: Path
) -> Callable[[Model, TrueFrame, Answer], None]:
    """Writes what each of these models says to a folder of its own."""
    keepers = {model.name: Keeper(folder / model.name, model, protocol) for model in models}

    def keep(model: Model, frame: TrueFrame, answer: Answer) -> None:
        if model.name in keepers:
            keepers[model.name].write(frame, answer)

    return keep


def _order_pairs(
    models: Sequence[Model],
    footage: Sequence[Clip],
    protocol: Protocol,
    pairs: Pairs,
    options: Options,
    unreadable: list[str],
    share: Share,
) -> OrdinalResults:
    """What ``results.json`` says under ``ordinal``."""
    counted = {id(clip) for clip in footage}
    chosen = [one for one in pairs.asked if id(one.clip) in counted]
    if not chosen:
        what = "has no pairs of images of these conditions"
        raise UserError(pairs.file, what, "give others to --conditions")
    size = options.batch_size
    with progress(share.title("order pairs"), len(share.part(chosen, size)), unit="image") as advance:
        rows = order_pairs(models, chosen, protocol, advance, unreadable.append, size, share)
    found = sum(len(one.pairs) for one in pairs.asked)
    scored = sum(row.model == models[0].name for row in rows)
    content = hash_file(pairs.file)
    about = PairsFile(path=pairs.file.as_posix(), sha256=content, found=found, scored=scored)
    return summarise_pairs(rows, protocol, about, options.seed, options.conditions)
