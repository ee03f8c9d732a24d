"""``acdepth evaluate``: errors of checkpoints, or of anybody's predictions, against measured depth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from acdepth.cli.launched import own_place, own_share
from acdepth.cli.world import at_least_one, parse_conditions, parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import check_folder
from acdepth.core.lock import sole_writer
from acdepth.core.progress import say

if TYPE_CHECKING:
    from acdepth.core.clip import Clip
    from acdepth.evaluation.corruptions.scoring import CorruptedAt
    from acdepth.evaluation.protocols import Protocol
    from acdepth.evaluation.run import Outcome

OF_A_RUN = ("run.json", "stages")
"""What only the folder of a demo or a reproduction holds."""


def evaluate(
    data: Annotated[Path, tyro.conf.Positional],
    *,
    weights: tuple[str, ...] = (),
    predictions: tuple[str, ...] = (),
    out: Path = Path("evaluation"),
    protocol: str = "own",
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    alignment: Literal["protocol", "none", "median", "scale_and_shift"] = "protocol",
    flip: bool = False,
    confidence: Literal["none", "scales", "flip", "head"] = "none",
    corruptions: tuple[str, ...] | None = None,
    corruption_size: str = "input",
    corruption_every: int = 1,
    baseline: str | None = None,
    condition_known: bool = False,
    conditions: str = "all",
    pairs: Path | None = None,
    batch_size: int = 8,
    examples: bool = True,
    keep_predictions: bool = False,
    seed: int = 0,
    device: str = "auto",
) -> None:
    """Measure checkpoints or predictions against measured depth; write OUT/results.json and OUT/frames.jsonl.

    accelerate launch -m acdepth evaluate ... divides the frames among processes and machines.

    Args:
        data: footage with measured depth: sequence folders with depth/ as the built-in world has them, KITTI
            frames with LiDAR, or the root of nuScenes, RobotCar, KITTI raw, Cityscapes or DrivingStereo's
            weather; with pairs also data without depth, such as ACDC.
        weights: checkpoints or their folders, as PATH or NAME=PATH, or depth models of transformers, as
            hf:MODEL or NAME=hf:MODEL; the first is the one that the others are compared with. The small
            network that ships where neither these nor predictions are given.
        predictions: folders of predictions in files, as PATH or NAME=PATH, measured after the checkpoints:
            what --keep-predictions left, or depth maps of any method, NAME.npy or 16-bit NAME.png for each
            image; docs/protocols.md.
        out: folder for the results, not that of a demo or reproduction; acdepth report OUT makes a page of
            them.
        protocol: nuscenes-80m, robotcar-50m, kitti-eigen-80m, cityscapes-80m as papers measure these data
            sets, world-80m for the built-in world, or own, which measures what acdepth predict gives;
            docs/protocols.md.
        split: which part of nuScenes (train, val, test, mini_train, mini_val), RobotCar or KITTI raw (name of
            a list in splits/, or the path of one), Cityscapes (val, or val-foggy-0.02 with its fog) or ACDC,
            or all; these must be told, other footage has no splits.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        alignment: the protocol's own, or another; with median or scale_and_shift the numbers are not metric.
        flip: fuse with the prediction of the mirror image.
        confidence: also measure how well confidence sorts pixels by their error (AUSE, coverage): that of the
            agreement of the network's scales, of these and those of the mirror image (flip, which is another
            thing than --flip), or of the checkpoint's confidence head.
        corruptions: also measure how depth survives corruptions of clear images at five severities: the kinds
            named, as in fog snow, or all 18 of RoboDepth, which takes 90 predictions per image and model.
        corruption_size: at which images are corrupted: input, that of the networks, to which they are brought
            first, as in RoboDepth; image, their own; or height x width, as in 192x640, RoboDepth's on KITTI.
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
        keep_predictions: also write what each checkpoint says to OUT/predictions/NAME, to be measured again
            with --predictions, under other protocols too.
        seed: of the intervals.
        device: auto, cpu, cuda, cuda:1 or mps.
    """
    from acdepth.cli.evaluated_models import (
        open_asked,
        open_models,
        refuse_cropped,
        warn_about_cameras,
        warn_about_scale,
    )
    from acdepth.core.provenance import provenance
    from acdepth.data.parts import describe_part
    from acdepth.evaluation.corruptions.benchmark import plan_benchmark
    from acdepth.evaluation.run import Options, has_depth, run

    at_least_one("batch-size", batch_size)
    _refuse_out(out)
    measured_by = _protocol(protocol, alignment, flip, condition_known)
    wanted = parse_conditions(conditions)
    place, share = own_place(device), own_share()
    models = open_models(weights, predictions, str(place), confidence)
    refuse_cropped(models, measured_by)
    opened, asked = open_asked(pairs, data, split, cameras)
    footage = _counted_under(wanted, opened, measured_by, str(data))
    names = [model.name for model in models]
    at = _corrupted_at(corruption_size)
    benchmark = plan_benchmark(corruptions, at, corruption_every, baseline, names, footage)
    _refuse_stored(predictions, confidence, benchmark is not None)
    if keep_predictions and len(predictions) == len(models):
        raise UserError(
            "--keep-predictions", "there are only --predictions, and no network", "give --weights"
        )
    shown = None if examples else ()
    options = Options(seed, tuple(wanted), batch_size, shown, benchmark, asked, keep_predictions)
    if asked and not has_depth(footage) and (confidence != "none" or benchmark):
        raise UserError(data, "has no measured depth, which --confidence and --corruptions need")
    if share.leads:
        warn_about_scale(models, measured_by)
        warn_about_cameras(models, footage, measured_by)
    about = {
        "data": describe_part(data, split, cameras, footage),
        "checkpoints": {model.name: model.describe() for model in models},
        "made_by": provenance(),
    }
    with sole_writer(out, share=share):
        outcome = run(models, footage, measured_by, out, options, about, share)
    if share.leads:
        _tell(outcome, out)


def _tell(outcome: "Outcome", out: Path) -> None:
    from acdepth.evaluation.run import RESULTS_FILE
    from acdepth.reports.ordinal import print_ordinal
    from acdepth.reports.tables import print_results

    for warning in outcome.unreadable:
        say(warning)
    results = outcome.results
    if counts := results.frames:
        scored = f"{counts.scored} of {counts.found} images have measured depth in range"
        say(f"{scored}, {counts.unreadable} unreadable")
        if results.data and results.data.masked:
            say(f"masks leave out {100 * results.data.masked:.3g} % of the image")
        print_results(out / RESULTS_FILE)
    if results.ordinal:
        print_ordinal(results.ordinal)
    if results.frames:
        say(f"results in {out}; a page with pictures: acdepth report {out}")
    else:
        say(f"no measured depth, so no errors of depth; results in {out}")


def _refuse_stored(predictions: tuple[str, ...], confidence: str, corrupted: bool) -> None:
    """Refuse what only a network can be asked for."""
    for flag, given in (("--confidence", confidence != "none"), ("--corruptions", corrupted)):
        if predictions and given:
            raise UserError(flag, "needs networks, and --predictions are files", "give --weights alone")


def _refuse_out(out: Path) -> None:
    """Find out before hours of work whether its results have a place."""
    if any((out / name).exists() for name in OF_A_RUN):
        what = "is the folder of a demo or a reproduction, whose results would be lost"
        raise UserError(f"--out {out}", what, "choose another folder")
    check_folder(out, "--out")


def _protocol(name: str, alignment: str, flip: bool, condition_known: bool) -> "Protocol":
    from acdepth.evaluation.protocols import find_protocol

    protocol = find_protocol(name)
    changes: dict[str, object] = {} if alignment == "protocol" else {"alignment": alignment}
    changes |= {"flip": True} if flip else {}
    changes |= {"condition_known": True} if condition_known else {}
    return protocol.model_copy(update=changes)


def _corrupted_at(text: str) -> "CorruptedAt":
    if text == "input" or text == "image":
        return text
    try:
        return parse_image_size(text, "--corruption-size")
    except UserError as error:
        raise UserError(error.where, f"{error.what}, or input, or image") from error


def _counted_under(
    wanted: list[Condition], footage: list["Clip"], protocol: "Protocol", where: str
) -> list["Clip"]:
    """The footage that the protocol counts under one of the wanted conditions."""
    chosen = [one for one in footage if not set(wanted).isdisjoint(protocol.conditions_of(one.condition))]
    if not chosen:
        found = {condition for one in footage for condition in protocol.conditions_of(one.condition)}
        there = ", ".join(condition for condition in Condition if condition in found)
        raise UserError(where, f"no footage of --conditions {','.join(wanted)}", f"it has {there}")
    return chosen
