"""The files of a run folder as values: what is malformed is refused here, before any drawing."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.engine.log import read_log
from acdepth.evaluation.edges import EDGE_METRICS
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.protocols import Protocol, read_protocol
from acdepth.evaluation.rows import read_rows

Content = TypeVar("Content")


class Estimate(NamedTuple):
    """A mean with its 95 % interval; None for both ends where there was one sequence only."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Confidence:
    """How well a model's confidence sorts pixels by their error, under one condition."""

    ause: Estimate
    constant: float
    """AUSE of a constant."""
    improvement: float | None
    """Over a constant, 0.4 is 40 % better; None where no order is better than another."""
    nearness: float | None
    """The same of trusting near pixels more than far ones."""
    coverage: tuple[float, ...]
    abs_rel: tuple[float, ...]
    """Of the most confident pixels at each coverage."""
    oracle: tuple[float, ...]
    """Of the pixels with the smallest errors."""

    def at(self, part: float) -> float:
        """absRel at the coverage that is nearest to ``part``."""
        return min(zip(self.coverage, self.abs_rel, strict=True), key=lambda point: abs(point[0] - part))[1]


@dataclass(frozen=True)
class Cell:
    """One model under one condition."""

    images: int
    clips: int
    metrics: dict[str, Estimate]
    """Per metric of `METRICS`, and of `EDGE_METRICS` where the measured depth was dense."""
    classes: dict[str, Estimate]
    """absRel per class of surface; empty where the data has no classes."""
    confidence: Confidence | None = None
    """None where none was asked for."""


@dataclass(frozen=True)
class Data:
    """What was measured on."""

    path: str
    split: str | None
    """None where the data has no splits."""
    cameras: tuple[str, ...] | None
    """None where the data has no channels to choose from."""
    clips: int
    styles: tuple[tuple[str, int], ...] = ()
    """Styles of the built-in world, towns aside, and how many sequences are of each."""


@dataclass(frozen=True)
class Results:
    """The content of ``results.json``."""

    protocol: Protocol
    interval_seed: int
    data: Data | None
    """None where nobody wrote it down."""
    models: tuple[str, ...]
    """In the order of evaluation: first the baseline, last the model the report is about."""
    conditions: tuple[Condition, ...]
    cells: dict[tuple[str, Condition], Cell]
    paired: dict[tuple[str, str, Condition], Estimate]
    """(model, baseline, condition): relative change of absRel over the same frames, drawn together."""
    made_by: dict[str, str]
    """Versions and commit of the evaluation; empty where it left them to ``run.json``."""
    checkpoints: dict[str, dict[str, Any]]
    """What is known of each model; may be empty."""
    confidence_source: str = ""
    """What confidence is made from, in words; empty where there is none."""

    @property
    def baseline(self) -> str:
        """The first model."""
        return self.models[0]

    @property
    def subject(self) -> str:
        """The last model: the one the report is about."""
        return self.models[-1]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all classes that any cell has, sorted."""
        return tuple(sorted({name for cell in self.cells.values() for name in cell.classes}))

    @property
    def has_edges(self) -> bool:
        """Whether depth edges were measured."""
        return any("edge_f" in cell.metrics for cell in self.cells.values())


@dataclass(frozen=True)
class Example:
    """One frame the report shows; paths are absolute."""

    condition: Condition
    rank: str
    key: str
    image: Path
    truth: Path
    depth: dict[str, Path]
    """Per model."""
    abs_rel: dict[str, float]
    """Per model, of this frame."""


@dataclass(frozen=True)
class Log:
    """What a training wrote: one value per interval."""

    steps: list[int]
    loss: list[float]
    terms: dict[str, list[float]]
    gradients: dict[str, list[float]]
    """How the gradients of each two terms lie to each other, NaN where that was not measured; empty where it
    never was. Names as `acdepth.engine.gradients.compare_gradients` gives them."""


@dataclass(frozen=True)
class Story:
    """The content of ``run.json``: what was run, with what, for how long."""

    title: str
    made_by: dict[str, str]
    config: dict[str, Any]
    seconds: dict[str, float]
    notes: list[str]


def read_results(path: Path) -> Results:
    """Read ``results.json``.

    Raises:
        UserError: if the file is missing or is no result of ``acdepth evaluate``.
    """
    return parsed(path, read_json(path), lambda content: _results(content, str(path)))


def read_examples(run_folder: Path) -> list[Example]:
    """Read ``examples/index.json``; an empty list where the run kept no examples.

    Raises:
        UserError: if the index is malformed or names a file that is not in the run folder.
    """
    path = run_folder / "examples" / "index.json"
    if not path.exists():
        return []
    examples = parsed(path, read_json(path), lambda content: [_example(e, run_folder) for e in content])
    for example in examples:
        for file in (example.image, example.truth, *example.depth.values()):
            if not file.is_relative_to(run_folder.resolve()) or not file.is_file():
                raise UserError(path, f"names {file}, which is not in the run folder", "evaluate again")
    return examples


def read_training(path: Path) -> Log | None:
    """Read ``log.jsonl`` of a training; None where there is none or nothing was logged.

    Raises:
        UserError: if a line is malformed.
    """
    log = parsed(path, path, lambda path: _log(read_log(path)))
    return log if log.steps else None


def read_frame_errors(path: Path) -> dict[str, dict[tuple[Condition, str], float]]:
    """absRel of every frame in ``frames.jsonl``, per model by (condition, key); empty where there is none.

    Raises:
        UserError: if a line is malformed.
    """
    errors: dict[str, dict[tuple[Condition, str], float]] = {}
    for row in read_rows(path) if path.exists() else []:
        abs_rel = parsed(path, row.metrics, lambda metrics: number(metrics["abs_rel"]))
        errors.setdefault(row.model, {})[row.condition, row.key] = abs_rel
    return errors


def read_story(path: Path) -> Story | None:
    """Read ``run.json``; None where there is none.

    Raises:
        UserError: if it is malformed.
    """
    return parsed(path, read_json(path), _story) if path.exists() else None


def parsed(path: Path, content: Any, parse: Callable[[Any], Content]) -> Content:
    """What ``parse`` makes of a file's content.

    Raises:
        UserError: naming the file, if something is missing or of the wrong kind.
    """
    try:
        return parse(content)
    except KeyError as error:
        raise UserError(path, f"misses {error}", "run the stage that writes it again") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(path, f"not as expected ({error})", "run the stage that writes it again") from error


def estimate(content: Any) -> Estimate:
    """A mean and the ends of its interval.

    Raises:
        ValueError: if one is no number.
    """
    low, high = content["low"], content["high"]
    if low is None or high is None:
        return Estimate(number(content["mean"]), None, None)
    return Estimate(number(content["mean"]), number(low), number(high))


def number(value: Any) -> float:
    """A finite number.

    Raises:
        ValueError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"expected a number, found {value!r}")
    return float(value)


def _results(content: Any, where: str) -> Results:
    models = tuple(content.get("model_order") or content["models"])
    found = {condition for model in models for condition in content["models"][model]}
    conditions = tuple(condition for condition in Condition if condition in {Condition(c) for c in found})
    if not models or not conditions:
        raise ValueError("it holds no results")
    cells = {
        (model, condition): _cell(content["models"][model][condition])
        for model in models
        for condition in conditions
        if condition in content["models"][model]
    }
    paired = {}
    for name, changes in content.get("comparisons", {}).items():
        model, baseline = name.split(" vs ")
        for condition, change in changes.items():
            numbers = change["abs_rel"]
            paired[model, baseline, Condition(condition)] = estimate(
                {**numbers, "mean": numbers["relative_change"]}
            )
    protocol = content["protocol"]
    for key in ("name", "min_depth", "max_depth", "alignment", "condition_known"):
        protocol[key]  # a protocol without it cannot be named beside the numbers
    seed = int(protocol.get("interval_seed", 0))
    data = _data(content["data"]) if "data" in content else None
    made_by = {str(name): str(value) for name, value in content.get("made_by", {}).items()}
    checkpoints = {str(model): dict(card) for model, card in content.get("checkpoints", {}).items()}
    measured_by = read_protocol(protocol, f"{where}: protocol")
    source = str(content.get("confidence", {}).get("in_words", ""))
    return Results(measured_by, seed, data, models, conditions, cells, paired, made_by, checkpoints, source)


def _data(content: Any) -> Data:
    split, cameras = content["split"], content["cameras"]
    return Data(
        path=str(content["path"]),
        split=None if split is None else str(split),
        cameras=None if cameras is None else tuple(map(str, cameras)),
        clips=int(content["sequences"]),
        styles=tuple((str(style), int(count)) for style, count in content.get("styles", {}).items()),
    )


def _cell(content: Any) -> Cell:
    return Cell(
        images=int(content["images"]),
        clips=int(content["sequences"]),
        metrics={
            metric: estimate(content[metric])
            for metric in (*METRICS, *EDGE_METRICS)
            if metric in METRICS or metric in content
        },
        classes={name: estimate(c["abs_rel"]) for name, c in content.get("classes", {}).items()},
        confidence=_confidence(content["confidence"]) if "confidence" in content else None,
    )


def _confidence(content: Any) -> Confidence:
    better = [content["improvement"], content["improvement_of_nearness"]]
    improvement, nearness = (None if part is None else number(part) for part in better)
    curves = ("coverage", "abs_rel_at_coverage", "oracle_at_coverage")
    coverage, abs_rel, oracle = (tuple(map(number, content[name])) for name in curves)
    if not len(coverage) == len(abs_rel) == len(oracle) > 0:
        raise ValueError("the curves of confidence differ in length")
    constant = number(content["ause_constant"]["mean"])
    return Confidence(estimate(content["ause"]), constant, improvement, nearness, coverage, abs_rel, oracle)


def _example(content: Any, run_folder: Path) -> Example:
    depth = {model: (run_folder / path).resolve() for model, path in content["depth"].items()}
    return Example(
        condition=Condition(content["condition"]),
        rank=str(content["rank"]),
        key=str(content["key"]),
        image=(run_folder / content["image"]).resolve(),
        truth=(run_folder / content["truth"]).resolve(),
        depth=depth,
        abs_rel={model: number(content[f"{model}_abs_rel"]) for model in depth},
    )


def _log(lines: list[Any]) -> Log:
    # A term may begin late (the feature loss does); before, it is not a number and no line is drawn.
    return Log(
        steps=[int(line["step"]) for line in lines],
        loss=[float(line["loss"]) for line in lines],
        terms=_columns([line["terms"] for line in lines]),
        gradients=_columns([line.get("gradients", {}) for line in lines]),
    )


def _columns(lines: list[dict[str, Any]]) -> dict[str, list[float]]:
    names = sorted({name for line in lines for name in line})
    return {name: [float(line.get(name, math.nan)) for line in lines] for name in names}


def _story(content: Any) -> Story:
    return Story(
        title=str(content["title"]),
        made_by={str(name): str(value) for name, value in content["made_by"].items()},
        config=dict(content["config"]),
        seconds={str(stage): number(seconds) for stage, seconds in content["seconds"].items()},
        notes=[str(note) for note in content["notes"]],
    )
