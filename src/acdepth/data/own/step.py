"""Which frames of a drive are used: the step between them by how far the image moves.

At 30 or 60 images a second neighbours hardly differ, and what hardly moves teaches no depth; what moves too
far cannot be found again in the neighbour.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.spread import spread
from acdepth.data.flow import flow_image, flow_mask, image_motion, lost_part
from acdepth.data.own.clip import ImageClip, OwnClip

STEPS = (1, 2, 3, 4, 6, 8)
"""Every how many-th image may be used."""
PLACES = 24
"""Where in a drive motion is measured, evenly spread."""
RANGE = (0.5, 4.0)
"""Wanted median motion from a frame to the next [% of the image's width]. Measured so, two drives of KITTI
at 10 images a second have 1.4 and 2.3, three of the built-in world at 12 have 0.9, 1.5 and 2.0
(docs/footage.md). The low end is about half of the least, so that a data set driven slowly keeps its rate,
and 1.6 pixels at a width of 320; the high end is about twice the most, beyond which flow is not to be
trusted."""
MOST_LOST = 0.5
"""Part of the texture that may be lost from a frame to the next; of the same drives 0.11 to 0.22 is."""

Verdict = Literal["within", "too much", "stands", "unknown"]


@dataclass(frozen=True)
class StepChoice:
    """The step for a drive, and what it was chosen by."""

    step: int
    verdict: Verdict
    """Whether motion at this step lies within `RANGE`; ``unknown`` where no image could tell."""
    motion: dict[int, float]
    """Median motion of each step that was tried [% of the image's width], over the places that move."""
    lost: float
    """Part of the texture that cannot be followed from a frame to the next, the median over these places."""
    places: int
    """Where motion was measured."""
    moving: int
    """Places of these where the image moves at all."""

    @property
    def told(self) -> str:
        """Why, in words."""
        low, high = RANGE
        wanted = f"{low:g} to {high:g} % of the width are wanted"
        if self.verdict == "unknown":
            return "motion cannot be measured in its images, so all are used"
        if self.verdict == "stands":
            over = "from one to the next" if self.step == 1 else f"even over {self.step} images"
            return f"the image moves nowhere by {low:g} % of its width, {over}"
        moved = f"{self.motion[self.step]:.2f} %"
        if self.verdict == "too much":
            measured = f"the image moves by {moved} of its width from one to the next"
            return f"{measured} and {100 * self.lost:.0f} % of its texture are lost; {wanted}"
        stands = self.places - self.moving
        halts = f"; it stands at {stands} of {self.places} places" if stands else ""
        reached = f"the first step at which the image moves by at least {low:g} % of its width"
        return f"{reached}: {moved}; up to {high:g} % is wanted{halts}"

    @property
    def doubt(self) -> str | None:
        """What a person should look at; None where nothing is odd."""
        if self.verdict in ("within", "unknown"):
            return None
        remedy = "a camera that stands teaches no depth; if it drives, set step to a larger number"
        if self.verdict == "too much":
            remedy = "record more images per second, or drive slower"
        return f"{every(self.step)} is used: {self.told}; {remedy}"


def choose_step(clips: Sequence[OwnClip]) -> StepChoice:
    """Choose the step for the clips of one drive; the same files give the same step.

    The smallest of `STEPS` is taken whose median motion reaches `RANGE`, over the places that move; the
    largest if none does. A clip needs three frames to teach, which bounds the step of a short one.
    """
    longest = max(map(len, clips))
    steps = [step for step in STEPS if 2 * step < longest] or [1]
    starts = [(clip, index) for clip in clips for index in range(len(clip) - steps[-1])]
    series = [one for clip, index in spread(starts, PLACES) if (one := _series(clip, index, steps))]
    motions = np.array([_motions(one) for one in series]).reshape(len(series), len(steps))
    readable = ~np.isnan(motions).any(1)
    if not readable.any():
        return StepChoice(1, "unknown", {}, float("nan"), 0, 0)
    moving = readable & (motions[:, -1] >= RANGE[0])
    looked_at = moving if moving.any() else readable
    median = np.median(motions[looked_at], axis=0)
    enough = np.flatnonzero(median >= RANGE[0])
    chosen = int(enough[0]) if enough.size else len(steps) - 1
    lost = float(np.median([_lost(series[place], chosen) for place in np.flatnonzero(looked_at)]))
    verdict = "within" if moving.any() else "stands"
    if moving.any() and (median[chosen] > RANGE[1] or lost > MOST_LOST):
        verdict = "too much"
    motion = {step: float(value) for step, value in zip(steps, median, strict=True)}
    return StepChoice(steps[chosen], verdict, motion, lost, int(readable.sum()), int(moving.sum()))


def drives(clips: Iterable[Clip]) -> list[list[OwnClip]]:
    """Own footage alone, the clips of each source together: the pieces of a cut drive share their step."""
    of_source: dict[int, list[OwnClip]] = {}
    for clip in clips:
        if isinstance(clip, OwnClip) and not isinstance(clip, ImageClip):
            of_source.setdefault(id(clip.source), []).append(clip)
    return list(of_source.values())


def with_steps(clips: Sequence[Clip], step: int | Literal["auto"]) -> list[Clip]:
    """Every so many-th image of own footage; of a data set's images, whose rate is its own, all."""
    thinned: dict[Clip, Clip] = {}
    for drive in drives(clips):
        chosen = choose_step(drive).step if step == "auto" else step
        for clip in drive:
            thinned[clip] = clip.every(chosen)
            thinned[clip].watches_motion = step == "auto"
    return [thinned.get(clip, clip) for clip in clips]


def told_footage(clips: Sequence[Clip]) -> str:
    """Such as ``own footage: every 3rd image of 1 drive; masks leave out 5.0 % of the image``, or nothing."""
    steps = Counter(max(clip.step for clip in drive) for drive in drives(clips))
    parts = [f"{every(step)} of {count} drive{'s' * (count > 1)}" for step, count in sorted(steps.items())]
    masks = [clip.ego_mask for drive in drives(clips) for clip in drive[:1]]
    covered = [100 * mask.mean() for mask in masks if mask is not None]
    told = f"; masks leave out {np.mean(covered):.1f} % of the image" if covered else ""
    return f"own footage: {', '.join(parts)}{told}" if parts else ""


def every(step: int) -> str:
    """Such as ``every 3rd image``."""
    return f"every {ordinal(step)} image" if step > 1 else "every image"


def ordinal(number: int) -> str:
    """Such as 3rd."""
    tail = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}"


@dataclass(frozen=True)
class _Series:
    """An image, and those the steps later."""

    first: np.ndarray
    later: list[np.ndarray]
    counted: np.ndarray | None


def _series(clip: OwnClip, index: int, steps: Sequence[int]) -> _Series | None:
    """None if an image cannot be read, which is not told here: preparation skips it or stops."""
    try:
        first, *later = (flow_image(clip.source.image(clip.numbers[index + step])) for step in (0, *steps))
    except UserError:
        return None
    if any(one.shape != first.shape for one in later):
        return None
    own = clip.description.ego_mask
    return _Series(first, later, flow_mask(None if own is None else ~own, first.shape))


def _motions(series: _Series) -> list[float]:
    return [image_motion(series.first, later, series.counted) for later in series.later]


def _lost(series: _Series, which: int) -> float:
    return lost_part(series.first, series.later[which], series.counted)
