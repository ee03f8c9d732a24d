"""Batches of streets seen through many cameras, and of photographs beside them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import cv2
import numpy as np
import torch
from torch import Tensor

from acdepth.core.batches import Tensors
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.resize import at_most_wide
from acdepth.core.seeding import derive_seed
from acdepth.data.settings import StreetSettings
from acdepth.data.streets.beside import set_beside
from acdepth.data.streets.light import in_other_sun
from acdepth.data.streets.looks import change_looks
from acdepth.data.streets.patterns import draw_patterns
from acdepth.data.streets.road import find_road, repave
from acdepth.networks.settings import STRIDE

SKY = np.inf
"""How far what has no depth is [m]."""
HILLS = 0.11
"""How high painted hills and far woods rise above what has depth [rad]. Nothing is learnt of them: a network
that learns that they are infinitely far says so of real trees beside a road."""
WIDEST = 640
"""Of photographs in memory [px]."""
CLOSEST = 1.4
"""How far windows of photographs are zoomed at most."""


@dataclass(frozen=True)
class StreetBatch(Tensors):
    """Streets with their depth, and photographs as taken and with other looks."""

    image: Tensor
    """(B, 3, H, W) float in 0..1, with other looks."""
    depth: Tensor
    """(B, 1, H, W) [m], as if the image had the canonical focal length; infinite for the sky, NaN where
    nothing is learnt."""
    taken: Tensor
    """(P, 3, H, W) float in 0..1."""
    changed: Tensor
    """(P, 3, H, W) float in 0..1: the same with other looks, pixel on pixel."""


class _Street(NamedTuple):
    image: np.ndarray  # (H, W, 3) uint8
    depth: np.ndarray  # (H, W) float16 [m]
    focal: float  # px


class StreetBatches:
    """Batches, each a pure function of (seed, step); all images of one have one size.

    Args:
        clips: with measured depth and camera, sides multiples of 32.
        photographs: footage without depth, in groups that are drawn equally often.
        settings: what is drawn.
        focal: the canonical focal length [px]: an image of twice that shows its street at half the depth.
        batch_size: streets per batch.
        seed: of every draw.
        rank: of this process.
        world_size: number of processes.

    Raises:
        UserError: if a street has no depth or no camera, or there is none.
    """

    def __init__(
        self,
        clips: Iterable[Clip],
        photographs: Sequence[Sequence[Clip]],
        settings: StreetSettings,
        focal: float,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        del world_size  # each row is drawn by itself
        self.settings, self.focal, self.seed = settings, focal, seed
        self.own = range(rank * batch_size, (rank + 1) * batch_size)
        self.photographs_drawn = settings.photographs if photographs else 0
        self.own_photographs = range(rank * self.photographs_drawn, (rank + 1) * self.photographs_drawn)
        self.patterns = draw_patterns(seed)
        self.streets: dict[tuple[int, int], dict[Condition, list[_Street]]] = defaultdict(
            lambda: defaultdict(list)
        )
        """By size and condition."""
        left_out: set[tuple[int, ...]] = set()
        for clip in clips:
            for index in clip.targets():
                street = _read(clip, index, settings.shrunk)
                if any(side % STRIDE for side in street.depth.shape):
                    left_out.add(street.depth.shape)
                    continue
                self.streets[street.depth.shape][clip.condition].append(street)
        if not self.streets:
            _refuse_none(left_out, settings.shrunk)
        self.sizes = sorted(self.streets)
        counts = np.array([sum(map(len, self.streets[size].values())) for size in self.sizes])
        self.shares = counts / counts.sum()
        self.photographs = [
            [at_most_wide(clip.image(i), WIDEST) for clip in group for i in clip.targets()]
            for group in photographs
        ]

    def batch(self, step: int) -> StreetBatch:
        """The batch of one step: this process's rows of what all draw alike."""
        size = self.sizes[self._dice(step, "size").choice(len(self.sizes), p=self.shares)]
        streets = [self._street(size, self._dice(step, row)) for row in self.own]
        pairs = [self._photograph(size, self._dice(step, "photograph", row)) for row in self.own_photographs]
        shown = np.stack(pairs, 1) if pairs else np.zeros((2, 0, *size, 3), np.uint8)
        return StreetBatch(
            _as_floats(np.stack([image for image, _ in streets])),
            torch.from_numpy(np.stack([depth for _, depth in streets]))[:, None],
            *map(_as_floats, shown),
        )

    def _dice(self, step: int, *names: str | int) -> np.random.Generator:
        return np.random.default_rng(derive_seed(self.seed, "streets", step, *names))

    def _street(self, size: tuple[int, int], dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        condition = self._condition(list(self.streets[size]), dice)
        some = self.streets[size][condition]
        image, stored, focal = some[dice.integers(len(some))]
        depth = stored.astype(np.float32)
        if dice.random() < self.settings.zoomed:
            road = find_road(depth, focal, dice)
            horizon = road.horizon(focal) if road else 0.0
            image, depth, zoom = _window(image, depth, horizon, dice, self.settings)
            focal *= zoom
        if dice.random() < 0.5:
            image, depth = image[:, ::-1], depth[:, ::-1]
        image, depth = np.ascontiguousarray(image), np.ascontiguousarray(depth)
        if condition == Condition.CLEAR:
            image, depth = self._rebuilt(image, depth, focal, dice)
        changed = change_looks(image, dice, self._any_photograph(dice))
        return changed, depth * np.float32(self.focal / focal)

    def _condition(self, there: list[Condition], dice: np.random.Generator) -> Condition:
        """Clear or any of the others, these equally often."""
        adverse = [one for one in there if one != Condition.CLEAR]
        if adverse and (len(adverse) == len(there) or dice.random() < self.settings.adverse):
            return adverse[dice.integers(len(adverse))]
        return Condition.CLEAR

    def _rebuilt(
        self, image: np.ndarray, depth: np.ndarray, focal: float, dice: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        settings, patterns = self.settings, self.patterns
        road = find_road(depth, focal, dice)
        if road and dice.random() < settings.repaved:
            image = repave(image, depth, road, dice, patterns)
        if road and dice.random() < settings.beside:
            image, depth = set_beside(image, depth, road, dice, patterns)
        return in_other_sun(image, depth, dice, patterns, new_sky=dice.random() < settings.new_sky)

    def _any_photograph(self, dice: np.random.Generator) -> np.ndarray | None:
        if not self.photographs:
            return None
        group = self.photographs[dice.integers(len(self.photographs))]
        return group[dice.integers(len(group))]

    def _photograph(self, size: tuple[int, int], dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        whole = self._any_photograph(dice)
        assert whole is not None
        taken = _cut(whole, size, dice)
        if dice.random() < 0.5:
            taken = np.ascontiguousarray(taken[:, ::-1])
        return taken, change_looks(taken, dice, self._any_photograph(dice))


def _refuse_none(left_out: Iterable[tuple[int, ...]], shrunk: int) -> NoReturn:
    """Raise `UserError` where no street is left, because there is none or all sides are odd once shrunk."""
    if not left_out:
        raise UserError(None, "no frame with measured depth", "make some with acdepth world make")
    sizes = ", ".join(f"{height}x{width}" for height, width in sorted(left_out))
    what = f"makes all streets of sizes that no network takes ({sizes})"
    raise UserError(f"streets.shrunk = {shrunk}", what, f"sides must then be multiples of {STRIDE}")


def _read(clip: Clip, index: int, shrunk: int) -> _Street:
    depth = clip.depth(index)
    if depth is None or clip.camera is None:
        lacks = "measured depth" if depth is None else "a camera"
        remedy = "give drives as acdepth world make writes them; footage without depth is for --photographs"
        raise UserError(clip.key(index), f"has no {lacks} to learn from", remedy)
    if depth.shape[0] % STRIDE or depth.shape[1] % STRIDE:
        told = f"{depth.shape[0]}x{depth.shape[1]} pixels"
        raise UserError(clip.key(index), told, f"both sides must be multiples of {STRIDE}")
    focal = (clip.camera.fx * clip.camera.fy) ** 0.5
    known = np.where(depth > 0, depth, SKY).astype(np.float16)
    rows = round(HILLS * focal)
    # The kernel lies below its pixel: whether anything there has depth.
    reached = cv2.dilate((depth > 0).astype(np.uint8), np.ones((rows + 1, 1), np.uint8), anchor=(0, 0))
    known[(depth <= 0) & (reached > 0)] = np.nan
    image = clip.image(index)
    if shrunk > 1:
        height, width = (side // shrunk for side in depth.shape)
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        middle = slice(shrunk // 2, None, shrunk)
        known, focal = known[middle, middle][:height, :width], focal / shrunk
    return _Street(image, known, focal)


def _window(
    image: np.ndarray, depth: np.ndarray, horizon: float, dice: np.random.Generator, settings: StreetSettings
) -> tuple[np.ndarray, np.ndarray, float]:
    """A window, a little turned, at the size of the whole; and how much longer its lens is.

    Its horizon, [px] below the middle before, comes near the middle, where most cameras have it.

    What is painted into it later takes its middle for the camera's axis, which the window has moved. That is
    good enough: inverse depth of a plane is linear in the pixels wherever the axis is, so that the road is
    found in it exactly, as of a camera that nods; what is set on that stands and runs some degrees askew, no
    more than things beside real roads do.
    """
    height, width = depth.shape
    zoom, turn = dice.uniform(1, settings.most_zoom), dice.normal(0, 1)  # degrees
    right, reach = dice.uniform(-0.5, 0.5) * width * (1 - 1 / zoom), 0.5 * height * (1 - 1 / zoom)
    down = np.clip(horizon - dice.normal(0, settings.horizon_spread) * height / zoom, -reach, reach)
    matrix = cv2.getRotationMatrix2D((width / 2 + right, height / 2 + down), turn, zoom)
    matrix[:, 2] -= right, down
    size, border = (width, height), cv2.BORDER_REFLECT
    seen = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return seen, cv2.warpAffine(depth, matrix, size, flags=cv2.INTER_NEAREST, borderMode=border), zoom


def _cut(image: np.ndarray, size: tuple[int, int], dice: np.random.Generator) -> np.ndarray:
    """A window of the wanted aspect, anywhere in a photograph."""
    scale = min(image.shape[0] / size[0], image.shape[1] / size[1]) / dice.uniform(1, CLOSEST)
    height, width = int(size[0] * scale), int(size[1] * scale)
    top, left = (int(dice.integers(spare + 1)) for spare in (image.shape[0] - height, image.shape[1] - width))
    flags = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return cv2.resize(image[top : top + height, left : left + width], size[::-1], interpolation=flags)


def _as_floats(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255
