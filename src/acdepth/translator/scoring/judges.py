"""Judges of conditions, trained anew on real images each time, and asked about translations.

Two kinds, so that no answer hangs on one architecture: ``net``, a small convolutional network on pixels, as
discriminators are too; and ``prior``, a head on what the frozen prior sees, which is a transformer.
They see no translation while they learn, and no translator was trained to please them.
"""

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Many
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.translator.scoring.controls import build_wrong
from acdepth.translator.scoring.looking import NET, PRIOR, Eye, Views
from acdepth.translator.scoring.pictures import Pictures

NONE = "none"
"""What judges call an image that is of no condition."""
KINDS = (NET, PRIOR)
GROUPS = 8
ASKED_AT_ONCE = 64
WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""
SMALLEST_DEVIATION = 1e-4
SEED_NAME = "judge"
"""Name of their draws; another would change all numbers."""

Real = Mapping[Condition, Pictures]
Judges = Mapping[str, Many[nn.Module]]
"""Trainings of each kind."""


class JudgeSettings(Config):
    """Of the judges; deterministic."""

    trainings: int = Field(default=5, gt=0)
    """Of each kind, on the same images with other draws; with one there are no intervals."""
    steps: int = Field(default=300, gt=0)
    """Batches each is trained on."""
    telling_trainings: int = Field(default=3, gt=0)
    """Of each kind, to tell real from made, for every method and condition; two halves each."""
    telling_steps: int = Field(default=40, gt=0)
    """Batches that each half is learned from."""
    telling_strip: int = Field(default=24, ge=16)
    """Width of the upright strips that ``net`` learns from then [px]: many of few images, and quickly."""
    batch_size: int = Field(default=32, gt=0)
    """Images per batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """Of AdamW at its peak; it rises, then falls to nothing."""
    width: int = Field(default=16, gt=0, multiple_of=8)
    """Channels of the first layer of ``net``."""
    hidden: int = Field(default=64, gt=0)
    """Units of the layer of ``prior``."""
    held_out: int = Field(default=5, ge=2)
    """Every so manieth drive of real footage is not trained on, but tells how often they are right."""


class Lesson(NamedTuple):
    """What judges learn from, a set of views per class: the conditions, then none of these."""

    names: tuple[str, ...]
    classes: tuple[Views, ...]


class ConvNet(nn.Module):
    """Four halvings, the mean over the image, a score per class."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 3 * width, 4 * width)
        self.body = nn.Sequential()
        for before, after in pairwise(channels):
            halving = nn.Conv2d(before, after, 3, stride=2, padding=1)
            self.body.append(nn.Sequential(halving, nn.GroupNorm(GROUPS, after), nn.ReLU()))
        self.head = nn.Linear(channels[-1], classes)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 -> (B, classes)."""
        return self.head(self.body(image * 2 - 1).mean((2, 3)))


class Head(nn.Module):
    """One hidden layer on features, which are first standardised."""

    def __init__(self, mean: Tensor, deviation: Tensor, hidden: int, classes: int) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation
        self.layers = nn.Sequential(nn.Linear(mean.numel(), hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, features: Tensor) -> Tensor:
        """(B, 2, D) -> (B, classes)."""
        return self.layers(((features - self.mean) / self.deviation).flatten(1))


def split_drives(real: Real, every: int) -> tuple[dict[Condition, Pictures], dict[Condition, Pictures]]:
    """Real images to learn from, and those of every so manieth drive, but at least one, to ask about."""
    to_learn, held_out = {}, {}
    for condition, pictures in real.items():
        drives = np.unique(pictures.drives)
        asked = np.isin(pictures.drives, drives[min(every, len(drives)) - 1 :: every])
        to_learn[condition] = pictures[np.flatnonzero(~asked)]
        held_out[condition] = pictures[np.flatnonzero(asked)]
    return to_learn, held_out


def write_lesson(real: Real, eye: Eye, seed: int) -> Lesson:
    """The classes of real images, and wrong images made of them."""
    generator = make_generator(seed, SEED_NAME, "wrong")
    wrong = [eye.views(pictures) for pictures in build_wrong(real, generator)]
    of_wrong = {kind: torch.cat([views[kind] for views in wrong]) for kind in KINDS}
    return Lesson((*real, NONE), (*map(eye.views, real.values()), of_wrong))


def train_judges(
    lesson: Lesson, settings: JudgeSettings, seed: int, on_step: Callable[[], object] = lambda: None
) -> Judges:
    """All trainings of both kinds; ``on_step`` is called after each."""
    judges: dict[str, list[nn.Module]] = {kind: [] for kind in KINDS}
    for kind, trained in judges.items():
        pools = [views[kind] for views in lesson.classes]
        for number in range(settings.trainings):
            trained.append(train_judge(pools, settings, settings.steps, derive_seed(seed, kind, number)))
            on_step()
    return judges


def train_judge(
    pools: Many[Tensor], settings: JudgeSettings, steps: int, seed: int, strip: int | None = None
) -> nn.Module:
    """Train on the CPU, where a seed always gives the same network.

    Classes, a pool each, of images (N, 3, H, W) or of features (N, 2, D), are drawn equally often, however
    many members they have. Images are mirrored at random; of each, an upright strip of ``strip`` pixels
    anywhere is learned from, or all of it.
    """
    judge = _build(pools, settings, derive_seed(seed, SEED_NAME, "weights"))
    peak = settings.learning_rate
    optimiser = torch.optim.AdamW(judge.parameters(), lr=peak)
    schedule = OneCycleLR(optimiser, peak, total_steps=steps + 1, pct_start=WARM_UP)
    for step in range(steps):
        generator = make_generator(seed, SEED_NAME, step)
        member, label = _draw_batch(pools, settings.batch_size, strip, generator)
        loss = F.cross_entropy(judge(member), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return judge.eval()


@torch.no_grad()
def ask(judge: nn.Module, views: Tensor) -> np.ndarray:
    """(N,) number of the class that it takes each for."""
    return torch.cat([judge(some).argmax(1) for some in views.split(ASKED_AT_ONCE)]).numpy()


def _build(pools: Many[Tensor], settings: JudgeSettings, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if _are_images(pools[0]):
            return ConvNet(settings.width, len(pools))
        mean = torch.stack([pool.mean(0) for pool in pools]).mean(0)
        square = torch.stack([(pool - mean).square().mean(0) for pool in pools]).mean(0)
        return Head(mean, square.sqrt().clamp(min=SMALLEST_DEVIATION), settings.hidden, len(pools))


def _draw_batch(
    pools: Many[Tensor], size: int, strip: int | None, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Members, images mirrored at random and cut, with the number of their pool."""
    labels = torch.randint(len(pools), (size,), generator=generator)
    places = torch.rand(size, generator=generator).tolist()
    chosen = zip([pools[label] for label in labels.tolist()], places, strict=True)
    members = torch.stack([pool[int(place * len(pool))] for pool, place in chosen])
    if _are_images(members):
        mirrored = torch.rand(size, 1, 1, 1, generator=generator) < 0.5
        members = torch.where(mirrored, members.flip(-1), members)
        if strip is not None and strip < members.shape[-1]:
            starts = torch.randint(members.shape[-1] - strip + 1, (size,), generator=generator).tolist()
            cut = [one[..., start : start + strip] for one, start in zip(members, starts, strict=True)]
            members = torch.stack(cut)
    return members, labels


def _are_images(views: Tensor) -> bool:
    return views.ndim == 4
