"""Classifiers of conditions: small networks that learn real images and are asked about translations.

No discriminators: they see no translation while they learn, and no translator was trained to please them.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Many
from itertools import pairwise

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.translator.scoring.colours import jitter
from acdepth.translator.scoring.pictures import Pictures

GROUPS = 8
ASKED_AT_ONCE = 64
WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""

SEED_NAME = "judge"
"""Name of their draws; another would change all numbers."""

Real = Mapping[Condition, Pictures]


class ClassifierSettings(Config):
    """Of the networks, trained anew on real images each time; deterministic."""

    networks: int = Field(default=3, gt=0)
    """That learn from the same images with other draws and are averaged: on the built-in world the share
    that one alone calls rain differs by 20 points between seeds."""
    steps: int = Field(default=400, gt=0)
    """Batches each is trained on."""
    batch_size: int = Field(default=32, gt=0)
    """Images per batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """Of AdamW at its peak; it rises, then falls to nothing."""
    side: int = Field(default=48, ge=16)
    """Shorter side of the images they see [px]. Small, so that the scene counts and not a file format."""
    width: int = Field(default=32, gt=0, multiple_of=8)
    """Channels of the first layer."""
    held_out: int = Field(default=5, ge=2)
    """Every so manieth drive of real footage is not trained on, but tells how often they are right."""


class ConditionNet(nn.Module):
    """Four halvings, the mean over the image, a score per condition."""

    def __init__(self, width: int, conditions: int) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 3 * width, 4 * width)
        self.body = nn.Sequential()
        for before, after in pairwise(channels):
            halving = nn.Conv2d(before, after, 3, stride=2, padding=1)
            self.body.append(nn.Sequential(halving, nn.GroupNorm(GROUPS, after), nn.ReLU()))
        self.head = nn.Linear(channels[-1], conditions)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 -> (B, conditions)."""
        return self.head(self.body(image * 2 - 1).mean((2, 3)))


class Classifier:
    """A trained network and the conditions it tells apart."""

    def __init__(self, network: ConditionNet, conditions: tuple[Condition, ...], side: int) -> None:
        self.network, self.conditions, self.side = network.eval(), conditions, side

    @torch.no_grad()
    def calls(self, pictures: Pictures, condition: Condition) -> np.ndarray:
        """(N,) 1 where it takes an image for ``condition``, else 0."""
        named = [self.network(image).argmax(1) for image in _shrunk(pictures, self.side)]
        return (torch.cat(named) == self.conditions.index(condition)).double().numpy()


def part_calling(classifiers: Many[Classifier], pictures: Pictures, condition: Condition) -> np.ndarray:
    """(N,) part of the classifiers that take an image for ``condition``."""
    return np.mean([one.calls(pictures, condition) for one in classifiers], axis=0)


def split_drives(real: Real, every: int) -> tuple[dict[Condition, Pictures], dict[Condition, Pictures]]:
    """Real images to learn from, and those of every so manieth drive, but at least one, to ask about."""
    to_learn, held_out = {}, {}
    for condition, pictures in real.items():
        drives = np.unique(pictures.drives)
        asked = np.isin(pictures.drives, drives[min(every, len(drives)) - 1 :: every])
        to_learn[condition] = pictures[np.flatnonzero(~asked)]
        held_out[condition] = pictures[np.flatnonzero(asked)]
    return to_learn, held_out


def train_classifier(
    real: Real,
    settings: ClassifierSettings,
    seed: int,
    jittered: bool,
    on_step: Callable[[], object] | None = None,
) -> Classifier:
    """Train on the CPU, where a seed always gives the same network.

    Conditions are drawn equally often, however many images they have. ``jittered`` turns colours and light
    away at random: without it, the colours alone give a condition away, and so does any translation that gets
    the colours right. ``on_step`` is called after each batch.
    """
    conditions, peak = tuple(real), settings.learning_rate
    pools = [torch.cat(list(_shrunk(pictures, settings.side))) for pictures in real.values()]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, SEED_NAME, "weights"))
        network = ConditionNet(settings.width, len(conditions))
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak)
    schedule = OneCycleLR(optimiser, peak, total_steps=settings.steps + 1, pct_start=WARM_UP)
    for step in range(settings.steps):
        generator = make_generator(seed, SEED_NAME, step)
        image, label = _draw_batch(pools, settings.batch_size, generator)
        loss = F.cross_entropy(network(jitter(image, generator) if jittered else image), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if on_step:
            on_step()
    return Classifier(network, conditions, settings.side)


def _shrunk(pictures: Pictures, side: int) -> Iterator[Tensor]:
    """Batches (B, 3, H, W) with the shorter side ``side`` [px]; averaging, so that nothing flickers."""
    for image in pictures.batches(ASKED_AT_ONCE):
        height, width = image.shape[-2:]
        scale = side / min(height, width)
        size = (max(side, round(height * scale)), max(side, round(width * scale)))
        yield F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)


def _draw_batch(pools: list[Tensor], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Images mirrored at random, with the number of their pool."""
    labels = torch.randint(len(pools), (size,), generator=generator)
    places = torch.rand(size, generator=generator).tolist()
    chosen = zip([pools[label] for label in labels.tolist()], places, strict=True)
    images = torch.stack([pool[int(place * len(pool))] for pool, place in chosen])
    mirrored = torch.rand(size, 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored, images.flip(-1), images), labels
