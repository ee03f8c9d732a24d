"""All numbers of a check, before anything is made of them. NaN where the footage cannot tell."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from acdepth.evaluation.unlabelled.answers import Answers
from acdepth.evaluation.unlabelled.moving import compare
from acdepth.evaluation.unlabelled.scene import Road, Shape, farther_than, find_road, find_shape, find_sky

FEWEST = 3
"""Places that must tell a number."""


@dataclass
class Numbers:
    """Means and medians over the places."""

    shape: Shape
    pairs: int = 0
    """Of which motion was told."""
    apart: float = np.nan
    """See `PairNumbers`."""
    explained: float = np.nan
    by_wall: float = np.nan
    by_road: float = np.nan
    same_point: float = np.nan
    metres: float = np.nan
    """Length of motion by depth over the known one, the median pair."""
    road_found: float = np.nan
    """Part of the frames in which a plane was found."""
    road_frames: int = 0
    """Frames in which it was looked for."""
    height: float = np.nan
    height_jitter: float = np.nan
    """Median |log| of the camera's height in a frame over that in a neighbour."""
    pitch: float = np.nan
    pitch_jitter: float = np.nan
    """[degrees]"""
    rise: float = np.nan
    """By which the road rises ahead against the way the camera moves, the median pair [degrees]."""
    rise_low: float = np.nan
    rise_high: float = np.nan
    """Quartiles of it over the pairs [degrees]."""
    below: float = np.nan
    known_height: float = np.nan
    """That the footage tells [m]."""
    sky: float = np.nan
    mirror: float = np.nan
    light: float = np.nan
    translated: dict[str, float] = field(default_factory=dict)
    order: float = np.nan


def gather(seen: Sequence[Answers]) -> Numbers:
    """Put together what was seen at all places."""
    skies = [find_sky(answers.place) for answers in seen]
    farther = [farther_than(answers, sky) for answers, sky in zip(seen, skies, strict=True)]
    numbers = Numbers(find_shape(seen, skies), sky=_median([one for one in farther if not np.isnan(one)]))
    _add_motion(numbers, seen)
    _add_road(numbers, seen, [road for answers in seen if (road := find_road(answers)) is not None])
    numbers.mirror = _median([answers.mirror for answers in seen])
    numbers.light = _median([answers.light for answers in seen])
    numbers.order = _median([answers.order for answers in seen])
    changes: dict[str, list[float]] = defaultdict(list)
    for answers in seen:
        for condition, change in answers.translated.items():
            changes[condition].append(change)
    numbers.translated = {name: _median(some) for name, some in sorted(changes.items())}
    return numbers


def _add_motion(numbers: Numbers, seen: Sequence[Answers]) -> None:
    pairs = [
        (answers.place, number, found)
        for answers in seen
        for number in range(1, len(answers.depths))
        if (found := compare(answers, number)) is not None
    ]
    numbers.pairs = len(pairs)
    if not pairs:
        return
    numbers.apart = float(np.mean([one.apart for *_, one in pairs]))
    numbers.explained = _median([one.explained for *_, one in pairs])
    numbers.by_wall = _median([one.by_wall for *_, one in pairs])
    numbers.by_road = _median([one.by_road for *_, one in pairs])
    numbers.same_point = _median([one.same_point for *_, one in pairs])
    numbers.metres = _median(
        [
            one.scale / distance
            for place, number, one in pairs
            if number == 1 and (distance := place.clip.distance(place.index, place.index + 1))
        ]
    )


def _add_road(numbers: Numbers, seen: Sequence[Answers], roads: Sequence[Road]) -> None:
    if not roads:
        return
    heights, pitches = ([getattr(road, name) for road in roads] for name in ("heights", "pitches"))
    every = np.concatenate(heights)
    numbers.road_frames = len(every)
    numbers.road_found = float(np.isfinite(every).mean())
    numbers.height = _median(every)
    numbers.pitch = _median(np.concatenate(pitches))
    numbers.height_jitter = _median([abs(np.log(one[1] / one[0])) for one in heights if len(one) > 1])
    numbers.pitch_jitter = _median([abs(one[1] - one[0]) for one in pitches if len(one) > 1])
    rises = np.concatenate([road.rises for road in roads])
    numbers.rise_low, numbers.rise, numbers.rise_high = (_quantile(rises, part) for part in (0.25, 0.5, 0.75))
    numbers.below = _median([road.below for road in roads])
    numbers.known_height = _median([answers.place.clip.camera_height or np.nan for answers in seen])


def _median(values: Sequence[float] | np.ndarray) -> float:
    return _quantile(values, 0.5)


def _quantile(values: Sequence[float] | np.ndarray, part: float) -> float:
    known = [one for one in values if np.isfinite(one)]
    return float(np.quantile(known, part)) if len(known) >= min(FEWEST, len(values)) and known else np.nan
