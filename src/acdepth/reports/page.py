"""The report: one HTML file that needs nothing else, neither network nor JavaScript."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import jinja2
import numpy as np
import yaml

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import inside, read_array, write_text
from acdepth.core.images import read_image
from acdepth.core.progress import in_words
from acdepth.evaluation.bootstrap import FEWEST_DRIVES
from acdepth.evaluation.schema import Example, Record, Results, read_examples, read_rows
from acdepth.reports import charts, pictures
from acdepth.reports.facts import facts
from acdepth.reports.ordinal import ordinal_table
from acdepth.reports.tables import confidence_table, corruption_tables, depth_tables, read_depth_results
from acdepth.reports.training import conflicts, loss_charts, read_training
from acdepth.reports.verdicts import comparisons, headlines, signed_percent

TITLE = "Depth evaluation"
"""Of a run that left no run.json, as `acdepth evaluate` alone does."""


class Story(Record):
    """The content of ``run.json``, which recipes write: what was run, with what, for how long."""

    remedy: ClassVar[str] = "run the same command again"

    title: str
    made_by: dict[str, str]
    config: dict[str, Any]
    seconds: dict[str, float]
    """Per stage."""
    notes: list[str]


def write_report(run_folder: Path) -> Path:
    """Write ``run_folder/report.html`` from the files of a run, and return its path.

    Only ``results.json`` must be there; what else is missing is left out, and the page says so.

    Raises:
        UserError: naming the file that is missing or malformed.
    """
    run_folder = Path(run_folder)
    results = read_depth_results(run_folder / "results.json")
    page = run_folder / "report.html"
    write_page(page, "report.html.j2", **_content(run_folder, results))
    return page


def write_page(page: Path, template: str, **content: Any) -> None:
    """Write a page from a file of ``templates``; what that names must be given, and is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("acdepth.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    write_text(page, environment.get_template(template).render(content))


def write_training_page(trainings: Mapping[str, Path], page: Path) -> None:
    """Write ``page`` from the logs of one training or several, beside each other in one chart where they
    measured how their gradients lie.

    ``trainings`` are run folders by the names that the page gives them, first what others are compared with.

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
    content = {"trainings": loss_charts(logs, styles), "conflicts": conflicts(logs, styles)}
    write_page(page, "training.html.j2", title=title, styles=styles, **content)


def _content(run_folder: Path, results: Results) -> dict[str, Any]:
    told = run_folder / "run.json"
    story = Story.read(told) if told.exists() else None
    styles = charts.model_classes(results.model_order)
    folders = {model: inside(run_folder, model, run_folder / "results.json") for model in results.model_order}
    found = {model: read_training(folder / "log.jsonl") for model, folder in folders.items()}
    logs = {model: log for model, log in found.items() if log}
    tables = depth_tables(results)
    tables += corruption_tables(results.corruptions, results.model_order) if results.corruptions else []
    return {
        "title": story.title if story else TITLE,
        "story": story,
        "results": results,
        "headlines": [sentence.replace(" %", "\u00a0%") for sentence in headlines(results)],
        "tiles": comparisons(results, results.subject, results.baseline) if len(styles) > 1 else [],
        "styles": styles,
        "fewest_drives": FEWEST_DRIVES,
        "errors": tables[0],
        "tables": [*tables[1:], *([ordinal_table(results.ordinal)] if results.ordinal else [])],
        "facts": facts(results),
        "bars": [(measure.title, charts.bars(results, measure)) for measure in charts.MEASURES],
        "confidence": confidence_table(results),
        "coverage": _coverage(results, styles),
        "scatters": _scatters(run_folder, results),
        "examples": _examples(run_folder, results),
        "error_stops": pictures.ERROR_STOPS,
        "most_error": pictures.MOST_ERROR,
        "trainings": loss_charts(logs, styles),
        "conflicts": conflicts(logs, styles),
        "durations": durations(story.seconds) if story else [],
        "config": yaml.safe_dump(story.config, sort_keys=False) if story else "",
        "protocol": {name: plain(value) for name, value in results.protocol.settings.items()},
        "made_by": story.made_by if story else results.made_by,
        "checkpoints": {model: card.to_dict() for model, card in results.checkpoints.items()},
        "plain": plain,
        "signed_percent": signed_percent,
    }


def _coverage(results: Results, styles: Mapping[str, str]) -> list[tuple[str, str]]:
    """Per condition in which any model has a confidence, the chart of all that have."""
    found = []
    for of in results.conditions:
        drawn = {styles[m]: cell.confidence for m, cell in results.under(of).items() if cell.confidence}
        if drawn:
            chart = charts.coverage(drawn, f"{of.value}: absRel of the surest part of the pixels")
            found.append((of.value, chart))
    return found


def _scatters(run_folder: Path, results: Results) -> list[dict[str, Any]]:
    """Per condition, the frames' errors of the last model against the first's."""
    path = run_folder / "frames.jsonl"
    errors: dict[str, dict[tuple[Condition, str], float]] = {}
    for row in read_rows(path) if path.exists() else []:
        errors.setdefault(row.model, {})[row.condition, row.key] = row.metrics["abs_rel"]
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


def _examples(run_folder: Path, results: Results) -> list[dict[str, Any]]:
    """Per condition, its frames with all pictures."""
    index = run_folder / "examples" / "index.json"
    examples = read_examples(index) if index.exists() else []
    frames = [(example.condition, _frame(example, index, results)) for example in examples]
    found = {condition.value: [frame for of, frame in frames if of is condition] for condition in Condition}
    return [{"condition": name, "frames": some} for name, some in found.items() if some]


def _frame(example: Example, index: Path, results: Results) -> dict[str, Any]:
    def file(name: str) -> Path:
        path = inside(index.parent.parent, name, index)
        if not path.is_file():
            raise UserError(index, f"names {path}, which is not in the run folder", "evaluate again")
        return path

    models = [model for model in results.model_order if model in example.depth]
    paths = {model: file(example.depth[model]) for model in models}
    truth_path = file(example.truth)
    truth, depths = _read_depth(truth_path), {model: _read_depth(path) for model, path in paths.items()}
    for model, depth in depths.items():
        if depth.shape != truth.shape:
            raise UserError(paths[model], f"{depth.shape} depth beside {truth.shape} truth", "evaluate again")
    if not (truth > 0).any():
        raise UserError(truth_path, "holds no measured pixel", "evaluate again")
    nearest = pictures.nearest_shown(truth)
    least, most = results.protocol.min_depth, results.protocol.max_depth
    return {
        "rank": example.rank,
        "key": example.key,
        "brightest": 1 / nearest,
        "abs_rel": [(model, example.abs_rel(model)) for model in models],
        "pictures": [
            ("input", pictures.photograph(read_image(file(example.image)))),
            ("truth", pictures.depth_picture(truth, nearest)),
            *((model, pictures.depth_picture(depth, nearest)) for model, depth in depths.items()),
            *((f"error of {m}", pictures.error_picture(d, truth, least, most)) for m, d in depths.items()),
        ],
    }


def _read_depth(path: Path) -> np.ndarray:
    depth = read_array(path, "evaluate again")
    if depth.dtype.kind != "f" or depth.ndim != 2 or not np.isfinite(depth).all():
        raise UserError(path, "depth must be (height, width) in finite metres", "evaluate again")
    return depth.astype(np.float32)


def durations(seconds: dict[str, float]) -> list[tuple[str, str, float]]:
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
