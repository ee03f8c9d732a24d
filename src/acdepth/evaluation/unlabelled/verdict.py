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


class Rule(NamedTuple):
    """What one number means. In its words stand {value}, {percent} of 1, the {rest} to 100 %, and other
    numbers as {of.NAME}."""

    bounds: Bounds
    in_words: str
    reason: str
    """Where it is not good."""
    advice: str = ""
    unknown: str | None = None
    """In words where the footage cannot tell; None says ``in_words``."""

    def measure(self, value: float, of: Numbers) -> Measure:
        """What a value is."""
        told = self.in_words if self.unknown is None or not math.isnan(value) else self.unknown
        numbers = {"value": value, "percent": 100 * value, "rest": 100 - 100 * value, "of": of}
        in_words, reason = (words.format(**numbers) for words in (told, self.reason))
        return _measure(value, self.bounds.finding(value), in_words, reason, self.advice)


TRAIN = "train longer, from a network that knows depth, on frames between which the camera moves"
COLLAPSED = "start from a depth network that works, or train at a lower rate"
NO_DEPTH = "no frame has depth that is a number"

FINITE = Rule(
    Bounds(1.0, math.nextafter(1.0, 0.0)),
    "{percent:.0f} % of the frames have depth that is a number",
    "depth is not a number",
    COLLAPSED,
)
"""Part of the frames; one that has none is too many."""
CONTRAST = Rule(
    Bounds(2.0, 1.3),
    "far is {value:.3g} times as far as near within a frame",
    "depth is nearly the same everywhere",
    COLLAPSED,
    NO_DEPTH,
)
"""Far over near in a frame. A street has 10 and more; a wall that fills the image has 1."""
ALIKE = Rule(
    Bounds(0.99, 0.995),
    "depth of different frames correlates by {value:.3f}",
    "depth does not depend on the picture",
    COLLAPSED,
    "too few frames to compare",
)
"""Correlation of frames far apart. Streets of one town have .9, a motorway .985, a map that ignores the
picture 1."""
STUCK = Rule(
    Bounds(0.4, 0.6),
    "{percent:.0f} % of the pixels lie at one end of the range",
    "depth has run to the end of its range",
    COLLAPSED,
    NO_DEPTH,
)
"""Part of the pixels at one end of the range. Sky may be 40 % of an image, and lies at the far end."""
GAIN = Bounds(0.08, -0.15)
"""Part of the change between frames that depth explains beyond what a wall at one distance does. What knows
streets explains .4 more on the built-in world, a map that is spoilt by half .1, a constant none."""
TELLING = 0.03
"""Part of the change that a bare level road must explain beyond a wall, or the footage tells no distances: on
the built-in world .11 to .17, on a street of KITTI .07 to .12, on a motorway filmed at 25 images a second
-.01 to -.03, where little but bare asphalt is near."""
SAME_POINT = Rule(
    Bounds(0.06, 0.2),
    "a point seen from two frames differs by {percent:.1f} %",
    "the same point lies {percent:.0f} % apart from one frame to another",
    TRAIN,
    "no point could be followed",
)
"""|log| of a point's depth from two frames: 6 % is a few times what a trained network has."""
ROAD = Rule(
    Bounds(0.6, 0.05),
    "a level road is seen in {percent:.0f} % of the frames",
    "a level road is seen in only {percent:.0f} % of the frames",
    "start from a depth network that works, if the sheet shows a road",
    "no road was looked for",
)
"""Part of the frames with a plane where the road should be. Cars may hide it in many, but not in all."""
FEWEST_FOR_ROAD = 20
"""Frames in which there must be none before that is no depth: a few may all look at a lorry."""
HEIGHT = Rule(
    Bounds(0.04, 0.3),
    "the camera's height above it moves by {percent:.1f} % from frame to frame, around {of.height:.2f}",
    "the camera's height above it moves by {percent:.1f} % from frame to frame",
    unknown="no height could be told",
)
"""|log| of the camera's height from a frame to the next; a drive's camera keeps its height to 1 or 2 %."""
PITCH = Rule(
    Bounds(0.6, 5.0),
    "its pitch by {value:.2f} degrees, around {of.pitch:.1f}",
    "the camera's pitch moves by {value:.1f} degrees from frame to frame",
    unknown="no pitch could be told",
)
"""[degrees]; bumps are a few tenths at 10 frames a second."""
RISE = Bounds(1.5, math.inf)
"""|degrees| by which the road may rise or fall against the way the camera moves. On the built-in world true
depth has 0.0, networks whose aligned absRel is below .19 at most 1.1, and bent depth 2.3 and more; flow tells
the way to 0.2."""
AHEAD = 10
"""Camera heights, some 15 m: there it is said how wrong such a road is."""
BELOW = Rule(
    Bounds(0.1, 0.5),
    "{percent:.0f} % of the road would lie under itself",
    "{percent:.0f} % of the road has holes",
    unknown="no road was found",
)
"""Part of the road's pixels that would lie under it; a dip in the ground is small."""
SKY = Rule(
    Bounds(0.9, 0.6),
    "the sky is farther than {percent:.0f} % of everything else",
    "the sky is nearer than {rest:.0f} % of everything else",
    "a start from a depth network that knows sky, which is held to it",
    "no sky was found",
)
"""Part of the rest that is nearer than the sky."""
ORDER = Rule(
    Bounds(0.85, 0.6),
    "{percent:.0f} % of pairs of points are ordered as by the prior",
    "only {percent:.0f} % of pairs of points are ordered as by the prior",
)
"""Part of the pairs ordered as by the prior; chance is half."""
STEADY = Bounds(0.1, 0.5)
"""|log| of depth by which a mirror image, light or weather may change it."""
METRES = Bounds(0.15, math.inf)
"""|log| of metres by depth over those known; wrong metres are a wrong scale, and depth for all that."""


def judge(
    model: DepthModel, numbers: Numbers, frames: int, sheet: str | None = None, vehicle: float = 0.0
) -> UnlabelledCheck:
    """The result that is written; ``vehicle`` is the part of the image that shows it and is not masked."""
    measures = _measures(model, numbers)
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
    """With reason and advice only where something is wrong."""
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


def _measures(model: DepthModel, of: Numbers) -> dict[str, Measure]:
    found = {
        "finite": FINITE.measure(of.shape.finite, of),
        "contrast": CONTRAST.measure(of.shape.contrast, of),
        "alike": ALIKE.measure(of.shape.alike, of),
        "stuck": STUCK.measure(of.shape.stuck, of),
        "motion": _motion(of),
        "same_point": SAME_POINT.measure(of.same_point, of),
        "road": _road(of).measure(of.road_found, of),
        "height": HEIGHT.measure(of.height_jitter, of),
        "pitch": PITCH.measure(of.pitch_jitter, of),
        "rise": _rise(of),
        "below": BELOW.measure(of.below, of),
        "sky": SKY.measure(of.sky, of),
        "mirror": _steady("the mirror image changes").measure(of.mirror, of),
        "light": _steady("less light and some noise change").measure(of.light, of),
    }
    for name, value in of.translated.items():
        advice = "" if name == "clear" else "train the student on these translations"
        rule = _steady(f"the same frames by {name} change", advice)
        found[f"translated_{name}"] = rule.measure(value, of)
    if not math.isnan(of.order):
        found["order"] = ORDER.measure(of.order, of)
    says_metres = model.metric and not model.relative
    if says_metres and not math.isnan(factor := of.metres):
        found["metres"] = _metres(factor, "the known motion")
    elif says_metres and not math.isnan(factor := of.height / of.known_height):
        found["metres"] = _metres(factor, "the camera's height")
    return found


def _motion(of: Numbers) -> Measure:
    if math.isnan(of.explained):
        return _measure(of.explained, "unknown", "no motion between frames could be told")
    explained = f"depth and motion explain {100 * of.explained:.0f} % of what changes between frames"
    said = f"{explained}, a wall at one distance {100 * of.by_wall:.0f} %"
    if of.by_road - of.by_wall < TELLING:
        road = f"a bare road {100 * of.by_road:.0f} %: the footage tells little by motion"
        return _measure(of.explained, "unknown", f"{said}, {road}")
    return _measure(of.explained, GAIN.finding(of.explained - of.by_wall), said, said, TRAIN)


def _road(of: Numbers) -> Rule:
    """No road at all is no depth, unless few frames were looked at."""
    rule = ROAD if of.road_found else ROAD._replace(reason="no road")
    if of.road_frames < FEWEST_FOR_ROAD:
        rule = rule._replace(bounds=Bounds(ROAD.bounds.works, -math.inf))
    return rule


def _rise(of: Numbers) -> Measure:
    if math.isnan(of.rise):
        told = "whether the road rises against the way the camera moves could not be told"
        return _measure(of.rise, "unknown", told)
    sign, goes = (1, "rises") if of.rise >= 0 else (-1, "falls")
    low, high = sorted((sign * of.rise_low, sign * of.rise_high))
    said = f"the road it sees {goes} by {abs(of.rise):.1f} degrees against the way the camera moves"
    spread = f"{said}, in half of the frames by {low:.1f} to {high:.1f}"
    wrong = f"{said}: distances on the road come out {_far_ahead(of.rise)}"
    return _measure(of.rise, RISE.finding(abs(of.rise)), spread, wrong)


def _far_ahead(rise: float) -> str:
    """How wrong a road that rises [degrees] from below the camera is `AHEAD` of it."""
    down = math.atan(1 / AHEAD)
    seen = down + math.radians(rise)  # the angle at which it is looked at, against the plane that is said
    times = math.sin(down) / math.sin(seen) if seen > 0 else math.inf
    if times <= 1:
        return f"too short, {AHEAD} camera heights ahead by {100 - 100 * times:.0f} %"
    far = f"{100 * times - 100:.0f} %" if times < 10 else "any factor"
    return f"too long, {AHEAD} camera heights ahead by {far}"


def _steady(what: str, advice: str = "") -> Rule:
    said = f"{what} depth by"
    return Rule(
        STEADY,
        f"{said} {{percent:.1f}} %",
        f"{said} {{percent:.0f}} %",
        advice,
        f"whether {what} depth cannot be told",
    )


def _metres(factor: float, by: str) -> Measure:
    said = f"metres are {factor:.2f} times those by {by}"
    finding = METRES.finding(abs(math.log(factor)))
    return _measure(factor, finding, said, said, "the right camera, or its height")
