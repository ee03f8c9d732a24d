"""The files of an evaluation, field by field: ``results.json``, ``frames.jsonl`` and ``examples/index.json``.

They are written and read through these models; ``docs/results.schema.json`` is made from them by
``python -m acdepth.evaluation.schema docs/results.schema.json``. A field that was not set is not in the file.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator
from pydantic.json_schema import models_json_schema

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.crop import Resize
from acdepth.core.errors import UserError
from acdepth.core.files import read_json, reading, write_json, write_text
from acdepth.core.texts import parse_json, read_text
from acdepth.evaluation.bootstrap import Interval
from acdepth.evaluation.protocols import PROTOCOLS, Protocol
from acdepth.networks.metres import Metres

FORMAT = 1
"""Of ``results.json``; files written before it had a number are read as this one."""
DIGITS = 6

ALWAYS_TOLD = ("name", "min_depth", "max_depth", "alignment", "condition_known")
"""Settings of a protocol without which no number may be shown."""

Number = Annotated[float, AfterValidator(lambda value: round(value, DIGITS))]
"""Of ``results.json``: rounded, so that equal rows give equal bytes."""
Rank = Literal["best", "median", "worst"]
"""Of a frame in the order of absRel."""


class Record(Config):
    """Base of what files of results hold; numbers are finite."""

    model_config = ConfigDict(allow_inf_nan=False)
    remedy: ClassVar[str] = "run acdepth evaluate again"
    """What to do about a malformed file."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read JSON.

        Raises:
            UserError: naming the file, and the field that is missing or malformed.
        """
        return cls.from_dict(read_json(path), str(path))

    @classmethod
    def from_dict(cls, values: Any, where: str) -> Self:
        """As `Config.from_dict`, with the remedy."""
        try:
            return super().from_dict(values, where)
        except UserError as error:
            raise UserError(error.where, error.what, cls.remedy) from error

    def to_dict(self) -> dict[str, Any]:
        """Plain values, of the fields that were set."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Estimate(Record):
    """A mean over images with its 95 % interval; null ends where too few sequences were drawn from."""

    mean: Number
    low: Number | None
    high: Number | None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """The interval, rounded."""
        return cls(**interval._asdict())


class Change(Estimate):
    """Difference to the first model's mean on the same frames, over that mean: -0.3 is 30 % less. Both
    means are taken anew on the sequences of each draw."""

    mean: Number = Field(alias="relative_change")


class Ratio(Record):
    """As `Estimate`, in per cent of a baseline; the mean is null where there is nothing to compare with."""

    mean: Number | None
    low: Number | None
    high: Number | None


class ConfidenceScores(Record):
    """How well confidence sorts the pixels of each image by their error: means over images."""

    images: int
    ause: Estimate
    """Area between the curves of the confidence and of the true error; 0 is perfect."""
    ause_constant: Estimate
    """The same of a constant."""
    ause_nearness: Estimate
    """The same of trusting near pixels more than far ones."""
    improvement: Number | None
    """Of ``ause`` over ``ause_constant``: 0.4 is 40 % better; null where no order is better than another."""
    improvement_of_nearness: Number | None
    """The same of ``ause_nearness``."""
    coverage: tuple[Number, ...]
    """Parts of the pixels."""
    abs_rel_at_coverage: tuple[Number, ...]
    """Of the most confident pixels."""
    oracle_at_coverage: tuple[Number, ...]
    """Of the pixels with the smallest errors."""

    @model_validator(mode="after")
    def _curves_match(self) -> Self:
        lengths = {len(self.coverage), len(self.abs_rel_at_coverage), len(self.oracle_at_coverage)}
        if len(lengths) > 1 or 0 in lengths:
            raise ValueError("the curves of confidence differ in length or are empty")
        return self

    def abs_rel_of(self, part: float) -> float:
        """absRel of the most confident pixels, at the coverage that is nearest to ``part``."""
        points = zip(self.coverage, self.abs_rel_at_coverage, strict=True)
        return min(points, key=lambda point: abs(point[0] - part))[1]


class Scores(Record):
    """Metrics over images: the customary seven, and those of edges where measured depth is dense."""

    images: int
    abs_rel: Estimate
    sq_rel: Estimate
    rmse: Estimate
    rmse_log: Estimate
    d1: Estimate
    d2: Estimate
    d3: Estimate
    edge_f: Estimate | None = None
    edge_precision: Estimate | None = None
    edge_recall: Estimate | None = None


class Cell(Scores):
    """One model under one condition."""

    sequences: int
    classes: dict[str, Scores] = Field(default={})
    """By class of surface; empty where the data has none."""
    confidence: ConfidenceScores | None = None
    """Where it was asked for."""


class MeasuredBy(Protocol):
    """The protocol, and what else decides the intervals."""

    interval_seed: int = 0
    """Of the bootstrap's draws."""
    in_words: list[str] = Field(default=[], alias="facts")
    """What a reader must know beside the numbers."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        """A setting that came into being after the file is as the protocol of its name has it."""
        if not isinstance(values, dict):
            return values
        if lacking := [name for name in ALWAYS_TOLD if name not in values]:
            raise ValueError(f"{lacking[0]} is missing")
        named = PROTOCOLS.get(str(values["name"]))
        # Before protocols could choose, all of them enlarged depth.
        return (named.to_dict() if named else {}) | {"enlarge": "depth"} | values

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values of the protocol alone."""
        return {name: value for name, value in self.to_dict().items() if name in Protocol.model_fields}


class Data(Record):
    """What was measured on."""

    path: str
    """As it was given."""
    split: str | None
    """Part of the data set; null where it has none."""
    cameras: tuple[str, ...] | None
    """Channels or lens; null where the data set has none to choose from."""
    sequences: int
    styles: dict[str, int] = Field(default={})
    """How many sequences are of which style of the built-in world, towns aside."""
    masked: Number | None = None
    """Part of the image that masks leave out, the mean over sequences with one; absent if none has."""


class PredictedBefore(Record):
    """How predictions in files were made; null where that is not known."""

    made_under: str | None
    """The protocol under which the network was shown the images."""
    flip: bool | None
    """Whether fused with the prediction of the mirror image."""
    condition_known: bool | None
    """Whether the network was told day or night."""


class Checkpoint(Record):
    """What is known of a model."""

    sha256: str | None = None
    """Of its checkpoint."""
    description: str = ""
    metric: bool
    """Whether its metres are metres."""
    metres: Metres | None = None
    """Where these come from, if that is recorded."""
    conditions: tuple[str, ...] = ()
    input_size: tuple[int, int] | None = None
    """Height, width [pixels]."""
    crop: dict[str, Any] | None = None
    """Part of the image that it was trained on."""
    resize: Resize = "area"
    """How images were brought to ``input_size``."""
    predictions: PredictedBefore | None = None
    """Where not a network was asked but its predictions were read from files."""


class FrameCounts(Record):
    """Frames of the footage."""

    found: int
    scored: int
    unreadable: int


class ConfidenceSource(Record):
    """What confidence is made from."""

    source: str
    in_words: str


class PairsFile(Record):
    """The pairs of points that were asked about."""

    path: str
    sha256: str
    found: int
    """Of all images."""
    scored: int
    """Of images that count under the reported conditions."""


class PairScores(Record):
    """One model, or rule, on the pairs under one condition."""

    pairs: int
    same: int
    """Of them, those of two points that are equally far."""
    images: int
    sequences: int
    interval_over: Literal["sequences", "images"]
    accuracy: Estimate | None = None
    """Part ordered right, of the pairs with a closer point; where there are any."""
    whdr: Estimate | None = None
    """Part called by another of closer, farther and same; where some pairs have no order."""


class OrdinalResults(Record):
    """An evaluation on pairs of points."""

    pairs: PairsFile
    interval_seed: int
    tie_ratio: float
    """Depths whose ratio is below count as equally far for WHDR."""
    models: dict[str, dict[Condition, PairScores]]
    reference: dict[str, dict[Condition, PairScores]]
    """The rule that needs no network."""
    comparisons: dict[str, dict[Condition, dict[str, Estimate | None]]]
    """``model vs first``: difference of accuracy on the same pairs."""


class CorruptionMeans(Record):
    """Means over kinds of corruption (RoboDepth)."""

    mce: Ratio
    """Error relative to the baseline's [%]; lower is better."""
    mrr: Ratio
    """Accuracy that is left of that on clean images [%]; higher is better."""


class CleanErrors(Record):
    """Errors on the same images as they were."""

    abs_rel: Number
    d1: Number
    dee: Number
    """(abs_rel - d1 + 1) / 2."""


class KindErrors(Record):
    """One kind of corruption; by severity where there are several numbers."""

    group: str
    ce: Ratio
    rr: Ratio
    abs_rel: tuple[Number, ...]
    d1: tuple[Number, ...]
    dee: tuple[Number, ...]


class CorruptedModel(CorruptionMeans):
    """One model on corrupted images."""

    sizes: tuple[tuple[int, int], ...] = ()
    """Height, width [pixels] of its images as they were corrupted; empty where that was not noted."""
    groups: dict[str, CorruptionMeans]
    clean: CleanErrors
    kinds: dict[str, KindErrors]


class CorruptionResults(Record):
    """The corruption benchmark."""

    version: int
    """Of the kinds: numbers of two versions do not belong in one table."""
    corrupted_at: str = "image"
    """The size of the images as they were corrupted, likewise: ``input`` is that of the networks, ``image``
    their own, as in all results from before there was a choice, and ``192x640`` these height and width."""
    baseline: str
    images: int
    sequences: int
    every: int
    """Of each clear sequence, the first image and then each n-th were corrupted."""
    interval_seed: int
    severities: tuple[int, ...]
    kind_order: tuple[str, ...]
    models: dict[str, CorruptedModel]

    @model_validator(mode="after")
    def _all_there(self) -> Self:
        if self.baseline not in self.models:
            raise ValueError(f"models lacks the baseline {self.baseline}")
        for model, found in self.models.items():
            groups = {kind.group for kind in found.kinds.values()}
            if lacking := set(self.kind_order) - set(found.kinds):
                raise ValueError(f"models.{model}.kinds lacks {', '.join(sorted(lacking))}")
            if lacking := groups - set(found.groups):
                raise ValueError(f"models.{model}.groups lacks {', '.join(sorted(lacking))}")
        return self


class AblationCell(Record):
    """Which training of an ablation this is."""

    variant: str
    seed: int | None
    """Null for the teacher."""


class Results(Record):
    """The content of ``results.json``."""

    format: int = FORMAT
    protocol: MeasuredBy
    model_order: tuple[str, ...]
    """First the baseline, last the model that a report is about."""
    models: dict[str, dict[Condition, Cell]]
    """Empty where only pairs of points were measured."""
    comparisons: dict[str, dict[Condition, dict[str, Change]]] = Field(default={})
    """``model vs first``, by condition and metric."""
    data: Data | None = None
    checkpoints: dict[str, Checkpoint] = Field(default={})
    made_by: dict[str, str] = Field(default={})
    """Versions and commit; a run of the whole method tells them in ``run.json``."""
    frames: FrameCounts | None = None
    confidence: ConfidenceSource | None = None
    ordinal: OrdinalResults | None = None
    corruptions: CorruptionResults | None = None
    cell: AblationCell | None = None

    @field_validator("format")
    @classmethod
    def _not_newer(cls, value: int) -> int:
        if value > FORMAT:
            raise ValueError(f"this acdepth reads up to {FORMAT}, so take a newer one")
        return value

    @model_validator(mode="after")
    def _models_match(self) -> Self:
        if self.models and (lacking := [name for name in self.model_order if not self.models.get(name)]):
            raise ValueError(f"models lacks {', '.join(lacking)} of model_order")
        return self

    @property
    def baseline(self) -> str:
        """The first model."""
        return self.model_order[0]

    @property
    def subject(self) -> str:
        """The last model: the one that a report is about."""
        return self.model_order[-1]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those that any model was measured under, in their order."""
        found = {condition for model in self.model_order for condition in self.models.get(model, {})}
        return tuple(condition for condition in Condition if condition in found)

    def under(self, condition: Condition) -> dict[str, Cell]:
        """By model, in their order."""
        found = {model: self.models.get(model, {}).get(condition) for model in self.model_order}
        return {model: cell for model, cell in found.items() if cell}

    def change(self, model: str, baseline: str, condition: Condition) -> Change | None:
        """Of absRel; None where the two were not compared."""
        return self.comparisons.get(f"{model} vs {baseline}", {}).get(condition, {}).get("abs_rel")


class Sparsification(Record):
    """How well confidence sorts the pixels of one image by their error."""

    ause: float
    ause_constant: float
    ause_nearness: float
    abs_rel_at_coverage: tuple[float, ...]
    oracle_at_coverage: tuple[float, ...]


class FrameRow(Record):
    """A line of ``frames.jsonl``: one model on one frame."""

    model: str
    sequence: str
    """Name of its clip."""
    key: str
    """Name of the image in its data set."""
    index: int
    """Position in its sequence."""
    condition: Condition
    metrics: dict[str, float]
    """Over all pixels with truth in range: the customary seven, and those of edges where truth is dense."""
    classes: dict[str, dict[str, float]]
    """The same per class that has such pixels."""
    confidence: Sparsification | None = None
    """Null where none was asked for, or there is no error to sort by."""

    @field_validator("metrics")
    @classmethod
    def _has_abs_rel(cls, metrics: dict[str, float]) -> dict[str, float]:
        if "abs_rel" not in metrics:
            raise ValueError("abs_rel is missing")
        return metrics


class Example(Record):
    """An entry of ``examples/index.json``: a frame that reports show, with ``MODEL_abs_rel`` per model."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number] = Field(init=False)

    condition: Condition
    rank: Rank
    key: str
    image: str
    """File below the folder of results, as are the others."""
    truth: str
    """NPY, float16 (H, W) [m], 0 where nothing is scored."""
    depth: dict[str, str]
    """Per model, as ``truth``."""

    @model_validator(mode="after")
    def _all_scored(self) -> Self:
        for model in self.depth:
            if f"{model}_abs_rel" not in self.__pydantic_extra__:
                raise ValueError(f"{model}_abs_rel is missing")
        return self

    def abs_rel(self, model: str) -> float:
        """Of this frame."""
        return self.__pydantic_extra__[f"{model}_abs_rel"]


def write_results(path: Path, results: Results) -> None:
    """Write ``results.json`` atomically; equal results give equal bytes."""
    write_json(path, results.to_dict())


def write_rows(path: Path, rows: Iterable[FrameRow]) -> None:
    """Write ``frames.jsonl``."""
    lines = (json.dumps(row.model_dump(mode="json"), sort_keys=True) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_rows(path: Path) -> list[FrameRow]:
    """Read ``frames.jsonl``.

    Raises:
        UserError: if the file is missing or a line is no row.
    """
    if not path.exists():
        raise UserError(path, "no such file", "run acdepth evaluate first")
    rows = []
    with reading(path, "rows of an evaluation", FrameRow.remedy):
        lines = read_text(path).splitlines()
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        try:
            rows.append(FrameRow.from_dict(parse_json(line), where))
        except (ValueError, UserError) as error:
            what = error.what if isinstance(error, UserError) else error
            raise UserError(where, f"not a row of an evaluation ({what})", FrameRow.remedy) from error
    return rows


def read_examples(path: Path) -> list[Example]:
    """Read ``examples/index.json``."""
    content = read_json(path)
    if not isinstance(content, list):
        raise UserError(path, "is no list of examples", Example.remedy)
    return [Example.from_dict(entry, f"{path}, entry {n}") for n, entry in enumerate(content, start=1)]


def json_schema() -> dict[str, Any]:
    """JSON schema of ``results.json``; its ``$defs`` hold those of the other two files, too."""
    said = "results.json is Results, a line of frames.jsonl FrameRow, examples/index.json a list of Example."
    _, content = models_json_schema(
        [(model, "validation") for model in (Results, FrameRow, Example)],
        title="Results of acdepth evaluate",
        description=said,
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/Results", **content}


if __name__ == "__main__":
    write_json(Path(sys.argv[1]), json_schema())
