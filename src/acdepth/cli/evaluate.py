"""``acdepth evaluate``: errors of checkpoints against measured depth, per condition."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from acdepth.cli.evaluate_pairs import has_depth, measure_pairs, open_asked, write_pairs_alone
from acdepth.cli.evaluated_models import load_models, refuse_cropped, warn_about_cameras, warn_about_scale
from acdepth.cli.say import say
from acdepth.cli.world import parse_conditions
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_set, check_folder
from acdepth.core.progress import progress
from acdepth.core.provenance import provenance
from acdepth.data.folder import count_targets
from acdepth.data.parts import describe_part
from acdepth.evaluation.corruptions.benchmark import SHEET, plan_benchmark, run_benchmark
from acdepth.evaluation.evaluate import evaluate as score
from acdepth.evaluation.examples import EXAMPLE_FILES, export_examples
from acdepth.evaluation.protocols import Protocol, find_protocol
from acdepth.evaluation.results import summarise
from acdepth.evaluation.schema import write_results, write_rows
from acdepth.reports.ordinal import print_ordinal
from acdepth.reports.tables import print_results
from acdepth.runtime.scored import CONFIDENCE_IN_WORDS, Confidence

OF_A_RUN = ("run.json", "stages")
"""What only the folder of a demo or a reproduction holds."""
WRITTEN = (
    "results.json",
    "report.html",
    "frames.jsonl",
    *(f"examples/{name}" for name in (SHEET, *EXAMPLE_FILES)),
)
"""What an evaluation and its report write, which goes when another takes its place."""


def evaluate(
    data: Annotated[Path, tyro.conf.Positional],
    *,
    weights: tuple[str, ...] = (),
    out: Path = Path("evaluation"),
    protocol: str = "own",
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    alignment: Literal["protocol", "none", "median", "scale_and_shift"] = "protocol",
    flip: bool = False,
    confidence: Confidence = "none",
    corruptions: tuple[str, ...] | None = None,
    corruption_every: int = 1,
    baseline: str | None = None,
    condition_known: bool = False,
    conditions: str = "all",
    pairs: Path | None = None,
    batch_size: int = 8,
    examples: bool = True,
    seed: int = 0,
    device: str = "auto",
) -> None:
    """Measure checkpoints against measured depth, and write OUT/results.json and OUT/frames.jsonl.

    Args:
        data: footage with measured depth: sequence folders with depth/ as the built-in world has them, KITTI
            frames with LiDAR, or the root of nuScenes, RobotCar, KITTI raw or DrivingStereo's weather.
        weights: checkpoints or their folders, as PATH or NAME=PATH; the first is the one that the others are
            compared with. The small student that ships if not given.
        out: folder for the results, not that of a demo or reproduction; acdepth report OUT makes a page of
            them.
        protocol: nuscenes-80m, robotcar-50m, kitti-eigen-80m as the papers measure these data sets, world-80m
            for the built-in world, or own, which measures what acdepth predict gives; docs/protocols.md.
        split: which part of nuScenes (train, val, test, mini_train, mini_val), RobotCar or KITTI raw (name of
            a list in splits/, or the path of one), or all; these must be told, other footage has no splits.
        cameras: channels of nuScenes.
        alignment: the protocol's own, or another; with median or scale_and_shift the numbers are not metric.
        flip: average with the prediction of the mirror image.
        confidence: also measure how well confidence sorts pixels by their error (AUSE, coverage): that of the
            agreement of the network's scales, of these and those of the mirror image (flip, which is another
            thing than --flip), or of the checkpoint's confidence head.
        corruptions: also measure how depth survives corruptions of clear images at five severities: the kinds
            named, as in fog snow, or all 18 of RoboDepth, which takes 90 predictions per image and model.
        corruption_every: of each clear sequence, corrupt the first image and then each n-th.
        baseline: name of the model whose errors under corruptions count as 100 %, such as the teacher; the
            first of --weights if not given.
        condition_known: tell networks that were trained so which images are of the night, as the published
            code does and no car can.
        conditions: those to report, as in clear,night; frames count under them as the protocol says.
        pairs: also, or where nothing was measured instead, find out which part of these pairs of points is
            ordered right: CSV, or JSON as of DA-2K; docs/data.md.
        batch_size: images predicted at a time.
        examples: also write the best, median and worst frames of each condition to OUT/examples.
        seed: of the intervals.
        device: auto, cpu, cuda, cuda:1 or mps.
    """
    if batch_size < 1:
        raise UserError(f"--batch-size {batch_size}", "must be at least 1")
    _refuse_out(out)
    measured_by = _protocol(protocol, alignment, flip, condition_known)
    wanted = parse_conditions(conditions)
    models, cards = load_models(weights, device, confidence)
    refuse_cropped(cards, measured_by)
    opened, asked = open_asked(pairs, data, split, cameras)
    footage = _counted_under(wanted, opened, measured_by, str(data))
    benchmark = plan_benchmark(corruptions, corruption_every, baseline, list(cards), footage)
    about: dict[str, Any] = {
        "data": describe_part(data, split, cameras, footage),
        "checkpoints": cards,
        "made_by": provenance(),
    }
    if pairs:
        measured = has_depth(footage)
        if not measured and (confidence != "none" or corruptions is not None):
            raise UserError(data, "has no measured depth, which --confidence and --corruptions need")
        about["ordinal"] = measure_pairs(pairs, asked, footage, models, measured_by, wanted, batch_size, seed)
        if not measured:
            nothing = summarise((), measured_by, seed, wanted, **about, model_order=list(cards))
            write_pairs_alone(out, WRITTEN, nothing)
            return
    warn_about_scale(cards, measured_by)
    warn_about_cameras(models, footage, measured_by)
    frames, unreadable = count_targets(footage), []
    with progress("evaluate", frames, unit="image") as advance:
        rows = score(models, footage, measured_by, advance, unreadable.append, batch_size)
    counts = {"found": frames, "scored": len(rows) // len(models), "unreadable": len(unreadable)}
    about["frames"] = counts
    if confidence != "none":
        about["confidence"] = {"source": confidence, "in_words": CONFIDENCE_IN_WORDS[confidence]}
    with atomic_set(out, WRITTEN) as fresh:
        write_rows(fresh / "frames.jsonl", rows)
        if examples:
            export_examples(rows, models, models[-1].name, footage, measured_by, fresh / "examples")
        if benchmark:
            sheet = fresh / "examples" / SHEET if examples else None
            about["corruptions"] = run_benchmark(
                benchmark, models, footage, rows, measured_by, batch_size, seed, sheet
            )
        results = summarise(rows, measured_by, seed, wanted, **about)
        write_results(fresh / "results.json", results)
    for warning in unreadable:
        say(warning)
    say(f"{counts['scored']} of {frames} images have measured depth in range, {len(unreadable)} unreadable")
    print_results(out / "results.json")
    if results.ordinal:
        print_ordinal(results.ordinal)
    say(f"results in {out}; a page with pictures: acdepth report {out}")


def _refuse_out(out: Path) -> None:
    """Find out before hours of work whether its results have a place."""
    if any((out / name).exists() for name in OF_A_RUN):
        raise UserError(
            f"--out {out}",
            "is the folder of a demo or a reproduction, whose results would be lost",
            "choose another folder",
        )
    check_folder(out, "--out")


def _protocol(name: str, alignment: str, flip: bool, condition_known: bool) -> Protocol:
    protocol = find_protocol(name)
    aligned = protocol.alignment if alignment == "protocol" else alignment
    return protocol.model_copy(
        update={
            "alignment": aligned,
            "flip": flip or protocol.flip,
            "condition_known": condition_known or protocol.condition_known,
        }
    )


def _counted_under(
    wanted: list[Condition], footage: list[Clip], protocol: Protocol, where: str
) -> list[Clip]:
    """The footage that the protocol counts under one of the wanted conditions."""
    chosen = [one for one in footage if not set(wanted).isdisjoint(protocol.conditions_of(one.condition))]
    if not chosen:
        found = {condition for one in footage for condition in protocol.conditions_of(one.condition)}
        there = ", ".join(condition for condition in Condition if condition in found)
        raise UserError(where, f"no footage of --conditions {','.join(wanted)}", f"it has {there}")
    return chosen
