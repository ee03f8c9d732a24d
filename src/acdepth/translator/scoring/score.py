"""All measures of all methods, as the values of a JSON file."""

from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.evaluation.bootstrap import Interval, bootstrap_means
from acdepth.translator.scoring.cases import COLOURS, SOURCES, TRUTH, Case
from acdepth.translator.scoring.classifier import (
    SEED_NAME,
    Classifier,
    ClassifierSettings,
    Real,
    part_calling,
    split_drives,
    train_classifier,
)
from acdepth.translator.scoring.colours import match_colours
from acdepth.translator.scoring.looking import Eye, draw_partners
from acdepth.translator.scoring.measures import (
    colour_distance,
    correlation,
    depth_difference,
    edge_agreement,
    kernel_distance,
)
from acdepth.translator.scoring.pictures import Pictures

MEASURES = (
    "depth_difference",
    "depth_correlation",
    "edge_agreement",
    "recognised",
    "recognised_plain",
    "kernel_distance",
    "diversity",
    "truth_distance",
)
DIGITS = 6


class ScoreSettings(Config):
    """What is measured, on how many images."""

    images: int = Field(default=500, gt=0)
    """At most so many sources, and so many real images of each condition, evenly spread over the footage."""
    batch_size: int = Field(default=16, gt=0)
    """Images the prior sees at a time; shapes speed and memory only."""
    seed: int = 0
    """Of the classifier, of what is paired, and of the intervals."""
    classifier: ClassifierSettings = ClassifierSettings()


class _Classifiers(NamedTuple):
    jittered: list[Classifier]
    """That learned to look past colours."""
    plain: list[Classifier]
    """One that did not: a control."""


@dataclass(frozen=True)
class _Scene:
    """What all methods of one condition share."""

    case: Case
    real: Pictures
    real_features: Any
    source_depth: Any
    partners: NDArray[np.int64] | None
    source_distances: NDArray[np.float64] | None


def score_cases(
    cases: Many[Case],
    real: Real,
    eye: Eye,
    settings: ScoreSettings,
    on_step: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """Measure every method under every condition.

    Real images, of other streets, teach the classifiers and are what the features are held against;
    ``on_step`` is called after each batch of the classifiers' training.

    Returns:
        JSON values: ``classifier``, ``methods`` in their order, and ``conditions``, which holds per condition
        and method each of `MEASURES` with its 95 % interval over drives, null where it does not apply.
    """
    to_learn, held_out = split_drives(real, settings.classifier.held_out)
    classifiers = _train_classifiers(to_learn, settings, on_step)
    skill = {condition: _skill(classifiers, condition, to_learn, held_out) for condition in real}
    scores = {case.condition.value: _score_case(case, real, eye, classifiers, settings) for case in cases}
    return {
        "classifier": {"settings": settings.classifier.to_dict(), "held_out": skill},
        "methods": [SOURCES, COLOURS, *(cases[0].made if cases else ()), TRUTH],
        "conditions": scores,
    }


def steps_to_learn(settings: ScoreSettings) -> int:
    """How often `score_cases` calls ``on_step``."""
    return (settings.classifier.networks + 1) * settings.classifier.steps


def _train_classifiers(
    real: Real, settings: ScoreSettings, on_step: Callable[[], object] | None
) -> _Classifiers:
    def train(number: int, jittered: bool) -> Classifier:
        seed = derive_seed(settings.seed, SEED_NAME, number)
        return train_classifier(real, settings.classifier, seed, jittered, on_step)

    jittered = [train(number, jittered=True) for number in range(settings.classifier.networks)]
    return _Classifiers(jittered, [train(0, jittered=False)])


def _skill(classifiers: _Classifiers, condition: Condition, to_learn: Real, held_out: Real) -> dict[str, Any]:
    asked = held_out[condition]
    return {
        "learned": len(to_learn[condition]),
        "asked": len(asked),
        "drives_asked": len(np.unique(asked.drives)),
        "right": round(float(part_calling(classifiers.jittered, asked, condition).mean()), DIGITS),
        "right_plain": round(float(part_calling(classifiers.plain, asked, condition).mean()), DIGITS),
    }


def _score_case(
    case: Case, real: Real, eye: Eye, classifiers: _Classifiers, settings: ScoreSettings
) -> dict[str, Any]:
    sources, seed = case.sources, settings.seed
    partners = draw_partners(sources.drives, seed)
    apart = None if partners is None else eye.distances(sources, sources[partners])
    features, depth = eye.features(real[case.condition]), eye.inverse_depth(sources)
    scene = _Scene(case, real[case.condition], features, depth, partners, apart)
    colours = match_colours(sources, scene.real, make_generator(seed, "colours", case.condition))
    methods = {SOURCES: sources, COLOURS: colours, **case.made}
    if case.truth is not None:
        methods[TRUTH] = case.truth
    measured = {name: _measure(pictures, scene, eye, classifiers, seed) for name, pictures in methods.items()}
    start = measured[SOURCES]["truth_distance"]["mean"]
    for row in measured.values():
        row["nearer_truth"] = _fall(row["truth_distance"]["mean"], start)
    return {
        "images": len(sources),
        "drives": len(np.unique(sources.drives)),
        "left_out": case.left_out,
        "real_images": len(scene.real),
        "real_drives": len(np.unique(scene.real.drives)),
        "methods": measured,
    }


def _measure(
    pictures: Pictures, scene: _Scene, eye: Eye, classifiers: _Classifiers, seed: int
) -> dict[str, Any]:
    case = scene.case
    made, sources = pictures.pixels.float() / 255, case.sources.pixels.float() / 255
    depth = eye.inverse_depth(pictures)
    columns: dict[str, NDArray[np.float64]] = {
        "depth_difference": depth_difference(depth, scene.source_depth).double().numpy(),
        "depth_correlation": correlation(depth, scene.source_depth).numpy(),
        "edge_agreement": edge_agreement(made, sources).numpy(),
        "recognised": part_calling(classifiers.jittered, pictures, case.condition),
        "recognised_plain": part_calling(classifiers.plain, pictures, case.condition),
    }
    if scene.partners is not None and scene.source_distances is not None:
        distances = eye.distances(pictures, pictures[scene.partners])
        columns["diversity"] = distances / scene.source_distances
    if case.truth is not None:
        columns["truth_distance"] = colour_distance(made, case.truth.pixels.float() / 255).double().numpy()
    table = np.stack([columns.get(name, np.full(len(pictures), np.nan)) for name in MEASURES], 1)
    means = bootstrap_means(table, pictures.drives, make_generator(seed, "bootstrap"))
    found = dict(zip(MEASURES, means, strict=True))
    ours, generator = eye.features(pictures), make_generator(seed, "bootstrap", "kernel")
    found["kernel_distance"] = kernel_distance(
        ours, pictures.drives, scene.real_features, scene.real.drives, generator
    )
    return {name: _plain(found[name]) for name in MEASURES}


def _plain(interval: Interval) -> dict[str, float | None]:
    return {
        name: None if value is None or np.isnan(value) else round(value, DIGITS)
        for name, value in interval._asdict().items()
    }


def _fall(distance: float | None, start: float | None) -> float | None:
    """Part of the source's distance to truth that a method took away; below 0 where it went astray."""
    return None if distance is None or not start else round(1 - distance / start, DIGITS)
