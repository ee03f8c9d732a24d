"""Whether a network's depth is fit to simulate weather by: said in one line, before hours are spent.

It is not by the bounds of the label-free check, where that would call it degenerate. Road and sky are looked
for as weather finds them, without a camera, for that is what weather goes by.
"""

import logging
from collections import Counter
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.evaluation.unlabelled.verdict import ALIKE, CONTRAST, SKY, Rule
from acdepth.weather.draws import Draws
from acdepth.weather.fields import to_linear
from acdepth.weather.scene import understand
from acdepth.weather.standing import sky_seen

ENOUGH = 16
"""Frames that are judged together: of one drive, no more of which are looked at, or of several short ones."""
SEEN_AT = (96, 160)
"""Height and width [px] at which frames are looked at."""
CHANGED = 0.9
"""Correlation of brightness up to which two frames show different things."""
LEAST_SKY = 0.05
"""Part of a frame that must be sky before it is asked where that lies."""
LEAST_ROAD = 0.05
"""Part of a frame's lower 40 % that must lie on a plane; cars may hide the most of it."""


class DepthDoubts:
    """Looks at some frames of each drive, and warns once, of the first drive whose depth is odd in most of
    them; by default to the log."""

    def __init__(self, on_warning: Callable[[str], object] | None = None) -> None:
        self._on_warning = on_warning or logging.getLogger("acdepth").warning
        self._said = False
        self._looked_at = Counter[str]()
        self._frames: list[tuple[str, Tensor, Tensor]] = []

    def look(self, drive: str, image: Tensor, depth: Tensor) -> None:
        """Remember a frame (3, H, W) in 0..1 of a drive and its depth (1, H, W) [m]."""
        if self._said or self._looked_at[drive] == ENOUGH:
            return
        self._looked_at[drive] += 1
        small = [F.interpolate(one[None].cpu(), SEEN_AT, mode="area")[0] for one in (image, depth)]
        self._frames.append((drive, small[0], small[1]))
        if len(self._frames) == ENOUGH:
            self.say()

    def say(self) -> None:
        """Warn of what was not judged yet, if there is reason to and none was given."""
        frames, self._frames = self._frames, []
        if not frames or not (reasons := find_doubts([(image, depth) for _, image, depth in frames])):
            return
        self._said = True
        [(drive, _)] = Counter(drive for drive, *_ in frames).most_common(1)
        what = f"the teacher's depth of {drive} looks wrong ({'; '.join(reasons)})"
        remedy = "look at a sheet (acdepth translate check), or give another teacher"
        self._on_warning(f"{what}, and simulated weather goes by it: {remedy}")


def find_doubts(frames: list[tuple[Tensor, Tensor]]) -> list[str]:
    """In words, what is wrong with frames (3, H, W) and their depths (1, H, W) [m]; empty if nothing is."""
    logs = torch.stack([depth.clamp(0.1, 200).log().flatten() for _, depth in frames])
    low, high = logs.quantile(torch.tensor([0.05, 0.95]), 1)
    if _is_no_depth(CONTRAST, float((high - low).exp().median())):
        return ["it is nearly the same everywhere"]
    reasons = []
    if _ignores_pictures(logs, torch.stack([image.mean(0).flatten() for image, _ in frames])):
        reasons.append("it is the same whatever the picture shows")
    skies = [part for image, depth in frames if (part := _nearer_than_sky(image, depth)) is not None]
    if skies and _is_no_depth(SKY, _median(skies)):
        reasons.append("the sky is as near as the rest")
    if _median([_road(depth) for _, depth in frames]) < LEAST_ROAD:
        reasons.append("no level road is below the horizon")
    return reasons


def _is_no_depth(rule: Rule, value: float) -> bool:
    return rule.bounds.finding(value) == "degenerate"


def _ignores_pictures(logs: Tensor, brightness: Tensor) -> bool:
    """Whether depths are alike in all pairs of frames that show different things."""
    different = torch.corrcoef(brightness) < CHANGED
    return bool(different.any()) and _is_no_depth(ALIKE, float(torch.corrcoef(logs)[different].median()))


def _nearer_than_sky(image: Tensor, depth: Tensor) -> float | None:
    """Part of the rest that is; None where there is too little sky."""
    sky = sky_seen(to_linear(image))
    if sky.float().mean() < LEAST_SKY or sky.all():
        return None
    return float((depth[~sky] < depth[sky].median()).float().mean())


def _road(depth: Tensor) -> float:
    """Part of the lower 40 % that lies on the plane of the ground."""
    (scene,) = understand(depth[None], [Draws(make_generator(0), depth.device)])
    ground = scene.ground
    return float((ground[:, int(0.6 * ground.shape[1]) :] > 0.5).float().mean())


def _median(values: list[float]) -> float:
    return float(torch.tensor(values).median())
