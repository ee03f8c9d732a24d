"""The report: one HTML file that needs nothing else, neither network nor JavaScript."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.core.images import read_image
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.reports import charts, pictures, tables
from acdepth.reports.conflict import conflicts
from acdepth.reports.corruptions import read_corruptions, with_interval
from acdepth.reports.coverage import coverage_charts, percent
from acdepth.reports.facts import facts
from acdepth.reports.page_template import page_template
from acdepth.reports.reading import (
    Example,
    Log,
    Results,
    read_examples,
    read_frame_errors,
    read_results,
    read_story,
    read_training,
)
from acdepth.reports.verdicts import comparisons, headlines, signed_percent

TITLE = "Depth evaluation"
"""Of a run that left no run.json, as `acdepth evaluate` alone does."""


def write_report(run_folder: Path) -> Path:
    """Write ``run_folder/report.html`` from the files of a run, and return its path.

    Only ``results.json`` must be there; what else is missing is left out, and the page says so.

    Raises:
        UserError: naming the file that is missing or malformed.
    """
    run_folder = Path(run_folder)
    results = read_results(run_folder / "results.json")
    page = run_folder / "report.html"
    write_text(page, page_template("report.html.j2").render(**_content(run_folder, results)))
    return page


def write_training_page(trainings: Mapping[str, Path], page: Path) -> None:
    """Write ``page`` from the logs of one training or several, beside each other in one chart where they
    measured how their gradients lie.

    Args:
        trainings: run folders with ``log.jsonl``, by the names that the page shall give them; the first is
            the one that the others are compared with.
        page: HTML file.

    Raises:
        UserError: if a log is missing, empty or malformed.
    """
    logs = {}
    for name, folder in trainings.items():
        log = read_training(folder / "log.jsonl")
        if log is None:
            raise UserError(folder / "log.jsonl", "no such log, or nothing in it yet", "train first")
        logs[name] = log
    styles = charts.model_classes(tuple(logs))
    title = f"Training of {', '.join(logs)}"
    content = {"trainings": _trainings(logs, styles), "conflicts": conflicts(logs, styles)}
    write_text(page, page_template("training.html.j2").render(title=title, styles=styles, **content))


def _content(run_folder: Path, results: Results) -> dict[str, Any]:
    story = read_story(run_folder / "run.json")
    styles = charts.model_classes(results.models)
    found = {model: read_training(run_folder / model / "log.jsonl") for model in results.models}
    logs = {model: log for model, log in found.items() if log}
    return {
        "title": story.title if story else TITLE,
        "story": story,
        "results": results,
        "headlines": [sentence.replace(" %", "\u00a0%") for sentence in headlines(results)],
        "tiles": comparisons(results, results.subject, results.baseline) if len(results.models) > 1 else [],
        "styles": styles,
        "fewest_drives": FEWEST_DRIVES,
        "rows": tables.rows(results),
        "facts": facts(results),
        "bars": [(measure.title, charts.bars(results, measure)) for measure in charts.MEASURES],
        "coverage": coverage_charts(results, styles),
        "percent": percent,
        "corruptions": read_corruptions(run_folder / "results.json"),
        "with_interval": with_interval,
        "scatters": _scatters(run_folder, results),
        "examples": _examples(run_folder, results),
        "error_stops": pictures.ERROR_STOPS,
        "most_error": pictures.MOST_ERROR,
        "trainings": _trainings(logs, styles),
        "conflicts": conflicts(logs, styles),
        "durations": _durations(story.seconds) if story else [],
        "config": yaml.safe_dump(story.config, sort_keys=False) if story else "",
        "protocol": {name: plain(value) for name, value in results.protocol.to_dict().items()},
        "made_by": story.made_by if story else results.made_by,
        "plain": plain,
        "tables": tables,
        "signed_percent": signed_percent,
    }


def _scatters(run_folder: Path, results: Results) -> list[dict[str, Any]]:
    """Per condition, the frames' errors of the last model against the first's."""
    errors = read_frame_errors(run_folder / "frames.jsonl")
    subject, baseline = results.subject, results.baseline
    if subject == baseline or not {subject, baseline} <= errors.keys():
        return []
    drawn = []
    for condition in Condition:
        pairs = [
            (errors[baseline][place], error)
            for place, error in errors[subject].items()
            if place[0] is condition and place in errors[baseline]
        ]
        if pairs:
            better = sum(ours < theirs for theirs, ours in pairs)
            title = f"{condition.value}: {subject} has the lower absRel in {better} of {len(pairs)} frames"
            chart = charts.scatter(pairs, baseline, subject, title)
            drawn.append({"condition": condition.value, "better": better, "of": len(pairs), "chart": chart})
    return drawn


def _trainings(logs: Mapping[str, Log], styles: Mapping[str, str]) -> list[dict[str, Any]]:
    drawn = []
    for model, log in logs.items():
        loss, terms = charts.loss_charts(log, styles[model])
        drawn.append({"model": model, "loss": loss, "terms": terms})
    return drawn


def _examples(run_folder: Path, results: Results) -> list[dict[str, Any]]:
    """Per condition, its frames with all pictures."""
    examples = read_examples(run_folder)
    least, most = results.protocol.min_depth, results.protocol.max_depth
    return [
        {
            "condition": condition.value,
            "frames": [
                _frame(example, results.models, least, most)
                for example in examples
                if example.condition is condition
            ],
        }
        for condition in Condition
        if any(example.condition is condition for example in examples)
    ]


def _frame(example: Example, order: tuple[str, ...], least: float, most: float) -> dict[str, Any]:
    models = [model for model in order if model in example.depth]
    truth = _read_depth(example.truth)
    depths = {model: _read_depth(example.depth[model]) for model in models}
    for model, depth in depths.items():
        if depth.shape != truth.shape:
            raise UserError(
                example.depth[model], f"{depth.shape} depth beside {truth.shape} truth", "evaluate again"
            )
    if not (truth > 0).any():
        raise UserError(example.truth, "holds no measured pixel", "evaluate again")
    nearest = pictures.nearest_shown(truth)
    return {
        "rank": example.rank,
        "key": example.key,
        "brightest": 1 / nearest,
        "abs_rel": [(model, example.abs_rel[model]) for model in models],
        "pictures": [
            ("input", pictures.photograph(read_image(example.image))),
            ("truth", pictures.depth_picture(truth, nearest)),
            *((model, pictures.depth_picture(depth, nearest)) for model, depth in depths.items()),
            *(
                (f"error of {model}", pictures.error_picture(depth, truth, least, most))
                for model, depth in depths.items()
            ),
        ],
    }


def _read_depth(path: Path) -> np.ndarray:
    try:
        depth = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(path, f"not readable as depth ({error})", "evaluate again") from error
    if depth.ndim != 2 or not np.isfinite(depth).all():
        raise UserError(path, "depth must be (height, width) in finite metres", "evaluate again")
    return depth.astype(np.float32)


def _durations(seconds: dict[str, float]) -> list[tuple[str, str, float]]:
    """Name, time in words, and part of the longest."""
    longest = max(seconds.values(), default=0) or 1
    return [(stage, in_words(spent), spent / longest) for stage, spent in seconds.items()]


def plain(value: Any) -> str:
    """A setting as people write it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def in_words(seconds: float) -> str:
    """``42 s``, ``5 min 12 s``, ``3 h 07 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
