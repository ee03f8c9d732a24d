"""All measures of all methods, as the values of a JSON file."""

from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from acdepth.core.config import Config
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.evaluation.bootstrap import Interval, bootstrap_means
from acdepth.translator.scoring.cases import SOURCES, TRUTH, Case
from acdepth.translator.scoring.controls import CONTROLS, OTHER_COLOURS, WRONG, build_controls, build_wrong
from acdepth.translator.scoring.intervals import Answers, share
from acdepth.translator.scoring.judges import (
    KINDS,
    NONE,
    Judges,
    JudgeSettings,
    Real,
    ask,
    split_drives,
    train_judges,
    write_lesson,
)
from acdepth.translator.scoring.looking import PRIOR, Eye, Views, draw_partners
from acdepth.translator.scoring.measures import (
    colour_distance,
    correlation,
    depth_difference,
    edge_agreement,
    kernel_distance,
)
from acdepth.translator.scoring.pictures import Pictures
from acdepth.translator.scoring.telling import Seen, Told, tell_apart

MEASURES = ("depth_difference", "depth_correlation", "edge_agreement", "diversity", "truth_distance")
"""A number per image."""
DIGITS = 6


class ScoreSettings(Config):
    """What is measured, on how many images."""

    images: int = Field(default=500, gt=0)
    """At most so many sources, and so many real images of each condition, evenly spread over the footage."""
    batch_size: int = Field(default=16, gt=0)
    """Images the prior sees at a time; shapes speed and memory only."""
    seed: int = 0
    """Of the judges, of what is paired, and of the intervals."""
    judges: JudgeSettings = JudgeSettings()


@dataclass(frozen=True)
class _Bench:
    """What all conditions share."""

    judges: Judges
    names: tuple[str, ...]
    """That judges give."""
    eye: Eye
    settings: ScoreSettings
    advance: Callable[[], object]
    """Called after each training that tells real from made."""


@dataclass(frozen=True)
class _Scene:
    """What all methods of one condition share."""

    case: Case
    real: Pictures
    real_views: Views
    source_depth: Tensor
    partners: NDArray[np.int64] | None
    source_distances: NDArray[np.float64] | None


def score_cases(
    cases: Many[Case],
    real: Real,
    eye: Eye,
    settings: ScoreSettings,
    on_step: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Measure every method under every condition.

    Real images, of other streets, teach the judges and are what translations are held against; ``on_step`` is
    called after each training.

    Returns:
        JSON values: ``judges``, ``methods`` in their order, and ``conditions``, which holds per condition and
        method each of `MEASURES`, ``kernel_distance``, what judges called it (``called``, by their kind and
        the name they gave) and how often they told it from real images (``told_from_real``), each with its
        95 % interval, null where it does not apply.
    """
    to_learn, held_out = split_drives(real, settings.judges.held_out)
    lesson = write_lesson(to_learn, eye, settings.seed)
    judges = train_judges(lesson, settings.judges, settings.seed, on_step)
    bench = _Bench(judges, lesson.names, eye, settings, on_step)
    asked = {condition.value: _skill(bench, pictures) for condition, pictures in held_out.items()}
    wrong = build_wrong(held_out, make_generator(settings.seed, "wrong"))
    asked[NONE] = _skill(bench, Pictures.joined(list(wrong)))
    return {
        "judges": {
            "settings": settings.judges.to_dict(),
            "names": list(lesson.names),
            "learned": {condition.value: len(pictures) for condition, pictures in to_learn.items()},
            "learned_as_none": [OTHER_COLOURS, *WRONG],
            "held_out": asked,
        },
        "methods": [SOURCES, *CONTROLS, *(cases[0].made if cases else ()), TRUTH],
        "conditions": {case.condition.value: _score_case(case, real, bench) for case in cases},
    }


def count_trainings(cases: Many[Case], settings: ScoreSettings) -> int:
    """How often `score_cases` calls ``on_step``."""
    without_truth = len(CONTROLS) - 1
    methods = sum(1 + without_truth + len(case.made) + 2 * (case.truth is not None) for case in cases)
    return len(KINDS) * (settings.judges.trainings + methods * settings.judges.telling_trainings)


def _score_case(case: Case, real: Real, bench: _Bench) -> dict[str, Any]:
    sources, seed = case.sources, bench.settings.seed
    partners = draw_partners(sources.drives, seed)
    apart = None if partners is None else bench.eye.distances(sources, sources[partners])
    of_condition = real[case.condition]
    views, depth = bench.eye.views(of_condition), bench.eye.inverse_depth(sources)
    scene = _Scene(case, of_condition, views, depth, partners, apart)
    controls = build_controls(
        sources, case.truth, of_condition, make_generator(seed, "colours", case.condition)
    )
    methods = {SOURCES: sources, **controls, **case.made}
    if case.truth is not None:
        methods[TRUTH] = case.truth
    measured = {name: _measure(pictures, scene, bench) for name, pictures in methods.items()}
    start = measured[SOURCES]["truth_distance"]["mean"]
    for row in measured.values():
        row["nearer_truth"] = _fall(row["truth_distance"]["mean"], start)
    return {
        "images": len(sources),
        "drives": len(np.unique(sources.drives)),
        "left_out": case.left_out,
        "real_images": len(of_condition),
        "real_drives": len(np.unique(of_condition.drives)),
        "methods": measured,
    }


def _measure(pictures: Pictures, scene: _Scene, bench: _Bench) -> dict[str, Any]:
    seed, views = bench.settings.seed, bench.eye.views(pictures)
    means = bootstrap_means(
        _per_image(pictures, scene, bench.eye), pictures.drives, make_generator(seed, "bootstrap")
    )
    drives, generator = scene.real.drives, make_generator(seed, "bootstrap", "kernel")
    distance = kernel_distance(
        views[PRIOR][:, 0], pictures.drives, scene.real_views[PRIOR][:, 0], drives, generator
    )
    told = tell_apart(
        Seen(views, pictures.drives),
        Seen(scene.real_views, drives),
        bench.settings.judges,
        derive_seed(seed, scene.case.condition),
        bench.advance,
    )
    return {
        **{name: _plain(mean) for name, mean in zip(MEASURES, means, strict=True)},
        "kernel_distance": _plain(distance),
        "called": _called(bench, views, pictures),
        "told_from_real": {kind: _told(answers, seed) for kind, answers in told.items()},
    }


def _per_image(pictures: Pictures, scene: _Scene, eye: Eye) -> NDArray[np.float64]:
    """(N, M), NaN where a measure does not apply."""
    case = scene.case
    made, sources = pictures.pixels.float() / 255, case.sources.pixels.float() / 255
    depth = eye.inverse_depth(pictures)
    columns: dict[str, NDArray[np.float64]] = {
        "depth_difference": depth_difference(depth, scene.source_depth).double().numpy(),
        "depth_correlation": correlation(depth, scene.source_depth).numpy(),
        "edge_agreement": edge_agreement(made, sources).numpy(),
    }
    if scene.partners is not None and scene.source_distances is not None:
        distances = eye.distances(pictures, pictures[scene.partners])
        columns["diversity"] = distances / scene.source_distances
    if case.truth is not None:
        columns["truth_distance"] = colour_distance(made, case.truth.pixels.float() / 255).double().numpy()
    return np.stack([columns.get(name, np.full(len(pictures), np.nan)) for name in MEASURES], 1)


def _skill(bench: _Bench, pictures: Pictures) -> dict[str, Any]:
    """What judges call images of drives that they have not learned."""
    called = _called(bench, bench.eye.views(pictures), pictures)
    return {"asked": len(pictures), "drives_asked": len(np.unique(pictures.drives)), "called": called}


def _called(bench: _Bench, views: Views, pictures: Pictures) -> dict[str, Any]:
    """How often judges of each kind give each name."""
    called = {}
    for kind, judges in bench.judges.items():
        given = np.stack([ask(judge, views[kind]) for judge in judges])
        shares = {}
        for place, name in enumerate(bench.names):
            answers = Answers((given == place).astype(np.float64), pictures.drives)
            shares[name] = _plain(share([answers], make_generator(bench.settings.seed, "bootstrap", kind)))
        called[kind] = shares
    return called


def _told(answers: Told, seed: int) -> dict[str, Any]:
    """Part that was called what it is, made and real images counting alike, and of each training."""
    of_trainings = np.mean([side.said.mean(1) for side in answers], axis=0)
    right = _plain(share(answers, make_generator(seed, "bootstrap", "told")))
    return {**right, "of_trainings": [round(float(one), DIGITS) for one in of_trainings]}


def _plain(interval: Interval) -> dict[str, float | None]:
    return {
        name: None if value is None or np.isnan(value) else round(value, DIGITS)
        for name, value in interval._asdict().items()
    }


def _fall(distance: float | None, start: float | None) -> float | None:
    """Part of the source's distance to truth that a method took away; below 0 where it went astray."""
    return None if distance is None or not start else round(1 - distance / start, DIGITS)
