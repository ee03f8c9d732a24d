"""From numbers to words. All bounds of the check stand here, with what they were chosen by
(benchmarks/unlabelled_check.py)."""

import math
from typing import NamedTuple

import numpy as np

from acdepth.evaluation.unlabelled.numbers import Numbers
from acdepth.evaluation.unlabelled.schema import Finding, Measure, UnlabelledCheck, Verdict
from acdepth.inference.model import DepthModel


class Bounds(NamedTuple):
    """Of one number: as good as the first it works, as bad as the second it is no depth."""

    works: float
    degenerate: float

    def finding(self, value: float) -> Finding:
        """Where a value lies; the order of the bounds says whether larger is better."""
        if math.isnan(value):
            return "unknown"
        sign = 1 if self.works > self.degenerate else -1
        if sign * value >= sign * self.works:
            return "works"
        return "degenerate" if sign * value <= sign * self.degenerate else "doubtful"


CONTRAST = Bounds(2.0, 1.3)
"""Far over near in a frame. A street has 10 and more; a wall that fills the image has 1."""
ALIKE = Bounds(0.985, 0.995)
"""Correlation of frames far apart. Streets of one town have .9; a map that ignores the picture has 1."""
STUCK = Bounds(0.4, 0.6)
"""Part of the pixels at one end of the range. Sky may be 40 % of an image, and lies at the far end."""
GAIN = Bounds(0.08, -0.15)
"""Part of the change between frames that depth explains beyond what a wall at one distance does. What knows
streets explains .4 more on the built-in world, a map that is spoilt by half .1, a constant none."""
TELLING = 0.03
"""Part of the change that a bare level road must explain beyond a wall, or the footage tells no distances: on
the built-in world .11 to .17, on a street of KITTI .07 to .12, on a motorway filmed at 25 images a second
-.01 to -.03, where little but bare asphalt is near."""
SAME_POINT = Bounds(0.06, 0.2)
"""|log| of a point's depth from two frames: 6 % is a few times what a trained network has."""
ROAD = Bounds(0.6, 0.05)
"""Part of the frames with a plane where the road should be. Cars may hide it in many, but not in all."""
FEWEST_FOR_ROAD = 20
"""Frames in which there must be none before that is no depth: a few may all look at a lorry."""
HEIGHT_JITTER = Bounds(0.04, 0.3)
"""|log| of the camera's height from a frame to the next; a drive's camera keeps its height to 1 or 2 %."""
PITCH_JITTER = Bounds(0.6, 5.0)
"""[degrees]; bumps are a few tenths at 10 frames a second."""
BELOW = Bounds(0.1, 0.5)
"""Part of the road's pixels that would lie under it; a dip in the ground is small."""
SKY = Bounds(0.9, 0.6)
"""Part of the rest that is nearer than the sky."""
STEADY = Bounds(0.1, 0.5)
"""|log| of depth by which a mirror image, light or weather may change it."""
ORDER = Bounds(0.85, 0.6)
"""Part of the pairs ordered as by the prior; chance is half."""
METRES = Bounds(0.15, math.inf)
"""|log| of metres by depth over those known; wrong metres are a wrong scale, and depth for all that."""
TRAIN = "train longer, from a network that knows depth, on frames between which the camera moves"
COLLAPSED = "start from a depth network that works, or train at a lower rate"


def judge(
    model: DepthModel, numbers: Numbers, frames: int, sheet: str | None = None, vehicle: float = 0.0
) -> UnlabelledCheck:
    """The result that is written; ``vehicle`` is the part of the image that shows it and is not masked."""
    measures = {name: one for name, one in _measures(model, numbers).items() if one is not None}
    if vehicle:
        said = f"{100 * vehicle:.0f} % of the image is the vehicle itself, and no mask leaves it out"
        measures["vehicle"] = _measure(vehicle, "doubtful", said, said, "acdepth data mask, and train again")
    verdict, in_words = _in_words(measures)
    return UnlabelledCheck(
        verdict=verdict,
        in_words=in_words,
        score=score(numbers),
        measures=measures,
        model=model.name,
        sha256=model.sha256,
        frames=frames,
        pairs=numbers.pairs,
        sheet=sheet,
    )


def score(numbers: Numbers) -> float:
    """See `UnlabelledCheck.score`."""
    if numbers.shape.finite < 1:
        return 1.0
    parts = [numbers.apart, 1 - numbers.explained, 3 * numbers.same_point]
    known = [min(max(one, 0.0), 1.0) for one in parts if np.isfinite(one)]
    return float(np.mean(known)) if known else 1.0


def _in_words(measures: dict[str, Measure]) -> tuple[Verdict, str]:
    for verdict in ("degenerate", "doubtful"):
        bad = [one for one in measures.values() if one.finding == verdict]
        if bad:
            said = f"{verdict}: {', '.join(dict.fromkeys(one.reason for one in bad))}"
            advice = dict.fromkeys(one.advice for one in bad if one.advice)
            return verdict, f"{said}; try: {'; or '.join(advice)}" if advice else said
    if measures["motion"].finding == measures["road"].finding == "unknown":
        told = "nothing to hold depth against, neither motion nor a road"
        return "doubtful", f"doubtful: {told}; try: video along a road, with its camera"
    return "works", "works"


def _measure(value: float, finding: Finding, in_words: str, reason: str = "", advice: str = "") -> Measure:
    """With words only where they hold."""
    if math.isnan(value):
        return Measure(value=None, finding="unknown", in_words=in_words)
    bad = finding in ("doubtful", "degenerate")
    return Measure(
        value=value,
        finding=finding,
        in_words=in_words,
        reason=reason if bad else "",
        advice=advice if bad else "",
    )


def _measures(model: DepthModel, of: Numbers) -> dict[str, Measure | None]:
    shape = of.shape
    return {
        "finite": _measure(
            shape.finite,
            "works" if shape.finite == 1 else "degenerate",
            f"{100 * shape.finite:.0f} % of the frames have depth that is a number",
            "depth is not a number",
            COLLAPSED,
        ),
        "contrast": _measure(
            shape.contrast,
            CONTRAST.finding(shape.contrast),
            f"far is {shape.contrast:.3g} times as far as near within a frame",
            "depth is nearly the same everywhere",
            COLLAPSED,
        ),
        "alike": _measure(
            shape.alike,
            ALIKE.finding(shape.alike),
            f"depth of different frames correlates by {shape.alike:.3f}",
            "depth does not depend on the picture",
            COLLAPSED,
        ),
        "stuck": _measure(
            shape.stuck,
            STUCK.finding(shape.stuck),
            f"{100 * shape.stuck:.0f} % of the pixels lie at one end of the range",
            "depth has run to the end of its range",
            COLLAPSED,
        ),
        "motion": _motion(of),
        "same_point": _measure(
            of.same_point,
            SAME_POINT.finding(of.same_point),
            _told(of.same_point, f"a point seen from two frames differs by {100 * of.same_point:.1f} %")
            or "no point could be followed",
            f"the same point lies {100 * of.same_point:.0f} % apart from one frame to another",
            TRAIN,
        ),
        **_road(of),
        "sky": _measure(
            of.sky,
            SKY.finding(of.sky),
            _told(of.sky, f"the sky is farther than {100 * of.sky:.0f} % of everything else")
            or "no sky was found",
            f"the sky is nearer than {100 - 100 * of.sky:.0f} % of everything else",
            "a start from a depth network that knows sky, which is held to it",
        ),
        "mirror": _measure(
            of.mirror,
            STEADY.finding(of.mirror),
            _told(of.mirror, f"the mirror image changes depth by {100 * of.mirror:.1f} %") or "",
            f"the mirror image changes depth by {100 * of.mirror:.0f} %",
        ),
        "light": _measure(
            of.light,
            STEADY.finding(of.light),
            _told(of.light, f"less light and some noise change depth by {100 * of.light:.1f} %") or "",
            f"less light and some noise change depth by {100 * of.light:.0f} %",
        ),
        **{
            f"translated_{name}": _measure(
                value,
                STEADY.finding(value),
                _told(value, f"the same frames by {name} change depth by {100 * value:.1f} %") or "",
                f"the same frames by {name} change depth by {100 * value:.0f} %",
                "" if name == "clear" else "train the student on these translations",
            )
            for name, value in of.translated.items()
        },
        "order": None
        if math.isnan(of.order)
        else _measure(
            of.order,
            ORDER.finding(of.order),
            f"{100 * of.order:.0f} % of pairs of points are ordered as by the prior",
            f"only {100 * of.order:.0f} % of pairs of points are ordered as by the prior",
        ),
        "metres": _metres(model, of),
    }


def _motion(of: Numbers) -> Measure:
    if math.isnan(of.explained):
        return _measure(math.nan, "unknown", "no motion between frames could be told")
    said = f"depth and motion explain {100 * of.explained:.0f} % of what changes between frames"
    wall = f"a wall at one distance {100 * of.by_wall:.0f} %"
    if of.by_road - of.by_wall < TELLING:
        road = f"a bare road {100 * of.by_road:.0f} %: the footage tells little by motion"
        return _measure(of.explained, "unknown", f"{said}, {wall}, {road}")
    return _measure(
        of.explained, GAIN.finding(of.explained - of.by_wall), f"{said}, {wall}", f"{said}, {wall}", TRAIN
    )


def _road(of: Numbers) -> dict[str, Measure]:
    finding = ROAD.finding(of.road_found)
    if finding == "degenerate" and of.road_frames < FEWEST_FOR_ROAD:
        finding = "doubtful"
    found = _told(of.road_found, f"a level road is seen in {100 * of.road_found:.0f} % of the frames")
    height = f"the camera's height above it moves by {100 * of.height_jitter:.1f} % from frame to frame"
    pitch = f"its pitch by {of.pitch_jitter:.2f} degrees"
    return {
        "road": _measure(
            of.road_found,
            finding,
            found or "no road was looked for",
            f"a level road is seen in only {100 * of.road_found:.0f} % of the frames"
            if of.road_found
            else "no road",
            "start from a depth network that works, if the sheet shows a road",
        ),
        "height": _measure(
            of.height_jitter,
            HEIGHT_JITTER.finding(of.height_jitter),
            _told(of.height_jitter, f"{height}, around {of.height:.2f}") or "no height could be told",
            height,
        ),
        "pitch": _measure(
            of.pitch_jitter,
            PITCH_JITTER.finding(of.pitch_jitter),
            _told(of.pitch_jitter, f"{pitch}, around {of.pitch:.1f}") or "no pitch could be told",
            f"the camera's pitch moves by {of.pitch_jitter:.1f} degrees from frame to frame",
        ),
        "below": _measure(
            of.below,
            BELOW.finding(of.below),
            _told(of.below, f"{100 * of.below:.0f} % of the road would lie under itself")
            or "no road was found",
            f"{100 * of.below:.0f} % of the road has holes",
        ),
    }


def _metres(model: DepthModel, of: Numbers) -> Measure | None:
    """Against speeds or poses, else against the camera's height; None where nothing is known of either."""
    by, factor = "the known motion", of.metres
    if math.isnan(factor):
        by, factor = "the camera's height", of.height / of.known_height
    if not model.metric or math.isnan(factor):
        return None
    said = f"metres are {factor:.2f} times those by {by}"
    return _measure(
        factor, METRES.finding(abs(math.log(factor))), said, said, "the right camera, or its height"
    )


def _told(value: float, words: str) -> str:
    return "" if math.isnan(value) else words
