"""All measures of all methods, as the values of a JSON file."""

from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acdepth.core.condition import Condition
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.evaluation.bootstrap import Interval, bootstrap_means
from acdepth.translator.quality.agreement import (
    colour_distance,
    correlation,
    depth_difference,
    edge_agreement,
)
from acdepth.translator.quality.cases import Case
from acdepth.translator.quality.classifier import Judge, Panel, Real, split_drives, train_judge
from acdepth.translator.quality.colours import match_colours
from acdepth.translator.quality.kernel_distance import kernel_distance
from acdepth.translator.quality.looking import Eye, draw_partners
from acdepth.translator.quality.pictures import Pictures
from acdepth.translator.quality.settings import RateSettings

SOURCES, COLOURS, TRUTH = "untranslated", "colours-only", "truth"
"""Rows beside the folders': what a method starts from, what it must beat, and what it should reach."""
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


@dataclass(frozen=True)
class Judges:
    """Classifiers that learned to look past colours, and one that did not: a control."""

    jittered: Panel
    plain: Panel


@dataclass(frozen=True)
class _Scene:
    """What all methods of one condition share."""

    case: Case
    real: Pictures
    real_features: Any
    source_depth: Any
    partners: NDArray[np.int64] | None
    source_distances: NDArray[np.float64] | None


def rate(
    cases: Many[Case],
    real: Real,
    eye: Eye,
    settings: RateSettings,
    on_step: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """Measure every method under every condition.

    Args:
        cases: sources, translations and truth, per condition.
        real: images of other streets; they teach the classifiers and are what the features are held against.
        eye: the frozen prior.
        settings: seeds and sizes.
        on_step: called after each batch of the classifiers' training.

    Returns:
        JSON values: ``classifier``, ``methods`` in their order, and ``conditions``, which holds per condition
        and method each of `MEASURES` with its 95 % interval over drives, null where it does not apply.
    """
    to_learn, held_out = split_drives(real, settings.classifier.held_out)
    judges = _train_judges(to_learn, settings, on_step)
    return {
        "classifier": {
            "settings": settings.classifier.to_dict(),
            "held_out": {condition: _skill(judges, condition, to_learn, held_out) for condition in real},
        },
        "methods": [SOURCES, COLOURS, *(cases[0].made if cases else ()), TRUTH],
        "conditions": {case.condition.value: _rate_case(case, real, eye, judges, settings) for case in cases},
    }


def steps_to_learn(settings: RateSettings) -> int:
    """How often `rate` calls ``on_step``."""
    return (settings.classifier.judges + 1) * settings.classifier.steps


def _train_judges(real: Real, settings: RateSettings, on_step: Callable[[], object] | None) -> Judges:
    def train(number: int, jittered: bool) -> Judge:
        seed = derive_seed(settings.seed, "judge", number)
        return train_judge(real, settings.classifier, seed, jittered, on_step)

    voting = [train(number, jittered=True) for number in range(settings.classifier.judges)]
    return Judges(Panel(voting), Panel([train(0, jittered=False)]))


def _skill(judges: Judges, condition: Condition, to_learn: Real, held_out: Real) -> dict[str, Any]:
    asked = held_out[condition]
    return {
        "learned": len(to_learn[condition]),
        "asked": len(asked),
        "drives_asked": len(np.unique(asked.drives)),
        "right": round(float(judges.jittered.calls(asked, condition).mean()), DIGITS),
        "right_plain": round(float(judges.plain.calls(asked, condition).mean()), DIGITS),
    }


def _rate_case(case: Case, real: Real, eye: Eye, judges: Judges, settings: RateSettings) -> dict[str, Any]:
    sources, seed = case.sources, settings.seed
    partners = draw_partners(sources.drives, seed)
    scene = _Scene(
        case=case,
        real=real[case.condition],
        real_features=eye.features(real[case.condition]),
        source_depth=eye.inverse_depth(sources),
        partners=partners,
        source_distances=None if partners is None else eye.distances(sources, sources[partners]),
    )
    colours = match_colours(sources, scene.real, make_generator(seed, "colours", case.condition))
    methods = {SOURCES: sources, COLOURS: colours, **case.made}
    if case.truth is not None:
        methods[TRUTH] = case.truth
    measured = {name: _measure(pictures, scene, eye, judges, seed) for name, pictures in methods.items()}
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


def _measure(pictures: Pictures, scene: _Scene, eye: Eye, judges: Judges, seed: int) -> dict[str, Any]:
    case = scene.case
    made, sources = pictures.pixels.float() / 255, case.sources.pixels.float() / 255
    depth = eye.inverse_depth(pictures)
    columns: dict[str, NDArray[np.float64]] = {
        "depth_difference": depth_difference(depth, scene.source_depth).double().numpy(),
        "depth_correlation": correlation(depth, scene.source_depth).numpy(),
        "edge_agreement": edge_agreement(made, sources).numpy(),
        "recognised": judges.jittered.calls(pictures, case.condition),
        "recognised_plain": judges.plain.calls(pictures, case.condition),
    }
    if scene.partners is not None and scene.source_distances is not None:
        distances = eye.distances(pictures, pictures[scene.partners])
        columns["diversity"] = distances / scene.source_distances
    if case.truth is not None:
        columns["truth_distance"] = colour_distance(made, case.truth.pixels.float() / 255).double().numpy()
    table = np.stack([columns.get(name, np.full(len(pictures), np.nan)) for name in MEASURES], 1)
    found = dict(
        zip(MEASURES, bootstrap_means(table, pictures.drives, make_generator(seed, "bootstrap")), strict=True)
    )
    found["kernel_distance"] = kernel_distance(
        eye.features(pictures),
        pictures.drives,
        scene.real_features,
        scene.real.drives,
        make_generator(seed, "bootstrap", "kernel"),
    )
    return {name: _plain(found[name]) for name in MEASURES}


def _plain(interval: Interval) -> dict[str, float | None]:
    return {name: _rounded(value) for name, value in interval._asdict().items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(value, DIGITS)


def _fall(distance: float | None, start: float | None) -> float | None:
    """Part of the source's distance to truth that a method took away; below 0 where it went astray."""
    return None if distance is None or not start else round(1 - distance / start, DIGITS)
